"""Certificates for tests: an authority made at once, and what it signs for loopback."""

import ssl
import tempfile
from pathlib import Path

import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

KEY_PASSWORD = "canary-key"


class Authority:
    """Trusted by whoever is given its `pem`."""

    def __init__(self) -> None:
        self._ca = trustme.CA()
        self.pem = self._ca.cert_pem.bytes().decode()

    def server(self) -> ssl.SSLContext:
        """For a server on loopback, HTTP/2 included."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._ca.issue_cert("localhost", "127.0.0.1", "broker.invalid").configure_cert(context)
        context.set_alpn_protocols(["h2", "http/1.1"])
        return context

    def client(self, name: str = "client") -> tuple[str, str]:
        """A certificate and its key, PEM."""
        issued = self._ca.issue_cert(f"{name}.invalid", common_name=name)
        chain = "".join(blob.bytes().decode() for blob in issued.cert_chain_pems)
        return chain, issued.private_key_pem.bytes().decode()

    def mount(self, folder: Path) -> None:
        """A new certificate for loopback as tls.crt and tls.key, put there at one stroke as the kubelet does."""
        issued = self._ca.issue_cert("localhost", "127.0.0.1")
        version = Path(tempfile.mkdtemp(prefix="..", dir=folder))
        (version / "tls.crt").write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
        (version / "tls.key").write_bytes(issued.private_key_pem.bytes())
        for name, target in {"..data": version.name, "tls.crt": "..data/tls.crt", "tls.key": "..data/tls.key"}.items():
            (folder / "..new").symlink_to(target)
            (folder / "..new").rename(folder / name)

    def write(self, folder: Path) -> None:
        """Everything as files: ca, server, client (whose common name is `client`), and the client's key encrypted."""
        server = self._ca.issue_cert("localhost", "127.0.0.1")
        server.private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
        certificate, key = self.client()
        files = {"ca": self.pem, "client": certificate, "client-key": key, "client-key-encrypted": encrypted(key)}
        for name, pem in files.items():
            (folder / f"{name}.pem").write_text(pem)


SESSION = Authority()
"""Trusted by whatever this process tests against servers of its own."""


def encrypted(key: str) -> str:
    """The same key as PKCS#8 that KEY_PASSWORD opens."""
    opened = load_pem_private_key(key.encode(), None)
    cipher = BestAvailableEncryption(KEY_PASSWORD.encode())
    return opened.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, cipher).decode()
