"""Pages are made beside the loop, one at a time, and leave most of the time to decisions."""

import asyncio
import threading
import time

import pytest

from scaler.press import PATIENCE, REST, ROOM, Busy, Press


async def test_the_loop_goes_on_while_a_page_is_made() -> None:
    begun, meanwhile = threading.Event(), threading.Event()

    def page() -> str:
        begun.set()
        return "meanwhile" if meanwhile.wait(5) else "stood still"

    made = asyncio.create_task(Press().make(page))
    await asyncio.to_thread(begun.wait, 5)
    meanwhile.set()
    assert await made == "meanwhile"


async def test_one_at_a_time() -> None:
    press, at_once, most = Press(), [0], [0]

    def page() -> None:
        at_once[0] += 1
        most[0] = max(most[0], at_once[0])
        threading.Event().wait(0.005)
        at_once[0] -= 1

    await asyncio.gather(*(press.make(page) for _ in range(5)))
    assert most == [1]


async def test_it_rests_several_times_as_long_as_a_page_took() -> None:
    press, times = Press(), []

    def page() -> None:
        times.append(time.monotonic())
        threading.Event().wait(0.02)

    await press.make(page)
    await press.make(page)
    assert times[1] - times[0] >= 0.02 * (1 + REST)


@pytest.mark.looptime
async def test_one_too_many_is_sent_away_slowly() -> None:
    press, loop, hold = Press(), asyncio.get_running_loop(), threading.Event()
    made = [asyncio.create_task(press.make(hold.wait)) for _ in range(ROOM)]
    await asyncio.sleep(0)
    began = loop.time()
    with pytest.raises(Busy):
        await press.make(lambda: None)
    assert loop.time() - began == PATIENCE
    hold.set()
    await asyncio.gather(*made)
    assert await press.make(lambda: "again") == "again"


async def test_a_page_that_fails_takes_no_place() -> None:
    press = Press()
    for _ in range(ROOM + 1):
        with pytest.raises(ZeroDivisionError):
            await press.make(lambda: 1 // 0)
    assert await press.make(lambda: "well") == "well"
