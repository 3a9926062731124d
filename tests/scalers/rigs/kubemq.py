"""KubeMQ, or what stands in for it: the real server cannot be had here."""

from collections.abc import Sequence

from pydantic import SecretStr

from scalers.kubemq import Connection, Queue
from tests.kubemq import Kubemq
from tests.scalers.rigs import CANARY, Place, Rig


class KubemqRig(Rig):
    type = "kubemq"
    shared = "kubemq"
    private = "kubemq"
    # All that is legal; the first and the last character are not of those that QueuesInfo takes off.
    odd_name = "Ünï/+?#&%'.|$(;_QUEUES_.é"

    broker: Kubemq

    def __init__(self, broker: Kubemq) -> None:
        super().__init__(broker)
        broker.token = CANARY

    def close(self) -> None:
        self.broker.queues.clear()

    @property
    def place(self) -> Place:
        return Place("127.0.0.1", self.broker.port)

    def connection(self, place: Place, password: str = CANARY, secure: bool = False) -> Connection:
        return Connection(host=place.host, port=place.port, token=SecretStr(password), secure=secure)

    def queue(self, name: str) -> Queue:
        return Queue(name=name, required=True)

    def create(self, names: Sequence[str]) -> None:
        for name in names:
            self.broker.queue(name)

    def publish(self, name: str, messages: int) -> None:
        self.broker.queue(name).send(messages)

    def stop(self) -> None:
        self.broker.stop()

    def start(self) -> None:
        self.broker.start()
