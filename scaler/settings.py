"""The process' own settings: flags and SCALER_* variables, parsed before anything starts, said once in the log."""

import ipaddress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from scaler.resource import DEPLOYMENTS, Resource

#: Shards with `auto`: enough for four or five members, few enough to renew them all the time. And at most.
AUTO, MOST_SHARDS = 16, 64

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True)
class Address:
    """Where to listen."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> "Address":
        """`HOST:PORT`, `[V6]:PORT` or `:PORT` for every interface. Raises ValueError that says so."""
        host, colon, port = text.rpartition(":")
        if not colon or not port.isdigit() or not 0 <= int(port) <= 65535:
            raise ValueError(f"{text!r} is no address: write HOST:PORT or :PORT with a port from 0 to 65535")
        return cls(host.strip("[]") or "0.0.0.0", int(port))

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True)
class Settings:
    """Everything that `scaler run` can be told. Times in seconds.

    `watch_namespace` None is the whole cluster. `scaler_namespace` None is the pod's own, or the context's; shared
    credentials are kept there. `identities` is the file of grants, below `file_root` are the files of each namespace;
    without them rules have none. `allowed` are networks and host suffixes that rules may reach besides
    the public and cluster addresses. `webhook_address` None is no webhook; `webhook_certificates` is the folder of its
    tls.crt and tls.key. `shards` 0 is no Lease at all; `identity` None is the pod's name.
    """

    kubeconfig: Path | None = None
    context: str | None = None
    watch_namespace: str | None = None
    kinds: tuple[Resource, ...] = (DEPLOYMENTS,)
    scaler_namespace: str | None = None
    identities: Path | None = None
    file_root: Path | None = None
    metrics_address: Address = Address("0.0.0.0", 8080)
    page_address: Address = Address("127.0.0.1", 8081)
    webhook_address: Address | None = None
    webhook_certificates: Path | None = None
    allowed: tuple[Network | str, ...] = ()
    shards: int = 1
    lease_duration: float = 15.0
    identity: str | None = None
    read_timeout: float = 5.0
    let_go_after: float = 60.0
    writes_in_flight: int = 32
    log_format: str = "text"

    def shown(self) -> dict[str, str]:
        """What the log says at the start."""
        return {name: _shown(value) for name, value in vars(self).items() if value not in (None, ())}


def _shown(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def shards(text: str) -> int:
    """A `--shards`: a number, `auto` or `none`. Raises ValueError."""
    words = {"auto": AUTO, "none": 0}
    if text in words:
        return words[text]
    if not text.isdigit() or not 1 <= int(text) <= MOST_SHARDS:
        raise ValueError(f"{text!r} is no number of shards: write 1 to {MOST_SHARDS}, auto or none")
    return int(text)


def destination(text: str) -> Network | str:
    """An `--allow-destination`: a CIDR or address, or a host suffix such as `.svc.cluster.local`. Raises ValueError."""
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        pass
    suffix = text.lower().rstrip(".")
    if not suffix.strip(".") or any(not (char.isalnum() or char in "-._") for char in suffix) or suffix[-1].isdigit():
        raise ValueError(f"{text!r} is neither a network such as 10.0.0.0/8 nor a host suffix such as .example.com")
    return suffix
