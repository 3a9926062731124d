"""Who we are to the API server, and where it is: a kubeconfig's user outside a cluster, the pod's own account inside.

Both are the official client's to read. It reads a pod's token anew once a minute, but what a kubeconfig names (a token
file, a program that prints one) only once: that is done again here when the API server takes the token no more.
"""

import asyncio
from pathlib import Path

from kubernetes.aio import client, config

_POD = Path("/var/run/secrets/kubernetes.io/serviceaccount")
#: Seconds between two attempts to get a better token than one that was refused.
_RENEWAL = 10.0


class NoAccount(Exception):
    """There is none, or it cannot be read; the message says why."""


class Account:
    """What a session with the API server is opened with. `namespace`: the pod's own, else the context's."""

    def __init__(
        self, configuration: client.Configuration, namespace: str, kubeconfig: Path | None, context: str | None
    ) -> None:
        self.configuration = configuration
        self.namespace = namespace
        self._kubeconfig = kubeconfig
        self._context = context
        self._refused = False
        self._renewed_at = float("-inf")

    @classmethod
    async def find(cls, kubeconfig: Path | None, context: str | None) -> "Account":
        """By kubectl's rules where no kubeconfig is named, unless this is a pod. Raises NoAccount."""
        try:
            configuration = await _configuration(kubeconfig, context)
            inside = _inside(kubeconfig, context)
            namespace = (_POD / "namespace").read_text().strip() if inside else _namespace(kubeconfig, context)
        except Exception as error:
            # A file that is no kubeconfig makes the client raise anything.
            raise NoAccount(_wrong(kubeconfig, error)) from error
        return cls(configuration, namespace, kubeconfig, context)

    def refused(self) -> None:
        """The API server said 401: the token is renewed before it is used again."""
        self._refused = True

    async def authorization(self) -> str | None:
        """The header's value; None where a certificate says it all. Raises NoAccount."""
        try:
            if self._refused:
                await self._renew()
            value: str | None = await self.configuration.get_api_key_with_prefix("BearerToken", alias="authorization")
        except Exception as error:
            raise NoAccount(_wrong(self._kubeconfig, error)) from error
        return value

    async def _renew(self) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._renewed_at < _RENEWAL:
            return
        self._refused, self._renewed_at = False, now
        fresh = await _configuration(self._kubeconfig, self._context)
        # A program that fails leaves the client without a token: anonymous, it would be told 403 and never 401 again.
        if fresh.api_key or not self.configuration.api_key:
            self.configuration = fresh


async def _configuration(kubeconfig: Path | None, context: str | None) -> client.Configuration:
    found = client.Configuration()
    if _inside(kubeconfig, context):
        config.load_incluster_config(client_configuration=found)
    else:
        path = str(kubeconfig) if kubeconfig else None
        await config.load_kube_config(config_file=path, context=context, client_configuration=found)
    return found


def _inside(kubeconfig: Path | None, context: str | None) -> bool:
    return kubeconfig is None and context is None and (_POD / "token").exists()


def _namespace(kubeconfig: Path | None, context: str | None) -> str:
    contexts, active = config.list_kube_config_contexts(config_file=str(kubeconfig) if kubeconfig else None)
    chosen = next((each for each in contexts if each["name"] == context), active)
    return str(chosen["context"].get("namespace") or "default")


def _wrong(kubeconfig: Path | None, error: Exception) -> str:
    if kubeconfig is not None and not kubeconfig.is_file():
        what = "no such file"
    elif isinstance(error, config.ConfigException | OSError):
        what = " ".join(str(error).split())
    else:
        what = f"no kubeconfig ({type(error).__name__})"
    return f"{kubeconfig}: {what}" if kubeconfig else what
