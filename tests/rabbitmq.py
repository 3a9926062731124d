"""A real RabbitMQ on loopback, with its management plugin: Debian's package, a data folder and ports of its own."""

import json
import os
import signal
import urllib.error
import urllib.request
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pika

from tests.process import Process, free_port

#: Not the one in /usr/sbin: that one switches to a user of its own.
_SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
_PORTS = ("amqp", "management", "dist", "epmd")


class RabbitMQ:
    """A broker in a folder; or the one that SCALER_TEST_RABBITMQ names, which is neither started nor stopped."""

    def __init__(self, folder: Path, ports: dict[str, int] | None = None, *, given: bool = True) -> None:
        address = os.environ.get("SCALER_TEST_RABBITMQ") if given else None
        self.given = address is not None
        self.folder = folder
        self.ports = ports or {name: free_port() for name in _PORTS}
        self._server: Process | None = None
        self.amqp_url = f"amqp://guest:guest@127.0.0.1:{self.ports['amqp']}/"
        self.management_url = f"http://guest:guest@127.0.0.1:{self.ports['management']}/"
        if address is not None:
            parts = urlsplit(address)
            self.amqp_url = address
            self.management_url = os.environ.get(
                "SCALER_TEST_RABBITMQ_MANAGEMENT", f"http://{parts.username}:{parts.password}@{parts.hostname}:15672/"
            )

    def start(self) -> None:
        """Start it on the data that is there, and wait until it answers on both ports."""
        assert _SERVER.exists(), "no rabbitmq-server: apt-get install rabbitmq-server, or set SCALER_TEST_RABBITMQ"
        self.folder.mkdir(parents=True, exist_ok=True)
        self._configure()
        self._server = Process("rabbitmq", [_SERVER], self.folder / "output.log", self._environment())
        self._server.wait_until(self._ready, 60)

    def stop(self) -> None:
        """End it in order, so that durable queues and their messages stay."""
        if self._server is not None:
            self._server.stop(seconds=30)
            self._server = None
            self._stop_epmd()

    def kill(self) -> None:
        """End it at once, as a crash would."""
        assert self._server is not None
        os.killpg(self._server.popen.pid, signal.SIGKILL)
        self._server.popen.wait()
        self._server = None

    def manage(self, method: str, *path: str, **body: Any) -> Any:
        """A request to the management API; names in the path are quoted."""
        url = urlsplit(self.management_url)
        base = f"http://{url.hostname}:{url.port}"
        address = f"{base}/api/" + "/".join(quote(part, safe="") for part in path)
        request = urllib.request.Request(address, json.dumps(body).encode() if body else None, method=method)
        request.add_header("Content-Type", "application/json")
        passwords = urllib.request.HTTPPasswordMgrWithDefaultRealm()
        passwords.add_password(None, base, url.username or "", url.password or "")
        opener = urllib.request.build_opener(urllib.request.HTTPBasicAuthHandler(passwords))
        with opener.open(request, timeout=10) as answer:
            text = answer.read()
            return json.loads(text) if text else None

    def _ready(self) -> bool:
        try:
            self.manage("GET", "overview")
            pika.BlockingConnection(pika.URLParameters(self.amqp_url)).close()
        except (OSError, urllib.error.URLError, pika.exceptions.AMQPError):
            return False
        return True

    def _configure(self) -> None:
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        cookie = home / ".erlang.cookie"
        if not cookie.exists():
            cookie.write_text("tests")
            cookie.chmod(0o400)
        (self.folder / "enabled_plugins").write_text("[rabbitmq_management].\n")
        (self.folder / "rabbitmq.conf").write_text(
            f"listeners.tcp.1 = 127.0.0.1:{self.ports['amqp']}\n"
            f"management.tcp.port = {self.ports['management']}\n"
            "management.tcp.ip = 127.0.0.1\n"
        )

    def _environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "HOME": str(self.folder / "home"),
            "RABBITMQ_NODENAME": f"test{self.ports['amqp']}@localhost",
            "RABBITMQ_DIST_PORT": str(self.ports["dist"]),
            "ERL_EPMD_PORT": str(self.ports["epmd"]),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_MNESIA_BASE": str(self.folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self.folder / "log"),
            "RABBITMQ_PID_FILE": str(self.folder / "pid"),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "enabled_plugins"),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 2:2",
        }

    def _stop_epmd(self) -> None:
        """Erlang's port mapper outlives the node: the one on our port is ours."""
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                name, environment = (folder / "comm").read_text(), (folder / "environ").read_bytes()
            except OSError:
                continue
            if name.startswith("epmd") and f"ERL_EPMD_PORT={self.ports['epmd']}\0".encode() in environment:
                os.kill(int(folder.name), signal.SIGTERM)


class Vhost:
    """A virtual host of a broker, as a user of the broker has it."""

    def __init__(self, broker: RabbitMQ, name: str) -> None:
        self.broker = broker
        self.name = name

    @property
    def amqp_url(self) -> str:
        """Its address over AMQP."""
        return self.broker.amqp_url.rsplit("/", 1)[0] + "/" + quote(self.name, safe="")

    @property
    def management_url(self) -> str:
        """Its address over the management API."""
        return self.broker.management_url.rstrip("/") + "/" + quote(self.name, safe="")

    def create(self) -> None:
        """Make it, and let our user in."""
        user = urlsplit(self.broker.amqp_url).username or "guest"
        self.broker.manage("PUT", "vhosts", self.name, description="tests")
        self.broker.manage("PUT", "permissions", self.name, user, configure=".*", write=".*", read=".*")

    def remove(self) -> None:
        """With all its queues."""
        self.broker.manage("DELETE", "vhosts", self.name)

    def declare(self, queues: Iterable[str]) -> None:
        """Make durable queues; those that are there stay as they are."""
        with self._channel() as channel:
            for queue in queues:
                channel.queue_declare(queue, durable=True)

    def publish(self, queue: str, messages: int) -> None:
        """Put persistent messages into a queue, and know that they arrived."""
        with self._channel() as channel:
            channel.confirm_delivery()
            for _ in range(messages):
                channel.basic_publish("", queue, b"work", pika.BasicProperties(delivery_mode=2))

    def publish_everywhere(self, queues: Iterable[str], messages: int) -> None:
        """Put messages into all these queues at once, by way of a fanout exchange."""
        with self._channel() as channel:
            channel.exchange_declare("everywhere", "fanout")
            for queue in queues:
                channel.queue_bind(queue, "everywhere")
            for _ in range(messages):
                channel.basic_publish("everywhere", "", b"work")

    def purge(self, queue: str) -> None:
        """Take all messages out."""
        with self._channel() as channel:
            channel.queue_purge(queue)

    def delete(self, queue: str) -> None:
        """Remove a queue."""
        with self._channel() as channel:
            channel.queue_delete(queue)

    def connections(self) -> int:
        """How many AMQP connections of the scaler the broker itself counts in this vhost."""
        found = self.broker.manage("GET", "vhosts", self.name, "connections")
        return sum(each.get("client_properties", {}).get("connection_name") == "scalerule" for each in found)

    def _channel(self) -> Any:
        connection = pika.BlockingConnection(pika.URLParameters(self.amqp_url))
        return _Closing(connection)


class _Closing:
    """A channel that takes its connection along."""

    def __init__(self, connection: pika.BlockingConnection) -> None:
        self._connection = connection

    def __enter__(self) -> Any:
        return self._connection.channel()

    def __exit__(self, *error: object) -> None:
        if self._connection.is_open:
            self._connection.close()
