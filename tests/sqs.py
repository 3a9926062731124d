"""Runs moto as SQS, STS and IAM on loopback and speaks to it: no real SQS can be had here.

The protocol, the signatures and the policies are real, the latter two because `python -m tests.sqs PORT` has moto check
them. What moto cannot do is throttle.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import requests
from aiohttp import web
from multidict import CIMultiDict
from werkzeug.test import Client

from tests.ports import free_ports
from tests.process import Process

ACCOUNT: Final = "123456789012"
KEY_ID: Final = "AKIAROOTROOTROOTROOT"
SECRET: Final = "canary-5f3c"
_ALLOWED: Final = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}'
_TIMEOUT: Final = 30.0
_BATCH: Final = 10


class Sqs:
    """What listens on a port, spoken to as the user that may do everything."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"

    def client(self, service: str, region: str = "us-east-1") -> Any:
        """boto3's own, for one region; to moto any name is one."""
        # A third of a second that few tests need.
        import boto3
        from botocore.config import Config

        return boto3.client(
            service,
            region,
            endpoint_url=self.url,
            aws_access_key_id=KEY_ID,
            aws_secret_access_key=SECRET,
            config=Config(retries={"total_max_attempts": 1}),
        )

    def create(self, region: str, names: Sequence[str]) -> None:
        client = self.client("sqs", region)
        for name in names:
            client.create_queue(QueueName=name, Attributes={"FifoQueue": "true"} if name.endswith(".fifo") else {})

    def send(self, region: str, name: str, messages: int, delay: int = 0) -> None:
        """Put messages into a queue, to be seen after `delay` seconds."""
        client = self.client("sqs", region)
        fifo = name.endswith(".fifo")
        for first in range(0, messages, _BATCH):
            numbers = range(first, min(first + _BATCH, messages))
            client.send_message_batch(QueueUrl=name, Entries=[_entry(number, delay, fifo) for number in numbers])


class SqsServer(Sqs):
    """A server of our own. Stopped and started again it has its port back, but no queues: moto keeps them in memory."""

    def __init__(self, folder: Path) -> None:
        super().__init__(free_ports(1)[0])
        self._folder = folder
        self._process: Process | None = None

    def start(self) -> None:
        """Until it answers."""
        self._folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "tests.sqs", str(self.port)]
        self._process = Process("moto", command, self._folder / "moto.log")
        self._process.wait_until(self._answers, _TIMEOUT)

    def stop(self) -> None:
        """As by a power cut; there is nothing to be saved."""
        if self._process:
            self._process.kill()

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/moto-api/data.json", timeout=1).ok
        except requests.RequestException:
            return False


def _entry(number: int, delay: int, fifo: bool) -> dict[str, Any]:
    ordered = {"MessageGroupId": "g", "MessageDeduplicationId": os.urandom(8).hex()} if fifo else {}
    return {"Id": str(number), "MessageBody": "m", "DelaySeconds": delay, **ordered}


def _serve(port: int) -> None:
    os.environ |= {"MOTO_ALLOW_NONEXISTENT_REGION": "true", "INITIAL_NO_AUTH_ACTION_COUNT": "0"}
    from moto.iam.models import iam_backends
    from moto.server import DomainDispatcherApplication, create_backend_app

    iam = iam_backends[ACCOUNT]["aws"]
    iam.create_user("aws", "root")
    iam.put_user_policy("root", "everything", _ALLOWED)
    key = iam.create_access_key("root")
    # moto would draw both at random.
    key.access_key_id, key.secret_access_key = KEY_ID, SECRET
    web.run_app(_application(Client(DomainDispatcherApplication(create_backend_app))), host="127.0.0.1", port=port)


def _application(moto: Client) -> web.Application:
    """Keeps connections, as SQS does; `moto_server` would close each after one answer."""

    async def handle(request: web.Request) -> web.Response:
        said = moto.open(
            request.raw_path,
            base_url=f"http://{request.host}",
            method=request.method,
            headers=list(request.headers.items()),
            data=await request.read(),
        )
        headers = [item for item in said.headers if item[0].lower() != "content-length"]
        return web.Response(status=said.status_code, headers=CIMultiDict(headers), body=said.data)

    made = web.Application(client_max_size=2**24)
    made.router.add_route("*", "/{path:.*}", handle)
    return made


if __name__ == "__main__":
    _serve(int(sys.argv[1]))
