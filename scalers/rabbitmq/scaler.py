"""Reads the queues of one RabbitMQ."""

from collections.abc import Sequence

import scalers
from scalers import Dial, Reading, ScalerError
from scalers.rabbitmq.amqp import AmqpScaler
from scalers.rabbitmq.connection import Connection, Queue
from scalers.rabbitmq.http import HttpScaler

__all__ = ["Scaler"]


class Scaler(scalers.Scaler[Connection, Queue]):
    """One RabbitMQ, over the protocol of its connection."""

    def __init__(self, connection: Connection, dial: Dial) -> None:
        super().__init__(connection, dial)
        self._fault = connection.fault()
        protocol = AmqpScaler if connection.protocol == "amqp" else HttpScaler
        self._protocol: scalers.Scaler[Connection, Queue] = protocol(connection, dial)

    async def read(self, queues: Sequence[Queue]) -> Sequence[Reading | ScalerError]:
        if self._fault:
            raise ScalerError(self._fault)
        return await self._protocol.read(queues)

    async def close(self) -> None:
        await self._protocol.close()

    @property
    def connections(self) -> int:
        return self._protocol.connections
