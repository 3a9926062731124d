"""Reads what rules refer to, and reads it again: a changed Secret is noticed without a restart.

By `get` alone, since the right to list or watch Secrets would be the right to read them all.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Set
from typing import Final

from scaler.reference import Found, Objects, Reference
from scaler.target import Key
from scalers.source import Absent

#: Seconds between two readings of an object, give or take a fifth; sooner while it is missing or not read yet.
PACE: Final = 60.0
SOON: Final = 10.0
#: Least seconds between two readings that a refused login asks for.
LEAST: Final = 2.0
#: So many readings at a time.
_WIDTH: Final = 16

#: Reads an object; None where that cannot be told now, so that what was read last still holds.
Fetch = Callable[[Reference], Awaitable[Found | Absent | None]]


class Vault:
    """The objects that rules refer to. `deliver(keys)` says whose objects were read anew and differ."""

    def __init__(self, fetch: Fetch) -> None:
        self.deliver: Callable[[Set[Key]], None] = lambda keys: None
        self._fetch = fetch
        self._objects: dict[Reference, Found | Absent] = {}
        self._users: dict[Reference, set[Key]] = {}
        self._needs: dict[Key, frozenset[Reference]] = {}
        self._tasks: dict[Reference, asyncio.Task[None]] = {}
        self._asked: dict[Reference, asyncio.Event] = {}
        self._turn = asyncio.Semaphore(_WIDTH)

    @property
    def objects(self) -> Objects:
        """All that has been read so far."""
        return self._objects

    def subscribe(self, key: Key, references: frozenset[Reference]) -> None:
        """Read these for a rule from now on, and no others."""
        before = self._needs.get(key, frozenset())
        if references:
            self._needs[key] = references
        else:
            self._needs.pop(key, None)
        for reference in references - before:
            self._users.setdefault(reference, set()).add(key)
            if reference not in self._tasks:
                self._asked[reference] = asyncio.Event()
                self._tasks[reference] = asyncio.get_running_loop().create_task(self._follow(reference))
        for reference in before - references:
            self._users[reference].discard(key)
            if not self._users[reference]:
                self._forget(reference)

    def refresh(self, key: Key) -> None:
        """A broker refused the login of a rule: its objects may have changed."""
        for reference in self._needs.get(key, ()):
            self._asked[reference].set()

    async def close(self) -> None:
        """Read nothing more."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def _forget(self, reference: Reference) -> None:
        self._tasks.pop(reference).cancel()
        self._objects.pop(reference, None)
        del self._users[reference], self._asked[reference]

    async def _follow(self, reference: Reference) -> None:
        least = LEAST
        while True:
            changed = await self._read(reference)
            asked = await self._rest(reference, least)
            # A login that goes on being refused while nothing changes asks less and less often.
            least = min(2 * least, PACE / 2) if asked and not changed else LEAST

    async def _read(self, reference: Reference) -> bool:
        async with self._turn:
            found = await self._fetch(reference)
        if found is None or found == self._objects.get(reference):
            return False
        self._objects[reference] = found
        self.deliver(frozenset(self._users[reference]))
        return True

    async def _rest(self, reference: Reference, least: float) -> bool:
        """Until it is time to read again, or (True) a refused login asks for it."""
        asked = self._asked[reference]
        asked.clear()
        pace = PACE if isinstance(self._objects.get(reference), Found) else SOON
        left = max(pace * random.uniform(0.8, 1.2) - least, 0.0)
        await asyncio.sleep(least)
        try:
            async with asyncio.timeout(left):
                return await asked.wait()
        except TimeoutError:
            return False
