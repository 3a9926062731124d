"""Reads the parameter `address`: the host and the port where a KubeMQ takes gRPC."""

import ipaddress
import re
from typing import Final, NamedTuple

__all__ = ["Address", "is_host"]

_HOST: Final = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9_.])?")
_PORT: Final = re.compile(r"[1-9][0-9]{0,4}")
_LARGEST_PORT: Final = 65535


class Address(NamedTuple):
    """An IPv6 host is without its brackets."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> "Address":
        """Raises ValueError."""
        host, _, port = text.rpartition(":")
        bracketed = host.startswith("[") and host.endswith("]")
        if not (_is_ipv6(host[1:-1]) if bracketed else is_host(host)):
            raise ValueError("must be host:port, as in kubemq.shop.svc:50000, an IPv6 address in brackets")
        if not _PORT.fullmatch(port) or int(port) > _LARGEST_PORT:
            raise ValueError(f"must end in a port from 1 to {_LARGEST_PORT}")
        return cls((host[1:-1] if bracketed else host).lower(), int(port))


def is_host(text: str) -> bool:
    """Whether this may be the name of a host, or its IPv4 address."""
    return _HOST.fullmatch(text) is not None


def _is_ipv6(text: str) -> bool:
    try:
        # A zone belongs to one machine's links, and to no certificate.
        return ipaddress.IPv6Address(text).scope_id is None
    except ValueError:
        return False
