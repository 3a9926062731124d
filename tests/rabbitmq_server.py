"""Runs Debian's RabbitMQ as a plain process on loopback, out of one folder: no service, no root, no shared epmd."""

import os
import shutil
from pathlib import Path

import pika
import requests

from tests.ports import free_ports
from tests.process import Process
from tests.rabbitmq import Rabbitmq
from tests.tls import Authority

# Not the one in /usr/sbin, which switches to the user rabbitmq.
_SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
_LOGIN = "guest:guest@127.0.0.1"
_TIMEOUT = 60.0


class NotInstalled(Exception):
    """No RabbitMQ on this machine; the message names the cure."""


class RabbitmqServer(Rabbitmq):
    """A broker of our own. Stopped and started again it has its ports and durable queues back.

    With TLS on two more ports; `folder` holds the certificates that tests/tls.py writes.
    """

    def __init__(self, folder: Path) -> None:
        self._amqp_port, self._management_port, self._distribution_port, self._epmd_port = free_ports(4)
        self.amqps_port, self.https_port = free_ports(2)
        super().__init__(f"amqp://{_LOGIN}:{self._amqp_port}", f"http://{_LOGIN}:{self._management_port}")
        self.folder = folder
        self._epmd: Process | None = None
        self._broker: Process | None = None

    def start(self) -> None:
        """Until both AMQP and the management API answer."""
        if not _SERVER.exists():
            raise NotInstalled("no RabbitMQ: apt-get install -y --no-install-recommends rabbitmq-server, or make test")
        self._configure()
        try:
            self._start()
        except BaseException:
            self.kill()
            raise

    def stop(self) -> None:
        """As an operator would: about 6 s."""
        if self._broker:
            self._broker.stop()
        self._end_epmd()

    def kill(self) -> None:
        """As by a power cut."""
        if self._broker:
            self._broker.kill()
        self._end_epmd()

    def discard(self) -> None:
        """Kill it and drop the data; the logs stay."""
        self.kill()
        shutil.rmtree(self.folder / "mnesia", ignore_errors=True)

    def _start(self) -> None:
        epmd = shutil.which("epmd") or "epmd"
        port = str(self._epmd_port)
        self._epmd = Process("epmd", [epmd, "-port", port, "-address", "127.0.0.1"], self.folder / "epmd.log")
        self._broker = Process("rabbitmq", [_SERVER], self.folder / "rabbitmq.log", self._environment())
        self._broker.wait_until(self._answers, _TIMEOUT)

    def _end_epmd(self) -> None:
        if self._epmd:
            self._epmd.kill()

    def _configure(self) -> None:
        home = self.folder / "home"
        home.mkdir(parents=True, exist_ok=True)
        cookie = home / ".erlang.cookie"
        if not cookie.exists():
            cookie.write_text("test")
            cookie.chmod(0o400)
        if not (self.folder / "ca.pem").exists():
            Authority().write(self.folder)
        (self.folder / "enabled_plugins").write_text("[rabbitmq_management,rabbitmq_auth_mechanism_ssl].\n")
        lines = [
            f"listeners.tcp.1 = 127.0.0.1:{self._amqp_port}",
            f"management.tcp.port = {self._management_port}",
            "management.tcp.ip = 127.0.0.1",
            f"listeners.ssl.1 = 127.0.0.1:{self.amqps_port}",
            *self._tls("ssl_options"),
            "ssl_options.verify = verify_peer",
            "ssl_cert_login_from = common_name",
            "auth_mechanisms.1 = PLAIN",
            "auth_mechanisms.2 = EXTERNAL",
            f"management.ssl.port = {self.https_port}",
            "management.ssl.ip = 127.0.0.1",
            *self._tls("management.ssl"),
            # Else a nearly full disk blocks every publisher.
            "disk_free_limit.absolute = 50MB",
        ]
        (self.folder / "rabbitmq.conf").write_text("\n".join(lines) + "\n")

    def _tls(self, prefix: str) -> list[str]:
        files = {"cacertfile": "ca", "certfile": "server", "keyfile": "server"}
        return [f"{prefix}.{option} = {self.folder / name}.pem" for option, name in files.items()]

    def _environment(self) -> dict[str, str]:
        folder = self.folder
        return {
            "HOME": str(folder / "home"),
            "RABBITMQ_NODENAME": f"test-{self._distribution_port}@localhost",
            "RABBITMQ_NODE_PORT": str(self._amqp_port),
            "RABBITMQ_DIST_PORT": str(self._distribution_port),
            "ERL_EPMD_PORT": str(self._epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_PID_FILE": str(folder / "pid"),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
            "RABBITMQ_CONF_ENV_FILE": os.devnull,
            # With input the script turns into the Erlang machine itself, so that our signals reach that; -noinput
            # takes the shell away again.
            "RABBITMQ_ALLOW_INPUT": "1",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 2:2 -noinput",
        }

    def _answers(self) -> bool:
        try:
            self.manage("GET", "overview")
            with self.vhost.channel():
                return True
        except (requests.RequestException, pika.exceptions.AMQPError, OSError):
            return False
