"""What is read when: one read per broker and interval, on a virtual clock, with a broker that only counts."""

import asyncio
import gc
import itertools
import weakref
from collections.abc import AsyncIterator, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from scaler.poll import GATHER, Answers, Poll
from scaler.target import Key
from scaler.tick import Ticks
from scalers import Dial, Reading, Scaler, ScalerError
from tests.rules import rule, trigger

pytestmark = pytest.mark.looptime


class Counting(Scaler[Any, Any]):
    """A broker in memory: `delay` seconds a read; `fault` is raised instead of an answer."""

    made: list["Counting"] = []  # noqa: RUF012  (emptied by the fixture)
    delay = 0.0
    fault: Exception | None = None

    def __init__(self, connection: Any, dial: Dial) -> None:
        super().__init__(connection, dial)
        self.reads: list[tuple[float, int]] = []
        self.closed = 0
        self.made.append(self)

    async def read(self, queues: Sequence[Any]) -> Sequence[Reading | ScalerError]:
        self.reads.append((asyncio.get_running_loop().time(), len(queues)))
        await asyncio.sleep(self.delay)
        if self.fault is not None:
            raise self.fault
        return [Reading(float(len(queues)), 1.0) for _ in queues]

    async def close(self) -> None:
        self.closed += 1

    @property
    def connections(self) -> int:
        return 1


class Silent:
    """Nobody looks at the reads."""

    def read(self, trigger_type: str, seconds: float, outcome: str) -> None: ...

    def connections(self, trigger_type: str, count: int) -> None: ...


class Desk:
    """A running Poll, and what it delivered and when."""

    def __init__(self) -> None:
        self.ticks = Ticks()
        self.delivered: list[tuple[float, float, Answers]] = []
        self.poll = Poll(Dial(1.0, _nowhere), self.ticks, Silent())
        self.poll.deliver = self._deliver

    def _deliver(self, answers: Answers, due: float) -> None:
        self.delivered.append((asyncio.get_running_loop().time(), due, answers))

    def heard(self, key: Key) -> list[float]:
        return [at for at, _, answers in self.delivered if key in answers]


async def _nowhere(host: str, port: int) -> str:
    raise ScalerError("no network here")


