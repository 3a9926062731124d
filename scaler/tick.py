"""APScheduler on the monotonic clock, so that a clock that jumps neither delays nor repeats a poll.

APScheduler reads `datetime.now(timezone)`. A timezone of ours answers with the event loop's own time: due times then
follow the loop, under test as in production.
"""

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta, tzinfo

from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger

_EPOCH = datetime(2000, 1, 1)


class _LoopTime(tzinfo):
    """A timezone whose `now` is the running loop's time, in seconds after an epoch of our own."""

    def fromutc(self, dt: datetime) -> datetime:
        return (_EPOCH + timedelta(seconds=asyncio.get_running_loop().time())).replace(tzinfo=self)

    def utcoffset(self, dt: datetime | None) -> timedelta:
        return timedelta(0)

    def dst(self, dt: datetime | None) -> timedelta:
        return timedelta(0)

    def tzname(self, dt: datetime | None) -> str:
        return "loop"


_LOOP_TIME = _LoopTime()


class Aligned(BaseTrigger):  # type: ignore[misc]
    """Due at every multiple of `interval` plus `phase` seconds, so that equal intervals meet."""

    def __init__(self, interval: float, phase: float) -> None:
        self.interval = interval
        self.phase = phase

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        """The first due time after now; ones that were missed are left out."""
        after = max(seconds(now), -math.inf if previous_fire_time is None else seconds(previous_fire_time))
        count = math.floor((after - self.phase) / self.interval + 1e-6) + 1
        return (_EPOCH + timedelta(seconds=count * self.interval + self.phase)).replace(tzinfo=_LOOP_TIME)

    def last_due(self, now: float) -> float:
        """The latest due time that is not after `now`, in loop seconds."""
        return min(math.floor((now - self.phase) / self.interval + 1e-6) * self.interval + self.phase, now)


def seconds(moment: datetime) -> float:
    """Loop seconds of one of the scheduler's moments."""
    return (moment.replace(tzinfo=None) - _EPOCH).total_seconds()


class Ticks:
    """Jobs that recur at aligned times. A job that is still running when it is due again is left out that time."""

    def __init__(self) -> None:
        # It logs every overlap as a warning; a slow broker is reported where its readings fail.
        logging.getLogger("apscheduler").setLevel(logging.CRITICAL)
        defaults = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        self._scheduler = AsyncIOScheduler(timezone=_LOOP_TIME, job_defaults=defaults)
        self._stopped = False

    def start(self) -> None:
        """Begin; needs a running event loop."""
        self._scheduler.start()

    def stop(self) -> None:
        """Cancel what runs and fire no more."""
        self._stopped = True
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    def add(self, name: str, trigger: Aligned, job: Callable[[], Awaitable[None]]) -> None:
        """Run `job` whenever `trigger` is due: a coroutine function or a partial of one, which APScheduler can tell."""
        self._scheduler.add_job(job, trigger, id=name)

    def remove(self, name: str) -> None:
        """Forget a job; one that is running ends by itself. After `stop` all are forgotten."""
        if self._stopped:
            return
        try:
            self._scheduler.remove_job(name)
        except JobLookupError as error:
            raise KeyError(name) from error
