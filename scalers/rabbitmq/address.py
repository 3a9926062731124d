"""Reads the parameter `host`: the URL of a broker and, in its path, a vhost. The rules are KEDA's."""

from typing import Final, NamedTuple
from urllib.parse import SplitResult, quote, unquote, urlsplit

__all__ = ["Address"]

_PORTS: Final = {"amqp": 5672, "amqps": 5671, "http": 80, "https": 443}
_IN_PATHS: Final = "/%:@!$&'()*+,;=-._~"


class Address(NamedTuple):
    """The parts of the URL. User and password are None where it does not name them."""

    scheme: str
    host: str
    port: int
    path: str
    user: str | None
    password: str | None

    @classmethod
    def parse(cls, url: str) -> "Address":
        """Raises ValueError. What urlsplit says is not repeated: it may contain the password."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise ValueError("must be a URL such as amqp://user:password@host:5672/vhost") from None
        host = parts.hostname or ""
        return cls(parts.scheme, host, port or _PORTS.get(parts.scheme, 0), parts.path, *_user(parts))

    def amqp_vhost(self) -> str:
        """All behind the first slash."""
        return unquote(self.path[1:]) or "/"

    def http_vhost(self) -> str:
        """The last segment."""
        return unquote(self.path.rpartition("/")[2]) or "/"

    def http_path(self) -> str:
        """All before the last segment, fit to be sent."""
        path = self.path.rpartition("/")[0]
        return quote(path, safe=_IN_PATHS)


def _user(parts: SplitResult) -> tuple[str | None, str | None]:
    user, password = parts.username, parts.password
    return None if user is None else unquote(user), None if password is None else unquote(password)
