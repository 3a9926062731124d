"""Which addresses a rule may reach: whoever writes a rule is not trusted with the scaler's network position.

The address that was checked is the one that is dialled, so that a name cannot answer twice.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Collection
from typing import Final, TypeAlias

from scaler.settings import Address, Network
from scalers import ScalerError

Resolve: TypeAlias = Callable[[str, int], Awaitable[str]]
_IP: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

#: What clouds tell their machines at addresses that are not link-local: AWS (metadata, pod identities), Alibaba, Azure,
#: Oracle, Google, Scaleway.
_METADATA: Final = frozenset(
    map(
        ipaddress.ip_address,
        (
            "fd00:ec2::254",
            "fd00:ec2::23",
            "100.100.100.200",
            "168.63.129.16",
            "192.0.0.192",
            "fd20:ce::254",
            "fd00:42::42",
        ),
    )
)
#: Networks of IPv6 whose last 32 bits are an address of IPv4: NAT64 (RFC 6052, 8215), translated, compatible.
_TRANSLATED: Final = tuple(map(ipaddress.IPv6Network, ("64:ff9b::/96", "64:ff9b:1::/48", "::ffff:0:0:0/96", "::/96")))


class Destinations:
    """Refuses loopback, link-local and metadata addresses, the API server and our own ports, unless allowed."""

    def __init__(self, allowed: Collection[Network | str], api_server: str | None, own: Collection[Address]) -> None:
        self._networks = [entry for entry in allowed if not isinstance(entry, str)]
        self._suffixes = [entry for entry in allowed if isinstance(entry, str)]
        self._api_server = api_server
        self._own_ports = {address.port for address in own}

    async def resolve(self, host: str, port: int) -> str:
        """The address to dial for a host that a rule names. Raises ScalerError where it may not be reached."""
        addresses = await lookup(host, port)
        forbidden = await lookup(self._api_server, 443) if self._api_server else []
        if port in self._own_ports:
            forbidden += await lookup(socket.gethostname(), port)
        for address in addresses:
            why = self._refused(host, ipaddress.ip_address(address), forbidden)
            if why:
                raise ScalerError(
                    f"{host} is {address}, {why}, which a rule may not reach; the operator can allow it with "
                    f"--allow-destination"
                )
        return addresses[0]

    def _refused(self, host: str, address: _IP, forbidden: list[str]) -> str | None:
        address = _meant(address)
        if any(address in network for network in self._networks if network.version == address.version):
            return None
        if any(_has_suffix(host, suffix) for suffix in self._suffixes):
            return None
        if address.is_loopback:
            return "a loopback address"
        if address.is_link_local or address in _METADATA:
            return "a link-local or metadata address"
        if address.is_unspecified or address.is_multicast:
            return "no address of a host"
        if str(address) in forbidden:
            return "the Kubernetes API server or the scaler itself"
        return None


def _meant(address: _IP) -> _IP:
    """The address of IPv4 to which one of IPv6 leads by mapping, translation or 6to4; else the address itself."""
    if not isinstance(address, ipaddress.IPv6Address) or address.is_loopback or address.is_unspecified:
        return address
    if any(address in network for network in _TRANSLATED):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _has_suffix(host: str, suffix: str) -> bool:
    name = host.lower().rstrip(".")
    return name.endswith(suffix) if suffix.startswith(".") else name == suffix or name.endswith("." + suffix)


async def lookup(host: str, port: int) -> list[str]:
    """Every address of a host, in the resolver's order. Raises ScalerError for an unknown one."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or "no name of a host"
        raise ScalerError(f"cannot find the address of {host}: {why}") from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


async def anywhere(host: str, port: int) -> str:
    """For a person at a command line, who may reach whatever the machine can."""
    return (await lookup(host, port))[0]
