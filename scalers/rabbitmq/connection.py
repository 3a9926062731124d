"""One RabbitMQ as one user sees it, and a queue there: the values by which readings are grouped."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr

from scalers.identity import Identity
from scalers.rabbitmq.stats import Mode, Operation
from scalers.strict import Strict
from scalers.tls import Tls

__all__ = ["Connection", "Name", "OAuth", "Queue"]

_LONGEST_NAME = 255


def _fits_amqp(name: str) -> str:
    if len(name.encode()) > _LONGEST_NAME:
        raise ValueError(f"must be at most {_LONGEST_NAME} bytes long")
    return name


Name = Annotated[str, AfterValidator(_fits_amqp)]


class OAuth(Strict):
    """Client credentials, and where they are exchanged for a token."""

    uri: str
    client_id: str
    client_secret: SecretStr
    scopes: tuple[str, ...] = ()
    extra: tuple[tuple[str, str], ...] = ()


class Connection(Strict):
    """How to reach a broker, over one of its two protocols."""

    protocol: Literal["amqp", "http"]
    scheme: str
    host: str
    port: int
    path: str = ""
    """HTTP: what stands before /api, percent-encoded."""
    vhost: str = ""
    """AMQP: a connection is bound to one. Over HTTP all of them share a connection."""
    username: str = Field(default="", repr=False)
    password: SecretStr = SecretStr("")
    timeout: float | None = None
    """Seconds for one request, where the rule sets its own."""
    oauth: OAuth | None = None
    """HTTP: where to get a token instead of a login."""
    identity: Identity | None = None
    """HTTP: as whom to ask Azure for a token for its audience, instead of a login."""

    tls: Tls = Tls()
    """How both sides prove who they are, where the scheme says that they must."""

    @property
    def secure(self) -> bool:
        """Whether the broker must show a certificate."""
        return self.scheme.endswith("s")

    @property
    def place(self) -> str:
        """Host and port as in a URL."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def external(self) -> bool:
        """AMQP: whether the certificate is the login. KEDA's rule: one is shown, and there is no password."""
        return bool(self.tls.certificate) and not self.password.get_secret_value()

    def fault(self) -> str | None:
        """Why this can never be reached. KEDA takes such parameters as valid too and fails when it reads."""
        if self.scheme not in (self.protocol, f"{self.protocol}s"):
            return f"host must begin with {self.protocol}:// or {self.protocol}s:// for the protocol {self.protocol}"
        if not self.host:
            return "host has no host name"
        return self.tls.fault() if self.secure else None


class Queue(Strict):
    """What to read: one queue, or over HTTP all that a pattern matches."""

    name: str
    vhost: str
    ready_only: bool = False
    """Leave out messages that a consumer holds but has not acknowledged. Over AMQP they are never seen."""
    mode: Mode = "QueueLength"
    activation: float = 0.0
    """What stands for a ratio or a time that cannot be told; only modes that have such a case set it."""
    pattern: bool = False
    """Whether the name is a regular expression of the broker's."""
    operation: Operation = "sum"
    page_size: int = 100

    def __str__(self) -> str:
        what = "queues that match" if self.pattern else "queue"
        return f"{what} {self.name!r} in vhost {self.vhost!r}"
