"""One Service Bus namespace as one login sees it, and what is read there: the values by which readings are grouped."""

from typing import Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import SecretStr

from scalers.identity import Identity
from scalers.strict import Strict

__all__ = ["Connection", "Operation", "Queue"]

Operation = Literal["sum", "max", "avg"]

_HTTPS: Final = 443


class Connection(Strict):
    """How to reach a namespace's management API, which is always HTTPS."""

    host: str
    port: int = _HTTPS
    key_name: str = ""
    key: SecretStr = SecretStr("")
    signature: SecretStr = SecretStr("")
    """A signature that somebody made with a key, instead of the key."""
    identity: Identity | None = None
    """Whose token to show instead of either."""

    @classmethod
    def from_string(cls, text: str) -> Self:
        """Of a connection string, whatever it lacks. An EntityPath in it is left out: the trigger names the entity."""
        parts = (part.partition("=") for part in text.split(";"))
        said = {name.strip().lower(): value.strip() for name, _, value in parts}
        host, port = _endpoint(said.get("endpoint", ""))
        return cls(
            host=host,
            port=port,
            key_name=said.get("sharedaccesskeyname", ""),
            key=SecretStr(said.get("sharedaccesskey", "")),
            signature=SecretStr(said.get("sharedaccesssignature", "")),
        )

    @property
    def place(self) -> str:
        """Host and port as in a URL."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def authority(self) -> str:
        """The same without the port that HTTPS has anyway."""
        return self.place.removesuffix(f":{_HTTPS}") if self.port == _HTTPS else self.place

    def fault(self) -> str | None:
        """Why this can never be reached. KEDA takes such a connection as valid too and fails when it reads."""
        if not self.host:
            return "connection must hold Endpoint=sb://NAMESPACE.servicebus.windows.net/"
        keyed = [bool(self.key_name), bool(self.key.get_secret_value())]
        signed = bool(self.signature.get_secret_value())
        if self.identity or (signed and not any(keyed)) or (all(keyed) and not signed):
            return None
        return "connection must hold SharedAccessKeyName and SharedAccessKey, or else SharedAccessSignature"


class Queue(Strict):
    """What to read: one queue or one subscription, or all that a pattern matches."""

    name: str
    topic: str = ""
    """The topic of a subscription; a queue has none."""
    pattern: bool = False
    """Whether the name is a regular expression that whole names must match."""
    operation: Operation = "sum"

    def __str__(self) -> str:
        kind = "subscription" if self.topic else "queue"
        what = f"{kind}s that match" if self.pattern else kind
        return f"{what} {self.name!r}{f' of topic {self.topic!r}' if self.topic else ''}"


def _endpoint(url: str) -> tuple[str, int]:
    try:
        parts = urlsplit(url)
        if parts.username is not None or not (parts.hostname or "").isascii():
            return "", _HTTPS
        return parts.hostname or "", parts.port or _HTTPS
    except ValueError:
        return "", _HTTPS
