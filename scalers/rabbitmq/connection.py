"""One RabbitMQ as one user sees it, and a queue there: the values by which readings are grouped."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr

from scalers.strict import Strict
from scalers.tls import Tls

__all__ = ["Connection", "Name", "Queue"]

_LONGEST_NAME = 255


def _fits_amqp(name: str) -> str:
    if len(name.encode()) > _LONGEST_NAME:
        raise ValueError(f"must be at most {_LONGEST_NAME} bytes long")
    return name


Name = Annotated[str, AfterValidator(_fits_amqp)]


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

    def fault(self) -> str | None:
        """Why this can never be reached. KEDA takes such a host as valid too and fails when it reads."""
        if self.scheme not in (self.protocol, f"{self.protocol}s"):
            return f"host must begin with {self.protocol}:// or {self.protocol}s:// for the protocol {self.protocol}"
        return None if self.host else "host has no host name"


class Queue(Strict):
    """What to read: one queue's length."""

    name: Name
    vhost: str
    ready_only: bool = False
    """Leave out messages that a consumer holds but has not acknowledged. Over AMQP they are never seen."""

    def __str__(self) -> str:
        return f"queue {self.name!r} in vhost {self.vhost!r}"
