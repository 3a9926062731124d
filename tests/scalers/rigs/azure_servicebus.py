"""Azure Service Bus, or what stands in for it: no real or official one can be had here."""

from collections.abc import Sequence

from pydantic import SecretStr

from scalers.azure_servicebus import Connection, Queue
from tests.scalers.rigs import CANARY, Place, Rig

_POLICY = "RootManageSharedAccessKey"


class AzureServicebus(Rig):
    type = "azure-servicebus"
    shared = "servicebus"
    private = "servicebus"
    most_connections = 4
    # What Azure allows in a name; a slash makes folders.
    odd_name = "Orders/eu-west.1_x"

    def __init__(self, broker: object) -> None:
        super().__init__(broker)
        self.broker.namespace.keys[_POLICY] = (CANARY, "/")

    def close(self) -> None:
        self.broker.namespace.queues.clear()

    @property
    def place(self) -> Place:
        return Place("127.0.0.1", self.broker.port)

    @property
    def plain_place(self) -> Place:
        return Place("127.0.0.1", self.broker.plain_port)

    def connection(self, place: Place, password: str = CANARY, secure: bool = False) -> Connection:
        return Connection(host=place.host, port=place.port, key_name=_POLICY, key=SecretStr(password))

    def queue(self, name: str) -> Queue:
        return Queue(name=name)

    def create(self, names: Sequence[str]) -> None:
        for name in names:
            self.broker.namespace.add(name)

    def publish(self, name: str, messages: int) -> None:
        self.broker.namespace.queues[name.lower()].active += messages

    def stop(self) -> None:
        self.broker.stop()

    def start(self) -> None:
        self.broker.start()
