"""Ports on loopback for servers that cannot take port 0, or that must come back on the one they had."""

import contextlib
import random
import socket

#: Below the range that Linux gives to outgoing connections: a server that is restarted finds its port free.
_RANGE = range(20_000, 32_000)


def free_ports(count: int) -> list[int]:
    """So many ports on which nothing listens."""
    with contextlib.ExitStack() as held:
        return [_hold(held) for _ in range(count)]


def _hold(held: contextlib.ExitStack) -> int:
    while True:
        port = random.choice(_RANGE)
        candidate = held.enter_context(socket.socket())
        with contextlib.suppress(OSError):
            candidate.bind(("127.0.0.1", port))
            return port
