"""How a KubeMQ proves who it is, and how we do, for gRPC: it does TLS by itself and knows no system's authorities."""

import ssl
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import grpc

from scalers.kubemq.connection import Connection

__all__ = ["credentials"]


def credentials(connection: Connection) -> grpc.ChannelCredentials:
    """Of a connection over TLS."""
    trusted = b"\n".join([connection.authority.encode(), *_trusted_by_the_system()])
    key = connection.key.get_secret_value().encode()
    if not connection.certificate or not key:
        # One without the other would end the process.
        return grpc.ssl_channel_credentials(trusted)
    return grpc.ssl_channel_credentials(trusted, key, connection.certificate.encode())


def _trusted_by_the_system() -> Iterator[bytes]:
    """Where the standard library looks, SSL_CERT_FILE and SSL_CERT_DIR included; in the folder if there is no file."""
    paths = ssl.get_default_verify_paths()
    folder = sorted(Path(paths.capath).glob("????????.[0-9]")) if paths.capath else []
    for path in [Path(paths.cafile)] if paths.cafile else folder:
        with suppress(OSError):
            yield path.read_bytes()
