"""Writes to Kubernetes, so many at a time and the urgent ones first: a burst of events never delays a scale-up."""

import asyncio
import itertools
from collections import Counter
from collections.abc import Awaitable, Callable
from enum import IntEnum
from typing import TypeAlias

Write: TypeAlias = Callable[[], Awaitable[None]]


class Urgency(IntEnum):
    """Which write goes first."""

    UP = 0
    DOWN = 1
    STATE = 2
    EVENT = 3
    STATUS = 4


class Outbox:
    """Runs what is put in, at most `width` at a time. A write handles its own errors; one that does not is `failed`."""

    def __init__(self, width: int, failed: Callable[[BaseException], None]) -> None:
        self._width = width
        self._failed = failed
        self._queue: asyncio.PriorityQueue[tuple[Urgency, int, Write]] = asyncio.PriorityQueue()
        self._order = itertools.count()
        self._waiting = Counter[Urgency]()

    def put(self, urgency: Urgency, write: Write) -> None:
        """Write when its turn comes."""
        self._waiting[urgency] += 1
        self._queue.put_nowait((urgency, next(self._order), write))

    def waiting(self, urgency: Urgency) -> int:
        """How many of them wait for their turn."""
        return self._waiting[urgency]

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as workers:
            for _ in range(self._width):
                workers.create_task(self._work())

    async def drain(self, seconds: float) -> None:
        """Wait until all is written, but no longer than that."""
        try:
            async with asyncio.timeout(seconds):
                await self._queue.join()
        except TimeoutError:
            return

    async def _work(self) -> None:
        while True:
            urgency, _, write = await self._queue.get()
            self._waiting[urgency] -= 1
            try:
                await write()
            except Exception as error:
                self._failed(error)
            finally:
                self._queue.task_done()
