"""Aligned due times on the loop's clock."""

import asyncio

import pytest

from scaler.tick import Aligned, Ticks


@pytest.mark.looptime
async def test_equal_intervals_meet_whenever_they_were_added() -> None:
    ticks, seen = Ticks(), []
    ticks.start()

    async def job() -> None:
        seen.append(asyncio.get_running_loop().time())

    ticks.add("early", Aligned(2.0, 0.5), job)
    await asyncio.sleep(1.3)
    ticks.add("late", Aligned(2.0, 0.5), job)
    await asyncio.sleep(6)
    ticks.stop()
    assert [round(at, 3) for at in seen] == [0.5, 2.5, 2.5, 4.5, 4.5, 6.5, 6.5]


@pytest.mark.looptime
async def test_a_job_that_still_runs_is_left_out() -> None:
    ticks, seen = Ticks(), []
    ticks.start()

    async def slow() -> None:
        seen.append(asyncio.get_running_loop().time())
        await asyncio.sleep(5)

    ticks.add("slow", Aligned(2.0, 0.0), slow)
    await asyncio.sleep(13)
    ticks.stop()
    assert [round(at, 3) for at in seen] == [2.0, 8.0]


@pytest.mark.looptime
async def test_a_job_that_was_removed_fires_no_more() -> None:
    ticks, seen = Ticks(), []
    ticks.start()

    async def job() -> None:
        seen.append(1)

    ticks.add("job", Aligned(1.0, 0.0), job)
    await asyncio.sleep(2.5)
    ticks.remove("job")
    await asyncio.sleep(5)
    ticks.stop()
    assert len(seen) == 2


@pytest.mark.parametrize(
    ("interval", "phase", "now", "expected"),
    [(10, 0, 25, 20), (10, 3, 25, 23), (10, 3, 22.9, 13), (10, 3, 23, 23), (0.5, 0.2, 1.0, 0.7)],
)
def test_last_due(interval: float, phase: float, now: float, expected: float) -> None:
    assert Aligned(interval, phase).last_due(now) == pytest.approx(expected)
