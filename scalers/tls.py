"""How a broker proves who it is, and how we do: certificates and keys as PEM texts, as a Secret holds them."""

import ssl
import tempfile
from typing import Annotated

from pydantic import AfterValidator, SecretStr

from scalers.strict import Strict

__all__ = ["Authority", "Certificate", "Tls"]


def _trust(context: ssl.SSLContext, pem: str) -> None:
    """Raises ssl.SSLError or ValueError. Bundles hold names of authorities in any script, between the certificates."""
    context.load_verify_locations(cadata=pem.encode("ascii", "replace").decode())


def _is_authority(pem: str) -> str:
    try:
        _trust(ssl.create_default_context(), pem)
    except (ssl.SSLError, ValueError):
        raise ValueError("must be one or more certificates in PEM") from None
    return pem


def _is_certificate(pem: str) -> str:
    if "-----BEGIN CERTIFICATE-----" not in pem or "-----END CERTIFICATE-----" not in pem:
        raise ValueError("must be a certificate in PEM")
    return pem


Authority = Annotated[str, AfterValidator(_is_authority)]
"""Certificates of the authorities to trust, PEM."""
Certificate = Annotated[str, AfterValidator(_is_certificate)]
"""A certificate, and those between it and its authority, PEM."""


class Tls(Strict):
    """What to show, and which authority to trust besides those that the system trusts."""

    authority: str | None = None
    certificate: str | None = None
    key: SecretStr | None = None
    key_password: SecretStr | None = None
    verify: bool = True

    def fault(self) -> str | None:
        """Why this can never work: what is no PEM, a key that does not open, or one of another certificate."""
        if self == Tls():
            return None
        try:
            self._trusting()
        except (ssl.SSLError, ValueError):
            return "ca holds no certificate in PEM"
        try:
            self.context()
        except (ssl.SSLError, ValueError) as error:
            if getattr(error, "reason", "") == "KEY_VALUES_MISMATCH":
                return "key does not belong to cert"
            return "cert and key do not load: they must be PEM, and keyPassword the password of key"
        return None

    def context(self) -> ssl.SSLContext:
        """For the standard library's clients. Raises ssl.SSLError or ValueError where there is a fault."""
        context = self._trusting()
        if not self.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if self.certificate and self.key:
            self._show(context, self.certificate, self.key.get_secret_value())
        return context

    def _trusting(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if self.authority is not None:
            _trust(context, self.authority)
        return context

    def _show(self, context: ssl.SSLContext, certificate: str, key: str) -> None:
        password = self.key_password.get_secret_value() if self.key_password else ""
        # OpenSSL reads certificates from files alone.
        with tempfile.NamedTemporaryFile() as file:
            file.write(f"{certificate}\n{key}\n".encode())
            file.flush()
            # A password always: without one OpenSSL would ask at the terminal.
            context.load_cert_chain(file.name, password=password)
