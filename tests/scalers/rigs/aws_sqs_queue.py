"""Amazon SQS as moto's server plays it, in a region made for one test."""

import secrets
from collections.abc import Sequence

from pydantic import SecretStr

from scalers.aws_sqs_queue import Connection, Queue
from tests.scalers.rigs import CANARY, Place, Rig
from tests.sqs import KEY_ID, Sqs


class AwsSqsQueue(Rig):
    type = "aws-sqs-queue"
    shared = "sqs"
    private = "private_sqs"
    most_connections = 16
    # All that is legal, as long as may be.
    odd_name = f"-_{'aZ9-_' * 14}abc.fifo"

    broker: Sqs

    def __init__(self, broker: Sqs) -> None:
        super().__init__(broker)
        self._region = f"contract-{secrets.token_hex(4)}"
        self._messages: dict[str, int] = {}

    def close(self) -> None:
        """Nothing: the region is nobody else's, and to delete queue by queue would take seconds."""

    @property
    def place(self) -> Place:
        return Place("127.0.0.1", self.broker.port)

    def connection(self, place: Place, password: str = CANARY, secure: bool = False) -> Connection:
        return Connection(
            endpoint=f"{'https' if secure else 'http'}://{place.host}:{place.port}",
            region=self._region,
            access_key_id=SecretStr(KEY_ID),
            secret_access_key=SecretStr(password),
        )

    def queue(self, name: str) -> Queue:
        return Queue(url=name)

    def create(self, names: Sequence[str]) -> None:
        self.broker.create(self._region, names)
        self._messages |= dict.fromkeys(names, 0)

    def publish(self, name: str, messages: int) -> None:
        self.broker.send(self._region, name, messages)
        self._messages[name] += messages

    def stop(self) -> None:
        self.broker.stop()

    def start(self) -> None:
        """Also put back what moto forgets and SQS would not."""
        self.broker.start()
        for name, messages in self._messages.items():
            self.broker.create(self._region, [name])
            self.broker.send(self._region, name, messages)
