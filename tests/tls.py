"""Certificates for tests: an authority made at once, and what it signs for loopback."""

import ssl

import trustme


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
        issued = self._ca.issue_cert(common_name=name)
        chain = "".join(blob.bytes().decode() for blob in issued.cert_chain_pems)
        return chain, issued.private_key_pem.bytes().decode()
