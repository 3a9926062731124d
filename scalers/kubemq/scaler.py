"""Reads the queues of one KubeMQ, all with one call."""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import scalers
from scalers import Dial, Reading, ScalerError
from scalers.kubemq.connection import Connection, Queue
from scalers.kubemq.depths import Unclear

if TYPE_CHECKING:
    from scalers.kubemq.client import Client

__all__ = ["Scaler"]


class Scaler(scalers.Scaler[Connection, Queue]):
    """One KubeMQ, over one connection. What is listed for one rule answers all of them."""

    def __init__(self, connection: Connection, dial: Dial) -> None:
        super().__init__(connection, dial)
        self._client: Client | None = None

    async def read(self, queues: Sequence[Queue]) -> Sequence[Reading | ScalerError]:
        if not queues:
            return []
        self._client = self._client or _client(self.connection, self.dial)
        depths = await self._client.depths()
        found = depths.of({queue.name for queue in queues})
        return [self._reading(queue, found[queue.name]) for queue in queues]

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()

    @property
    def connections(self) -> int:
        return self._client.connections if self._client is not None else 0

    def _reading(self, queue: Queue, depth: int | Unclear | None) -> Reading | ScalerError:
        if isinstance(depth, int):
            return Reading(depth, depth)
        if depth is None and not queue.required:
            return Reading(0, 0)
        why = depth or "not found; check queueName, or send something to it"
        return ScalerError(f"KubeMQ at {self.connection.place}: {queue}: {why}")


def _client(connection: Connection, dial: Dial) -> "Client":
    # Of failures gRPC writes lines of its own, with words of the other end, to stderr. It reads this when it is
    # imported: here, so that who only validates rules does not wait for it.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    from scalers.kubemq.client import Client

    return Client(connection, dial)
