"""What is due, grouped by connection: one read per broker and interval, whatever the number of rules.

Due times are aligned per connection, so that rules with one interval and one broker meet in one read. A slow or dead
broker delays its own rules alone: every connection has a lock and a time-out of its own, and a read that is still
running when it is due again is left out.
"""

import asyncio
import functools
import hashlib
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, TypeAlias

from pydantic import BaseModel

from scaler.answer import Answer, kept
from scaler.rule import Rule
from scaler.target import Key
from scaler.tick import Aligned, Ticks
from scalers import Dial, Scaler, ScalerError, load

Source: TypeAlias = tuple[str, BaseModel]
#: Deployment, trigger name.
Subscription: TypeAlias = tuple[Key, str]
Answers: TypeAlias = Mapping[Key, Mapping[str, Answer]]

#: New triggers wait this long (seconds) for others of their broker, so that a start is one read and not a thousand.
GATHER = 0.1


class Observer(Protocol):
    """Who is told of each read."""

    def read(self, trigger_type: str, seconds: float, outcome: str) -> None:
        """A read of one broker ended: `outcome` is ok or error."""

    def connections(self, trigger_type: str, count: int) -> None:
        """How many connections are open to brokers of a type."""


class _Place(NamedTuple):
    """Where and how often a trigger is read."""

    source: Source
    interval: float
    queue: BaseModel


@dataclass
class _Feed:
    """One connection and what is read over it: per interval the queue of each subscriber."""

    scaler: Scaler[Any, Any]
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    due: dict[float, dict[Subscription, BaseModel]] = field(default_factory=dict)
    fresh: set[tuple[float, Subscription]] = field(default_factory=set)


class Poll:
    """Reads every subscribed queue when it is due and delivers the answers, all of one read together.

    `deliver(answers, due)` gets the due time in seconds of the event loop's clock.
    """

    def __init__(self, dial: Dial, ticks: Ticks, observer: Observer) -> None:
        self.deliver: Callable[[Answers, float], None] = lambda answers, due: None
        self._dial = dial
        self._ticks = ticks
        self._observer = observer
        self._feeds: dict[Source, _Feed] = {}
        self._places: dict[Key, dict[str, _Place]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def subscribe(self, key: Key, rule: Rule) -> None:
        """Read the triggers of a rule from now on; those of its former self that it no longer has are let go."""
        before, after = self._places.get(key, {}), _places(rule)
        self._places[key] = after
        for name, place in after.items():
            if before.get(name) != place:
                self._add((key, name), place)
        # Only now: a connection that the edited rule still uses is not closed in between.
        for name, place in before.items():
            if name not in after or after[name][:2] != place[:2]:
                self._drop((key, name), place)

    def unsubscribe(self, key: Key) -> None:
        """Read nothing for this Deployment any more; a connection that nobody uses is closed."""
        for name, place in self._places.pop(key, {}).items():
            self._drop((key, name), place)

    async def close(self) -> None:
        """Stop reading and close every connection."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(feed.scaler.close() for feed in self._feeds.values()), return_exceptions=True)
        self._feeds.clear()

    def _add(self, subscription: Subscription, place: _Place) -> None:
        source, interval, queue = place
        feed = self._feeds.get(source)
        if feed is None:
            feed = self._feeds[source] = _Feed(load(source[0]).Scaler(source[1], self._dial))
        if interval not in feed.due:
            feed.due[interval] = {}
            trigger = Aligned(interval, _phase(source, interval))
            job = functools.partial(self._fire, source, feed, interval, trigger)
            self._ticks.add(_job(feed, interval), trigger, job)
        feed.due[interval][subscription] = queue
        if not feed.fresh:
            self._run(self._first(source, feed))
        feed.fresh.add((interval, subscription))

    def _drop(self, subscription: Subscription, place: _Place) -> None:
        source, interval, _ = place
        feed = self._feeds[source]
        del feed.due[interval][subscription]
        feed.fresh.discard((interval, subscription))
        if not feed.due[interval]:
            del feed.due[interval]
            self._ticks.remove(_job(feed, interval))
        if not feed.due:
            del self._feeds[source]
            self._run(self._close(source[0], feed))

    async def _first(self, source: Source, feed: _Feed) -> None:
        """The first reading of new triggers, before they are due: of all that came until it is its turn."""
        await asyncio.sleep(GATHER)
        async with feed.turn:
            at = asyncio.get_running_loop().time()
            fresh = {subscription: feed.due[interval][subscription] for interval, subscription in feed.fresh}
            feed.fresh.clear()
            answers = await self._ask(source[0], feed, fresh) if fresh else {}
        self._tell(fresh, answers, at)

    async def _fire(self, source: Source, feed: _Feed, interval: float, trigger: Aligned) -> None:
        at = trigger.last_due(asyncio.get_running_loop().time())
        due = dict(feed.due.get(interval, {}))
        async with feed.turn:
            answers = await self._ask(source[0], feed, due)
        self._tell(due, answers, at)

    def _tell(self, due: dict[Subscription, BaseModel], answers: dict[BaseModel, Answer], at: float) -> None:
        delivered: dict[Key, dict[str, Answer]] = {}
        for (key, name), queue in due.items():
            place = self._places.get(key, {}).get(name)
            # Mostly the same object: comparing two of them field by field is what costs.
            if place is not None and (place.queue is queue or place.queue == queue):
                delivered.setdefault(key, {})[name] = answers[queue]
        self.deliver(delivered, at)

    async def _ask(self, trigger_type: str, feed: _Feed, due: dict[Subscription, BaseModel]) -> dict[BaseModel, Answer]:
        """An answer for each queue, which several may wait for."""
        queues = list(dict.fromkeys(due.values()))
        started = time.perf_counter()
        outcome = "ok"
        try:
            read = await feed.scaler.read(queues)
            answers = {queue: kept(answer) for queue, answer in zip(queues, read, strict=True)}
        except ScalerError as error:
            outcome = "error"
            answers = dict.fromkeys(queues, kept(error))
        except Exception as error:
            # A fault in a scaler is a failed reading of its own queues, never the end of the loop.
            outcome = "error"
            answers = dict.fromkeys(queues, ScalerError(f"the {trigger_type} scaler failed: {type(error).__name__}"))
        self._observer.read(trigger_type, time.perf_counter() - started, outcome)
        self._count(trigger_type)
        return answers

    async def _close(self, trigger_type: str, feed: _Feed) -> None:
        async with feed.turn:
            await feed.scaler.close()
        self._count(trigger_type)

    def _count(self, trigger_type: str) -> None:
        feeds = (feed for (kind, _), feed in self._feeds.items() if kind == trigger_type)
        self._observer.connections(trigger_type, sum(feed.scaler.connections for feed in feeds))

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _places(rule: Rule) -> dict[str, _Place]:
    return {trigger.name: _Place(trigger.source, rule.polling_interval, trigger.queue) for trigger in rule.triggers}


def _job(feed: _Feed, interval: float) -> str:
    return f"{id(feed)}:{interval}"


def _phase(source: Source, interval: float) -> float:
    """Where in its interval a broker is read: brokers are spread, the rules of one broker are not."""
    digest = hashlib.blake2b(repr(source).encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64 * interval