@pytest.fixture
async def desk(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    monkeypatch.setattr("scaler.poll.load", lambda kind: SimpleNamespace(Scaler=Counting))
    monkeypatch.setattr(Counting, "made", [])
    desk = Desk()
    desk.ticks.start()
    yield desk
    desk.ticks.stop()
    await desk.poll.close()


def key(number: int) -> Key:
    return Key("default", f"worker-{number}")


async def test_a_thousand_rules_are_one_read(desk: Desk) -> None:
    for number in range(1000):
        desk.poll.subscribe(key(number), rule(trigger(f"queue-{number}"), pollingInterval=10))
    await asyncio.sleep(60)
    (scaler,) = Counting.made
    assert {count for _, count in scaler.reads} == {1000}
    assert len(scaler.reads) == 1 + 6


async def test_rules_that_come_at_any_time_meet_in_one_read(desk: Desk) -> None:
    for number in range(10):
        desk.poll.subscribe(key(number), rule(trigger(f"queue-{number}"), pollingInterval=10))
        await asyncio.sleep(0.7)
    await asyncio.sleep(60)
    (scaler,) = Counting.made
    last = scaler.reads[-5:]
    assert [count for _, count in last] == [10] * 5
    assert [round(b[0] - a[0], 6) for a, b in itertools.pairwise(last)] == [10.0] * 4


async def test_a_new_rule_is_read_at_once(desk: Desk) -> None:
    await asyncio.sleep(1)
    desk.poll.subscribe(key(1), rule(pollingInterval=300))
    await asyncio.sleep(GATHER + 0.01)
    assert desk.heard(key(1)) == [pytest.approx(1 + GATHER)]


async def test_what_comes_during_a_read_is_one_read(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Counting, "delay", 1.0)
    for number in range(5):
        desk.poll.subscribe(key(number), rule(trigger(f"queue-{number}"), pollingInterval=300))
        await asyncio.sleep(0.2)
    await asyncio.sleep(2)
    assert [(round(at, 3), count) for at, count in Counting.made[0].reads] == [(GATHER, 1), (GATHER + 1, 4)]


async def test_two_triggers_on_one_queue_are_read_once(desk: Desk) -> None:
    desk.poll.subscribe(key(1), rule(pollingInterval=10))
    desk.poll.subscribe(key(2), rule(pollingInterval=10))
    await asyncio.sleep(11)
    assert {count for _, count in Counting.made[0].reads} == {1}
    assert len(desk.heard(key(1))) == len(desk.heard(key(2))) == 2


async def test_a_slow_broker_delays_only_its_own_rules(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = trigger("slow")
    slow["metadata"]["host"] = "amqp://guest:guest@slow:5672/"
    desk.poll.subscribe(key(1), rule(slow, pollingInterval=2))
    desk.poll.subscribe(key(2), rule(trigger("quick"), pollingInterval=2))
    next(scaler for scaler in Counting.made if "slow" in repr(scaler.connection)).delay = 30.0
    await asyncio.sleep(29)
    assert desk.heard(key(1)) == []
    assert len(desk.heard(key(2))) >= 14


async def test_a_read_under_way_is_not_begun_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Counting, "delay", 5.0)
    desk.poll.subscribe(key(1), rule(pollingInterval=2))
    await asyncio.sleep(60)
    times = [at for at, _ in Counting.made[0].reads]
    assert all(later - earlier >= 5 for earlier, later in itertools.pairwise(times))


async def test_a_dead_broker_is_an_error_for_each_and_recovers(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Counting, "fault", ScalerError("away"))
    desk.poll.subscribe(key(1), rule(pollingInterval=2))
    await asyncio.sleep(3)
    assert isinstance(desk.delivered[-1][2][key(1)]["orders"], ScalerError)
    monkeypatch.setattr(Counting, "fault", None)
    await asyncio.sleep(2)
    assert desk.delivered[-1][2][key(1)]["orders"] == Reading(1.0, 1.0)


async def test_a_fault_in_a_scaler_is_an_error_of_its_queues(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Counting, "fault", ZeroDivisionError("secret"))
    desk.poll.subscribe(key(1), rule(pollingInterval=2))
    await asyncio.sleep(3)
    error = desk.delivered[-1][2][key(1)]["orders"]
    assert isinstance(error, ScalerError)
    assert "secret" not in str(error)


async def test_an_edit_moves_the_trigger_and_closes_what_nobody_uses(desk: Desk) -> None:
    desk.poll.subscribe(key(1), rule(pollingInterval=2))
    await asyncio.sleep(3)
    elsewhere = trigger()
    elsewhere["metadata"]["host"] = "amqp://guest:guest@other:5672/"
    desk.poll.subscribe(key(1), rule(elsewhere, pollingInterval=2))
    await asyncio.sleep(3)
    former, present = Counting.made
    assert (former.closed, present.closed) == (1, 0)
    assert present.reads


async def test_an_edit_of_other_fields_keeps_the_connection(desk: Desk) -> None:
    desk.poll.subscribe(key(1), rule(pollingInterval=2))
    await asyncio.sleep(3)
    desk.poll.subscribe(key(1), rule(pollingInterval=2, maxReplicaCount=5))
    desk.poll.subscribe(key(1), rule(pollingInterval=4, maxReplicaCount=5))
    await asyncio.sleep(5)
    assert len(Counting.made) == 1
    assert Counting.made[0].closed == 0


async def test_a_rule_that_goes_is_read_no_more(desk: Desk) -> None:
    desk.poll.subscribe(key(1), rule(pollingInterval=2))
    await asyncio.sleep(3)
    desk.poll.unsubscribe(key(1))
    desk.poll.unsubscribe(key(1))
    reads = len(Counting.made[0].reads)
    await asyncio.sleep(10)
    assert (len(Counting.made[0].reads), Counting.made[0].closed) == (reads, 1)


async def test_an_answer_for_a_rule_that_went_meanwhile_is_dropped(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Counting, "delay", 1.0)
    desk.poll.subscribe(key(1), rule(pollingInterval=5))
    desk.poll.subscribe(key(2), rule(pollingInterval=5))
    await asyncio.sleep(0.5)
    desk.poll.unsubscribe(key(1))
    await asyncio.sleep(1)
    assert desk.heard(key(1)) == []
    assert len(desk.heard(key(2))) == 1


@pytest.mark.parametrize("each", [False, True], ids=["the broker's", "one queue's"])
async def test_an_error_holds_nothing_of_its_read(desk: Desk, monkeypatch: pytest.MonkeyPatch, each: bool) -> None:
    """Errors are remembered for long, and 10,000 queues that were asked for are a megabyte."""
    asked: list[weakref.ref[Any]] = []

    async def fail(self: Counting, queues: Sequence[Any]) -> Sequence[Reading | ScalerError]:
        all_of_them = set(queues)
        asked.append(weakref.ref(all_of_them))
        try:
            try:
                raise ConnectionError(all_of_them)
            except ConnectionError as error:
                raise ScalerError("away") from error
        except ScalerError as error:
            if not each:
                raise
            return [error for _ in queues]

    monkeypatch.setattr(Counting, "read", fail)
    desk.poll.subscribe(key(1), rule(pollingInterval=5))
    await asyncio.sleep(1)
    ((_, _, answers),) = desk.delivered
    assert str(answers[key(1)]["orders"]) == "away"
    gc.collect()
    assert [queues() for queues in asked] == [None]


async def test_due_times_are_told(desk: Desk) -> None:
    desk.poll.subscribe(key(1), rule(pollingInterval=10))
    await asyncio.sleep(35)
    assert all(0 <= at - due < 0.01 for at, due, _ in desk.delivered)
