"""RabbitMQ over AMQP, in a vhost and as a user made for one test."""

import json
import secrets
import urllib.request
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, urlsplit

import pika

from scalers.rabbitmq import Connection, Queue
from tests.scalers.rigs import CANARY, Place, Rig


class RabbitmqAmqp(Rig):
    type = "rabbitmq"
    shared = "rabbitmq"
    private = "private_rabbitmq"

    def __init__(self, broker: Any) -> None:
        super().__init__(broker)
        self.vhost = f"contract/{secrets.token_hex(4)}"
        self.user = secrets.token_hex(8)
        self._manage("PUT", "vhosts", self.vhost)
        self._manage("PUT", "users", self.user, password=CANARY, tags="management")
        for user in (self.user, urlsplit(broker.amqp_url).username or "guest"):
            self._manage("PUT", "permissions", self.vhost, user, configure=".*", write=".*", read=".*")

    def close(self) -> None:
        self._manage("DELETE", "vhosts", self.vhost)
        self._manage("DELETE", "users", self.user)

    @property
    def place(self) -> Place:
        return _place(self.broker.amqp_url)

    def connection(self, place: Place, password: str = CANARY, secure: bool = False) -> Connection:
        return Connection(
            protocol="amqp",
            scheme="amqps" if secure else "amqp",
            host=place.host,
            port=place.port,
            vhost=self.vhost,
            username=self.user,
            password=password,
        )

    def queue(self, name: str) -> Queue:
        return Queue(name=name, vhost=self.vhost)

    def create(self, names: Sequence[str]) -> None:
        with pika.BlockingConnection(self._parameters()) as connection:
            channel = connection.channel()
            for name in names:
                channel.queue_declare(name, durable=True)

    def publish(self, name: str, messages: int) -> None:
        with pika.BlockingConnection(self._parameters()) as connection:
            channel = connection.channel()
            channel.confirm_delivery()
            for _ in range(messages):
                channel.basic_publish("", name, b"", pika.BasicProperties(delivery_mode=2))

    def consume(self, name: str, messages: int) -> None:
        """Take messages off a queue."""
        with pika.BlockingConnection(self._parameters()) as connection:
            channel = connection.channel()
            for _ in range(messages):
                channel.basic_get(name, auto_ack=True)

    def stop(self) -> None:
        self.broker.stop()

    def start(self) -> None:
        self.broker.start()

    def _parameters(self) -> pika.URLParameters:
        parameters = pika.URLParameters(self.broker.amqp_url)
        parameters.virtual_host = self.vhost
        return parameters

    def _manage(self, method: str, kind: str, *names: str, **body: str) -> None:
        url = urlsplit(self.broker.management_url)
        path = "/".join(quote(name, safe="") for name in names)
        base = f"{url.scheme}://{url.hostname}:{url.port}"
        request = urllib.request.Request(f"{base}/api/{kind}/{path}", json.dumps(body).encode(), method=method)
        request.add_header("Content-Type", "application/json")
        passwords = urllib.request.HTTPPasswordMgrWithDefaultRealm()
        passwords.add_password(None, base, url.username or "guest", url.password or "guest")
        urllib.request.build_opener(urllib.request.HTTPBasicAuthHandler(passwords)).open(request).close()


def _place(url: str) -> Place:
    parts = urlsplit(url)
    assert parts.hostname
    assert parts.port
    return Place(parts.hostname, parts.port)
