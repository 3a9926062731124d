"""An address of this machine that is not loopback: to that alone the API server passes requests on."""

import ipaddress
import socket
import subprocess

import psutil

#: For documentation (RFC 5737), so nobody's: given to loopback's interface where the machine has no other.
_SPARE = "198.51.100.1"


def outside_address() -> str:
    """One of the machine's own, or on a machine with loopback alone a new one (as root)."""
    found = [each.address for of in psutil.net_if_addrs().values() for each in of if each.family == socket.AF_INET]
    usable = [address for address in found if _is_usable(address)]
    if usable:
        return usable[0]
    added = subprocess.run(["ip", "address", "add", f"{_SPARE}/32", "dev", "lo"], capture_output=True, text=True)
    assert added.returncode == 0, (
        f"this machine has no address but loopback, and none can be added ({added.stderr.strip()}): "
        f"as root, ip address add {_SPARE}/32 dev lo"
    )
    return _SPARE


def _is_usable(address: str) -> bool:
    parsed = ipaddress.ip_address(address)
    return not (parsed.is_loopback or parsed.is_link_local)
