"""Makes pages beside the event loop, so that whoever looks at them delays no decision."""

import asyncio
from collections.abc import Callable
from typing import Final, TypeVar

Made = TypeVar("Made")

#: After a page nothing is made for so many times as long as it took: decisions have the processor then.
REST: Final = 4.0
#: Askers that wait at once; and how long (seconds) one more is kept before it is sent away, so that it asks seldom.
ROOM: Final = 16
PATIENCE: Final = 1.0


class Busy(Exception):
    """Too many ask at once."""


class Press:
    """One page at a time, in a thread."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._free_at = 0.0

    async def make(self, page: Callable[[], Made]) -> Made:
        """What `page` makes, which reads only what is replaced and never changed. Raises Busy."""
        if self._waiting >= ROOM:
            await asyncio.sleep(PATIENCE)
            raise Busy
        self._waiting += 1
        try:
            async with self._turn:
                return await self._make(page)
        finally:
            self._waiting -= 1

    async def _make(self, page: Callable[[], Made]) -> Made:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(self._free_at - loop.time())
        began = loop.time()
        try:
            return await asyncio.to_thread(page)
        finally:
            took = loop.time() - began
            self._free_at = began + took * (1 + REST)
