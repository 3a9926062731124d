"""The certificate that the webhook shows: read from files, and again whenever they change."""

import asyncio
import logging
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeAlias

from cryptography.x509 import load_pem_x509_certificate

_log = logging.getLogger("scaler")

#: Seconds between two looks at the files.
_EVERY: Final = 2.0

_State: TypeAlias = tuple[tuple[int, int, int] | None, ...]


class Certificate:
    """`tls.crt` and `tls.key` of a folder, as a mounted Secret has them.

    New connections get the newest pair that is good. Without one every handshake fails; `expires` hears when the one
    that is served ends, in seconds since 1970.
    """

    def __init__(self, folder: Path, expires: Callable[[float], None]) -> None:
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._paths = (folder / "tls.crt", folder / "tls.key")
        self._expires = expires
        self._state: _State | None = None

    def renew(self) -> None:
        """Take what is in the files, if it has changed. What is wrong with it is logged once, and changes nothing."""
        state = tuple(map(_state, self._paths))
        if state == self._state:
            return
        self._state = state
        try:
            # Tried apart, because a pair of which one half is wrong would leave neither the old nor the new one.
            _load(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), *self._paths)
            _load(self.context, *self._paths)
            until = load_pem_x509_certificate(self._paths[0].read_bytes()).not_valid_after_utc
        except (OSError, ValueError) as error:
            why = " ".join(str(error).split())
            _log.warning("no certificate for the webhook", extra={"path": str(self._paths[0].parent), "error": why})
            return
        self._expires(until.timestamp())
        _log.info("certificate of the webhook read", extra={"until": until.isoformat()})

    async def watch(self) -> None:
        """Renew for ever."""
        while True:
            await asyncio.sleep(_EVERY)
            self.renew()


def _load(context: ssl.SSLContext, certificate: Path, key: Path) -> None:
    # With an empty password, because without any OpenSSL would ask for one on the terminal.
    context.load_cert_chain(certificate, key, password="")


def _state(path: Path) -> tuple[int, int, int] | None:
    """Differs whenever the file was written or replaced."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
