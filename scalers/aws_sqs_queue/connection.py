"""SQS of one region as one login sees it, and a queue there: the values by which readings are grouped."""

from urllib.parse import urlsplit

from pydantic import SecretStr

from scalers.identity import Identity
from scalers.strict import Strict

__all__ = ["Connection", "Queue"]


class Connection(Strict):
    """How to reach SQS: as who holds a key, or as an identity of the scaler's own."""

    endpoint: str
    """Its URL, percent-encoded, without a slash at its end."""
    region: str
    """For which requests are signed."""
    access_key_id: SecretStr = SecretStr("")
    secret_access_key: SecretStr = SecretStr("")
    session_token: SecretStr = SecretStr("")
    identity: Identity | None = None
    """Whose credentials to sign with instead of the key."""

    @property
    def host(self) -> str:
        """The host that sees what is signed."""
        return urlsplit(self.endpoint).hostname or ""

    @property
    def place(self) -> str:
        """Host and port as in a URL."""
        parts = urlsplit(self.endpoint)
        port = parts.port or (443 if self.secure else 80)
        return f"[{self.host}]:{port}" if ":" in self.host else f"{self.host}:{port}"

    @property
    def secure(self) -> bool:
        """Whether the endpoint must show a certificate."""
        return self.endpoint.startswith("https://")


class Queue(Strict):
    """What to read: a queue, and which of its messages count."""

    url: str
    """Its URL or its name; SQS takes either."""
    in_flight: bool = True
    """Count messages that a consumer has received and not deleted yet."""
    delayed: bool = False
    """Count messages that may not be received yet."""

    def __str__(self) -> str:
        return f"queue {self.url!r}"
