"""The status annotation: its form, its size, its pace."""

import asyncio
import json

import pytest

from scaler.condition import Condition
from scaler.status import LATER, MAX_BYTES, SOON, StatusBook, render
from scaler.target import Key

KEY = Key("shop", "orders")
NAMES = ("Ready", "Active", "Fallback", "Paused", "Contested")


def test_it_is_json_for_people() -> None:
    shown = json.loads(render({"Ready": Condition("True", "RuleReady", "fine")}, {"Ready": 60.0}, {"to": 3}))
    assert shown["conditions"] == [
        {
            "type": "Ready",
            "status": "True",
            "reason": "RuleReady",
            "message": "fine",
            "lastTransitionTime": "1970-01-01T00:01:00Z",
        }
    ]
    assert shown["lastDecision"] == {"to": 3}


@pytest.mark.parametrize("text", ["x" * 50_000, "ü" * 50_000, '"' * 50_000], ids=["ascii", "wide", "quotes"])
def test_it_fits_4_kib(text: str) -> None:
    conditions = {name: Condition("False", "Reason", text) for name in NAMES}
    shown = render(conditions, dict.fromkeys(NAMES, 0.0), {"why": text})
    assert len(shown.encode()) <= MAX_BYTES
    assert json.loads(shown)["conditions"][0]["message"].endswith("…")


@pytest.mark.looptime
class TestPace:
    """At most one write per rule in 30 s, in 5 s for what people wait for."""

    def book(self) -> tuple[StatusBook, list[float]]:
        written: list[float] = []
        return StatusBook(lambda key: written.append(asyncio.get_running_loop().time())), written

    async def test_the_first_is_written_at_once(self) -> None:
        book, written = self.book()
        book.changed(KEY, soon=False)
        assert written == [0.0]

    async def test_later_ones_wait_and_are_one(self) -> None:
        book, written = self.book()
        for _ in range(3):
            book.changed(KEY, soon=False)
            await asyncio.sleep(1)
        await asyncio.sleep(100)
        assert written == [0.0, LATER]

    async def test_an_urgent_one_waits_less(self) -> None:
        book, written = self.book()
        book.changed(KEY, soon=False)
        book.changed(KEY, soon=False)
        await asyncio.sleep(1)
        book.changed(KEY, soon=True)
        await asyncio.sleep(100)
        assert written == [0.0, SOON]

    async def test_one_that_follows_an_urgent_one_goes_along(self) -> None:
        book, written = self.book()
        book.changed(KEY, soon=False)
        book.changed(KEY, soon=True)
        book.changed(KEY, soon=False)
        await asyncio.sleep(100)
        assert written == [0.0, SOON]

    async def test_a_rule_that_is_gone_is_not_written(self) -> None:
        book, written = self.book()
        book.changed(KEY, soon=False)
        book.changed(KEY, soon=False)
        book.forget(KEY)
        await asyncio.sleep(100)
        assert len(written) == 1
