"""The parameters of a `kubemq` trigger. KEDA has no such trigger: the names are those of KubeMQ's own scaler for it."""

import ssl
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, SecretStr

from scalers import parameters
from scalers.kubemq.address import Address, is_host
from scalers.kubemq.connection import Connection, Queue, cut
from scalers.parameters import From, check
from scalers.tls import Authority, Certificate, Tls
from scalers.values import Flag, Number

__all__ = ["Parameters"]

_LONGEST_NAME: Final = 256
_DO_NOT_LOAD: Final = "cert and key do not load: both must be PEM, belong to each other, and the key have no password"


def _is_address(text: str) -> str:
    Address.parse(text)
    return text


def _is_queue(name: str) -> str:
    if any(character.isspace() or character in "*>" for character in name) or name.endswith("."):
        raise ValueError("must hold no space, * or >, nor end in a dot")
    if len(name) > _LONGEST_NAME:
        raise ValueError(f"must be at most {_LONGEST_NAME} characters long")
    return name


def _is_host(text: str) -> str:
    if not is_host(text):
        raise ValueError("must be the name of a host")
    return text


def _is_token(token: SecretStr) -> SecretStr:
    text = token.get_secret_value()
    if not text.isascii() or not text.isprintable():
        raise ValueError("must be printable ASCII, in one line")
    return token


class Parameters(parameters.Parameters[Connection, Queue]):
    """One queue of a KubeMQ."""

    address: Annotated[str, AfterValidator(_is_address), From("m", also=("kubemqAddress",))]
    """Host and port of its gRPC, an IPv6 address in brackets."""
    queue_name: Annotated[str, AfterValidator(_is_queue), From("m")]
    """The queue to read."""
    target_waiting: Annotated[Number, From("m")] = Field(default=10.0, gt=0)
    """The target per replica, in messages that are not acknowledged yet."""
    activation_target_waiting: Annotated[Number, From("m")] = Field(default=0.0, ge=0)
    """Active above this."""
    missing_queue: Annotated[Literal["zero", "error"], From("m")] = "zero"
    """What it means that the queue is not there. It is there once something was sent to it, and never where its name is
    written wrong."""
    tls: Annotated[Flag, From("m")] = False
    """The server must show a certificate."""
    tls_server_name: Annotated[str | None, AfterValidator(_is_host), From("m")] = None
    """Whom that certificate must name, where that is not the host in address."""
    auth_token: Annotated[SecretStr | None, AfterValidator(_is_token), From("ae")] = None
    """Token to log in with."""
    ca: Annotated[Authority | None, From("a")] = None
    """Certificates of authorities to trust besides the system's, PEM."""
    cert: Annotated[Certificate | None, From("a")] = None
    """Client certificate, PEM."""
    key: Annotated[SecretStr | None, From("a")] = None
    """Key of the client certificate, PEM, without a password."""

    @check("tls_server_name", "tls")
    def _server_name_with_tls(self) -> str | None:
        return "needs tls: true" if self.tls_server_name and not self.tls else None

    @check("cert", "key")
    def _certificate_and_key(self) -> str | None:
        if (self.cert is None) != (self.key is None):
            return "cert and key need each other"
        try:
            Tls(certificate=self.cert, key=self.key).context()
        except (ssl.SSLError, ValueError):
            return _DO_NOT_LOAD
        return None

    @property
    def target(self) -> float:
        return self.target_waiting

    @property
    def activation(self) -> float:
        return self.activation_target_waiting

    def hosts(self) -> list[str]:
        return [self.connection().host]

    def connection(self) -> Connection:
        address = Address.parse(self.address)
        login = {"host": address.host, "port": address.port, "token": self.auth_token or SecretStr("")}
        if not self.tls:
            return Connection(**login)
        return Connection(
            **login,
            secure=True,
            server_name=self.tls_server_name or "",
            authority=self.ca or "",
            certificate=self.cert or "",
            key=self.key or SecretStr(""),
        )

    def queue(self) -> Queue:
        return Queue(name=self.queue_name, required=self.missing_queue == "error")

    def warnings(self) -> list[str]:
        listed = cut(self.queue_name)
        found = {
            "authToken travels in clear text without tls: true": self.auth_token and not self.tls,
            "ca, cert and key have no effect without tls: true": not self.tls and (self.ca or self.cert),
            f"open servers list this queue as {listed!r}, and so cannot tell it from another of that name; a name "
            "that neither begins nor ends with any of _QUES. is safe": listed != self.queue_name,
        }
        return [text for text, applies in found.items() if applies]
