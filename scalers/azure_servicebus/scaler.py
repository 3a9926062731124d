"""Reads entities of one namespace: few requests, whatever the number of rules."""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, Final

import scalers
from scalers import Dial, LoginRefused, Reading, ScalerError
from scalers.azure_servicebus.client import Client, Entity
from scalers.azure_servicebus.connection import Connection, Operation, Queue
from scalers.azure_servicebus.parent import Found, Parent
from scalers.azure_servicebus.pattern import compiled
from scalers.azure_servicebus.refused import Refused, RefusedLogin
from scalers.azure_servicebus.together import together

__all__ = ["Scaler"]

_OPERATIONS: Final[Mapping[Operation, Callable[[list[int]], int]]] = {
    "sum": sum,
    "max": lambda counts: max(counts, default=0),
    "avg": lambda counts: sum(counts) // max(len(counts), 1),
}


class Scaler(scalers.Scaler[Connection, Queue]):
    """One namespace. What one rule had listed, all rules are answered from."""

    def __init__(self, connection: Connection, dial: Dial) -> None:
        super().__init__(connection, dial)
        self._fault = connection.fault()
        self._client = Client(connection, dial)
        self._parents: dict[str, Parent] = {}

    async def read(self, queues: Sequence[Queue]) -> Sequence[Reading | ScalerError]:
        if self._fault:
            raise ScalerError(self._fault)
        groups: dict[str, list[Queue]] = {}
        for queue in queues:
            groups.setdefault(queue.topic, []).append(queue)
        found = await together(self._found(topic, group) for topic, group in groups.items())
        by_topic = dict(zip(groups, found, strict=True))
        answers = [self._reading(queue, by_topic[queue.topic][queue.pattern]) for queue in queues]
        refused = [answer for answer in answers if isinstance(answer, LoginRefused)]
        if refused and len(refused) == len(answers):
            raise refused[0]
        return answers

    async def close(self) -> None:
        await self._client.close()

    @property
    def connections(self) -> int:
        return self._client.connections

    async def _found(self, topic: str, queues: Sequence[Queue]) -> Mapping[bool, Found | Refused]:
        """What patterns (True) and what names (False) are to be read from."""
        parent = self._parents.setdefault(topic, Parent(self._client, topic))
        names = {queue.name.lower(): queue.name for queue in queues if not queue.pattern}.values()
        listed = await _tried(parent.all()) if any(queue.pattern for queue in queues) else {}
        if names and (not listed or isinstance(listed, RefusedLogin)):
            return {True: listed, False: await _tried(parent.some(names))}
        return {True: listed, False: listed}

    def _reading(self, queue: Queue, found: Found | Refused) -> Reading | ScalerError:
        if isinstance(found, Refused):
            return self._refused(queue, found)
        if queue.pattern:
            matches = compiled(queue.name)
            matching = [item for item in found.values() if isinstance(item, Entity) and matches(item.name)]
            return self._joined(queue, matching)
        one = found.get(queue.name.lower())
        return self._joined(queue, [one]) if one is not None else self._refused(queue, Refused("not found"))

    def _joined(self, queue: Queue, items: Sequence[Entity | Refused]) -> Reading | ScalerError:
        counts: list[int] = []
        for item in items:
            if isinstance(item, Refused):
                return self._refused(queue, item)
            if item.active is None:
                return self._refused(queue, Refused("the answer has no count; is the namespace throttled?"))
            counts.append(item.active)
        value = _OPERATIONS[queue.operation](counts)
        return Reading(value, value)

    def _refused(self, queue: Queue, refused: Refused) -> Refused:
        return type(refused)(f"Service Bus at {self.connection.place}: {queue}: {refused}")


async def _tried(reading: Coroutine[Any, Any, Found]) -> Found | Refused:
    try:
        return await reading
    except Refused as refused:
        return refused
