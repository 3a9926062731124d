"""One KubeMQ as one login sees it, and a queue there: the values by which readings are grouped."""

from pydantic import SecretStr

from scalers.strict import Strict

__all__ = ["Connection", "Queue", "cut"]


def cut(name: str) -> str:
    """What QueuesInfo makes of a queue's name.

    The server means to take off the prefix "_QUEUES_." of its channels, and takes all these characters off both ends.
    """
    return name.strip("_QUES.")


class Connection(Strict):
    """How to reach a KubeMQ's gRPC port."""

    host: str
    port: int
    token: SecretStr = SecretStr("")
    secure: bool = False
    """Whether the server must show a certificate."""
    server_name: str = ""
    """Whom that certificate must name, where that is not the host."""
    authority: str = ""
    """Authorities to trust besides those that the system trusts, PEM."""
    certificate: str = ""
    """To show, PEM."""
    key: SecretStr = SecretStr("")

    @property
    def place(self) -> str:
        """Host and port as in a URL."""
        return _place(self.host, self.port)

    @property
    def name(self) -> str:
        """Whom to ask for, and whom the certificate must name."""
        return self.server_name or self.host

    @property
    def named_place(self) -> str:
        """The same with the port."""
        return _place(self.name, self.port)


class Queue(Strict):
    """What to read: one queue."""

    name: str
    required: bool = False
    """Whether it is an error that it is not there. A queue is there only once something was sent to it."""

    def __str__(self) -> str:
        return f"queue {self.name!r}"


def _place(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
