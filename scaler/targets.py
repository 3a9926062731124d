"""The scale targets of one kind, on their way from the watch to the loop."""

from collections.abc import Sequence

from scaler.kube import Object
from scaler.loop import Loop
from scaler.resource import Resource
from scaler.target import Target, target


class Targets:
    """Tells the loop of every object of a kind: only those with a rule are kept there."""

    def __init__(self, resource: Resource, loop: Loop) -> None:
        self.resource = resource
        self._loop = loop

    def read(self, body: Object) -> Target:
        """What matters of an object."""
        return target(body, self.resource)

    def take(self, item: Target) -> None:
        """It was added or changed."""
        self._loop.upsert(item)

    def lose(self, item: Target) -> None:
        """It was deleted."""
        self._loop.remove(item.key)

    async def listed(self, items: Sequence[Target], namespace: str | None) -> None:
        """These are all of a namespace (None: of the cluster)."""
        await self._loop.listed(self.resource, items, namespace)
