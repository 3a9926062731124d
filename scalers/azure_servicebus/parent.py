"""What holds entities, the namespace its queues or a topic its subscriptions, and the cheaper way to read some."""

import math
from collections.abc import Collection, Mapping
from typing import Final

from scalers.azure_servicebus.client import Client, Entity, Page
from scalers.azure_servicebus.refused import Refused, RefusedLogin
from scalers.azure_servicebus.together import together

__all__ = ["Found", "Parent"]

_WORTH: Final = 4
"""To get one entity is worth listing so many: it takes 1.1 ms of processor time to 0.45 ms for one that is listed, and
is one request more against the namespace's limit, where a hundred are listed by one."""

Found = Mapping[str, Entity | Refused]
"""Entities by name in lower case, those that were asked for and maybe more."""


class Parent:
    """Lists where that is cheaper than to get one by one, which depends on how many entities it was seen to hold."""

    def __init__(self, client: Client, topic: str) -> None:
        self._client = client
        self._topic = topic
        self._held: float = 0
        """How many are known to be there, at least; infinitely many where the login may not list them."""

    async def all(self) -> Found:
        """Every entity. Raises ScalerError."""
        found, _ = await self._listed(math.inf)
        return found

    async def some(self, names: Collection[str]) -> Found:
        """At least those of them that there are. Raises ScalerError."""
        worth = len(names) * _WORTH
        found: Page = {}
        complete = False
        if len(names) > 1 and self._held <= worth:
            found, complete = await self._listed_if_allowed(worth)
        missing = [name for name in names if name.lower() not in found and not complete]
        got = await together(self._got(name) for name in missing)
        return found | dict(zip((name.lower() for name in missing), got, strict=True))

    async def _listed_if_allowed(self, worth: float) -> tuple[Page, bool]:
        try:
            return await self._listed(worth)
        except RefusedLogin:
            # Whoever may see some entities only can still get them.
            self._held = math.inf
            return {}, False

    async def _listed(self, worth: float) -> tuple[Page, bool]:
        """All, unless there turn out to be more than listing is worth."""
        found: Page = {}
        async for page in self._client.pages(self._topic):
            found |= page
            self._held = len(found)
            if len(found) > worth:
                return found, False
        return found, True

    async def _got(self, name: str) -> Entity | Refused:
        try:
            return await self._client.entity(self._topic, name)
        except Refused as refused:
            return refused
