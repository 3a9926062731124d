"""A RabbitMQ broker as a test's user sees it: vhosts, queues, messages, and what the broker counts by itself."""

import os
import secrets
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

import pika
import requests

Channel = Any


class Vhost(NamedTuple):
    """One vhost, so that a test has the broker for itself."""

    name: str
    amqp_url: str
    """With the vhost in its path."""
    management_url: str
    """With the vhost in its path, as a trigger's `host` wants it."""

    def declare(self, *queues: str) -> None:
        """Durable classic queues, empty if they are new."""
        with self.channel() as channel:
            for queue in queues:
                channel.queue_declare(queue, durable=True)

    def publish(self, queue: str, count: int = 1, body: bytes = b"x") -> None:
        """So many messages; they are in the queue, and on disk, when this returns."""
        persistent = pika.BasicProperties(delivery_mode=2)
        with self.channel() as channel:
            # One transaction is one round trip, where confirms would be one a message.
            channel.tx_select()
            for _ in range(count):
                channel.basic_publish("", queue, body, persistent)
            channel.tx_commit()

    def consume(self, queue: str, count: int) -> None:
        """Take so many messages off, as a worker that is done with them."""
        with self.channel() as channel:
            for _ in range(count):
                channel.basic_get(queue, auto_ack=True)
            channel.queue_declare(queue, passive=True)

    def purge(self, *queues: str) -> None:
        with self.channel() as channel:
            for queue in queues:
                channel.queue_purge(queue)

    def delete(self, *queues: str) -> None:
        with self.channel() as channel:
            for queue in queues:
                channel.queue_delete(queue)

    def depth(self, queue: str) -> int:
        """Messages that wait for a consumer."""
        with self.channel() as channel:
            count: int = channel.queue_declare(queue, passive=True).method.message_count
            return count

    def channel(self) -> "_Channel":
        """A channel of a connection of its own, for `with`."""
        return _Channel(self.amqp_url)


class _Channel:
    def __init__(self, url: str) -> None:
        self._connection = pika.BlockingConnection(pika.URLParameters(url))

    def __enter__(self) -> Channel:
        return self._connection.channel()

    def __exit__(self, *error: object) -> None:
        self._connection.close()


class Rabbitmq:
    """A broker that somebody runs."""

    def __init__(self, amqp_url: str, management_url: str) -> None:
        self.amqp_url = amqp_url.rstrip("/")
        self.management_url = management_url.rstrip("/")

    @property
    def vhost(self) -> Vhost:
        """The default one, `/`."""
        return self._vhost("/")

    def create_vhost(self) -> Vhost:
        """A new one with a random name, open to our user."""
        name = f"test-{secrets.token_hex(4)}"
        self.manage("PUT", f"vhosts/{name}")
        user = urlsplit(self.amqp_url).username or "guest"
        self.manage("PUT", f"permissions/{name}/{user}", {"configure": ".*", "write": ".*", "read": ".*"})
        return self._vhost(name)

    def delete_vhost(self, vhost: Vhost) -> None:
        self.manage("DELETE", f"vhosts/{quote(vhost.name, safe='')}")

    def connections(self, vhost: Vhost) -> int:
        """Open AMQP connections into that vhost, by the broker's own list, which is right at once."""
        # With the statistics it would be up to five seconds late.
        found = self.manage("GET", "connections?disable_stats=true")
        return sum(connection["vhost"] == vhost.name for connection in found)

    def http_requests(self) -> int:
        """Requests to the management API so far, ours and this one included: each has to log in."""
        node = self.manage("GET", "overview")["node"]
        attempts = self.manage("GET", f"auth/attempts/{node}")
        return sum(each["auth_attempts"] for each in attempts if each["protocol"] == "http")

    def manage(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """One request to the management API, below /api."""
        session = requests.Session()
        session.trust_env = False
        answer = session.request(method, f"{self.management_url}/api/{path}", json=body, timeout=30)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def _vhost(self, name: str) -> Vhost:
        path = quote(name, safe="")
        return Vhost(name, f"{self.amqp_url}/{path}", f"{self.management_url}/{path}")


def external() -> Rabbitmq | None:
    """The broker that SCALER_TEST_RABBITMQ names, if it does."""
    amqp = os.environ.get("SCALER_TEST_RABBITMQ")
    if not amqp:
        return None
    parts = urlsplit(amqp)
    login = parts.netloc.rpartition("@")[0] or "guest:guest"
    management = os.environ.get("SCALER_TEST_RABBITMQ_MANAGEMENT") or f"http://{login}@{parts.hostname}:15672"
    return Rabbitmq(f"{parts.scheme}://{login}@{parts.hostname}:{parts.port or 5672}", management)
