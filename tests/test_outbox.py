"""Writes go out in the order of their urgency, so many at a time, and a fault in one ends nothing."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from scaler.outbox import Outbox, Urgency

pytestmark = pytest.mark.looptime


class Office:
    """An outbox at work, what it sent, and what failed."""

    def __init__(self, width: int) -> None:
        self.sent: list[str] = []
        self.failed: list[BaseException] = []
        self.at_once = self.most_at_once = 0
        self.outbox = Outbox(width, self.failed.append)

    def letter(self, name: str, seconds: float = 1.0) -> Callable[[], object]:
        async def send() -> None:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            await asyncio.sleep(seconds)
            self.at_once -= 1
            self.sent.append(name)

        return send


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    office = Office(2)
    task = asyncio.create_task(office.outbox.run())
    yield office
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_up_before_down_before_events_before_status(office: Office) -> None:
    for urgency in (Urgency.STATUS, Urgency.EVENT, Urgency.DOWN, Urgency.UP):
        office.outbox.put(urgency, office.letter(urgency.name))
    await office.outbox.drain(10)
    assert office.sent == ["UP", "DOWN", "EVENT", "STATUS"]


async def test_equal_ones_keep_their_order(office: Office) -> None:
    for number in range(6):
        office.outbox.put(Urgency.EVENT, office.letter(str(number)))
    await office.outbox.drain(10)
    assert office.sent == list("012345")


async def test_no_more_than_its_width_at_a_time(office: Office) -> None:
    for number in range(9):
        office.outbox.put(Urgency.UP, office.letter(str(number)))
    await office.outbox.drain(10)
    assert office.most_at_once == 2


async def test_a_write_that_fails_ends_nothing(office: Office) -> None:
    async def broken() -> None:
        raise OSError("gone")

    for _ in range(5):
        office.outbox.put(Urgency.UP, broken)
    office.outbox.put(Urgency.UP, office.letter("after"))
    await office.outbox.drain(10)
    assert office.sent == ["after"]
    assert [str(error) for error in office.failed] == ["gone"] * 5


async def test_draining_ends_in_time(office: Office) -> None:
    office.outbox.put(Urgency.UP, office.letter("slow", 100))
    await office.outbox.drain(2)
    assert asyncio.get_running_loop().time() == 2
    assert office.sent == []


async def test_it_tells_how_many_wait(office: Office) -> None:
    for urgency in (Urgency.EVENT, Urgency.UP, Urgency.EVENT):
        office.outbox.put(urgency, office.letter(urgency.name))
    assert [office.outbox.waiting(each) for each in (Urgency.UP, Urgency.EVENT, Urgency.STATUS)] == [1, 2, 0]
    await office.outbox.drain(10)
    assert office.outbox.waiting(Urgency.EVENT) == 0
