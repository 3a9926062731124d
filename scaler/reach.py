"""Where the running scalers are: the holders of their Leases, each asked with the rights of whoever types.

A Lease is believed only so far. What it names is asked through the API server, by pod and port, or on this very machine
without any credentials: no Lease makes anybody send a token elsewhere.
"""

import asyncio
import contextlib
import ipaddress
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple

from scaler.kube import Kube, KubeError, Object
from scaler.lease import URL
from scaler.resource import LEASES
from scaler.server import BUSY, PROGRAM, Scalers, Server, Told, Unreachable, ask
from scaler.settings import Address
from scaler.shard import SHARD

#: Where the manifests put the scaler.
HOME: Final = "scalerule-system"

_LIST: Final = "{apiGroups: [coordination.k8s.io], resources: [leases], verbs: [list]}"
_PROXY: Final = '{apiGroups: [""], resources: [pods/proxy], verbs: [get]}'
#: Behind the others of its scalers by so much, a Lease is of a number of shards that is no more.
_LEFT_BEHIND: Final = timedelta(minutes=10)
_NEVER: Final = "1970-01-01T00:00:00Z"


class Holder(NamedTuple):
    """Who holds a Lease, and the URL that it gives."""

    identity: str
    url: str


class Way(NamedTuple):
    """How a person says where the scalers are: `server` is a URL, `home` their namespace."""

    kubeconfig: Path | None = None
    context: str | None = None
    server: str | None = None
    home: str | None = None

    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncIterator[tuple[Scalers, Kube | None]]:
        """And the cluster, which nobody needs who names a server. Raises KubeError."""
        if self.server:
            yield Server(self.server), None
            return
        kube = await Kube.connect(self.kubeconfig, self.context)
        try:
            yield Leases(kube, self.home), kube
        finally:
            await kube.close()


@dataclass(frozen=True)
class Leases:
    """The scalers that hold Leases in a namespace: in `home`, else in the manifests' or the context's own."""

    kube: Kube
    home: str | None = None

    async def ask(self, path: str) -> Told:
        """Every holder, side by side. Raises KubeError where the API server does not answer."""
        forbidden, empty, free = list[str](), list[str](), list[str]()
        for home in [self.home] if self.home else dict.fromkeys((HOME, self.kube.namespace)):
            try:
                held = await self._held(home)
            except KubeError as error:
                if error.status != 403:
                    raise
                forbidden.append(home)
                continue
            if any(held.values()):
                return await self._ask(home, held, path)
            free += _free(home, held)
            empty += [] if held else [home]
        return Told([], list(_nobody(forbidden, empty, free)))

    async def _held(self, home: str) -> dict[str, Holder | None]:
        """Who has each Lease."""
        leases = await self.kube.list_labelled(LEASES, home, SHARD)
        return {lease["metadata"]["name"]: _holder(lease) for lease in _current(leases)}

    async def _ask(self, home: str, held: Mapping[str, Holder | None], path: str) -> Told:
        asked = (self._ask_one(home, holder, path) for holder in sorted({each for each in held.values() if each}))
        said = await asyncio.gather(*asked, return_exceptions=True)
        answers, silent = list[Any](), dict.fromkeys(_free(home, held))
        for each in said:
            if isinstance(each, Unreachable):
                silent[str(each)] = None
            elif isinstance(each, BaseException):
                raise each
            else:
                answers.append(each)
        if await self._held(home) != held:
            silent["rules were going from one scaler to another meanwhile; try again in a moment"] = None
        return Told(answers, list(silent))

    async def _ask_one(self, home: str, holder: Holder, path: str) -> Any:
        try:
            address = Address.parse(holder.url.removeprefix("http://"))
        except ValueError as error:
            raise Unreachable(f"the Lease of {holder.identity} gives no URL") from error
        if _is_loopback(address.host):
            return await _ask_here(holder, address, path)
        try:
            return await self.kube.ask_pod(home, holder.identity, address.port, path, PROGRAM)
        except KubeError as error:
            raise Unreachable(_why(error, home, holder, address.port)) from error


async def _ask_here(holder: Holder, address: Address, path: str) -> Any:
    """It shows its page to its own machine alone: that may be this one."""
    try:
        return await ask(f"http://{address}", path, holder.identity)
    except Unreachable as error:
        raise Unreachable(
            f"{holder.identity} shows its rules to its own machine alone, and here {error} "
            f"(in a cluster it is to be started with --page-address=:{address.port})"
        ) from error


def _why(error: KubeError, home: str, holder: Holder, port: int) -> str:
    """Why a pod did not answer through the API server, and the cure."""
    if error.status == 403 and error.own:
        return _forbidden("get pods/proxy", home, _PROXY)
    if error.status == 404:
        return (
            f"{holder.identity} has a Lease and is no pod of namespace {home}: it has ended and is replaced soon, or "
            f"it runs outside of the cluster (--server=http://ITS-HOST:{port})"
        )
    if error.status == 503 and not error.own:
        return f"{holder.identity} {BUSY}"
    return (
        f"{holder.identity} does not answer: {error} (is it started with --page-address=:{port}, and does every "
        "NetworkPolicy let the API server in?)"
    )


def _nobody(forbidden: Sequence[str], empty: Sequence[str], free: Sequence[str]) -> Iterator[str]:
    """Why no Lease tells of a scaler, and the cure."""
    if forbidden:
        yield _forbidden("list Leases", " or ".join(forbidden), _LIST)
    if empty:
        yield f"no scaler has a Lease in namespace {' or '.join(empty)}"
    yield from free
    yield "is one running? --scaler-namespace names its namespace, --server its URL"


def _forbidden(what: str, home: str, rule: str) -> str:
    return f"you may not {what} in namespace {home}; the rule to ask for in a Role there: {rule}"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _current(leases: Iterable[Object]) -> list[Object]:
    """Without those that nobody wants any more since there are fewer shards; by the holders' own clocks."""
    scopes = dict[str, list[Object]]()
    for lease in leases:
        scopes.setdefault(lease["metadata"]["labels"][SHARD], []).append(lease)
    return [
        lease
        for scope in scopes.values()
        for newest in [max(map(_renewed, scope))]
        for lease in scope
        if _renewed(lease) >= newest - _LEFT_BEHIND
    ]


def _renewed(lease: Object) -> datetime:
    return datetime.fromisoformat(lease["spec"].get("renewTime") or _NEVER)


def _holder(lease: Object) -> Holder | None:
    identity = lease["spec"].get("holderIdentity")
    return Holder(identity, (lease["metadata"].get("annotations") or {}).get(URL, "")) if identity else None


def _free(home: str, held: Mapping[str, Holder | None]) -> list[str]:
    names = ", ".join(name for name, holder in held.items() if holder is None)
    return [f"nobody holds {names} in namespace {home} at this moment"] if names else []
