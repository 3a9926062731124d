"""What the loop does while it takes in many rules: others have their turn, none is missed and none comes back."""

import asyncio

from scaler.loop import SLICE
from tests.stand import Stand


def known(stand: Stand) -> int:
    return len(stand.report.rows())


async def test_others_have_their_turn_while_many_are_listed() -> None:
    stand = Stand(3 * SLICE)
    stand.shares.first_round.set()
    listing = asyncio.create_task(stand.begin())
    await asyncio.sleep(0)
    assert known(stand) == SLICE
    await listing
    assert known(stand) == 3 * SLICE


async def test_one_that_goes_while_many_are_gained_stays_gone() -> None:
    stand = Stand(3 * SLICE)
    await stand.begin()
    assert known(stand) == 0
    stand.shares.first_round.set()
    gaining = asyncio.create_task(stand.loop.gained())
    await asyncio.sleep(0)
    assert known(stand) == SLICE
    stand.loop.remove(stand.keys[-1])
    await gaining
    assert known(stand) == 3 * SLICE - 1
    assert stand.report.row(stand.keys[-1]) is None
