"""An hour of eight rules, and its pages."""

from collections.abc import AsyncIterator
from typing import NamedTuple

import pytest

from scaler.settings import Address
from scaler.web import listen, rules_site
from tests.board import Board, scene


class Shown(NamedTuple):
    """A board, and where its pages are."""

    board: Board
    url: str


@pytest.fixture
async def shown() -> AsyncIterator[Shown]:
    """Pages of the scene."""
    board, address = scene(), Address("127.0.0.1", 0)
    runner = await listen(rules_site(board, address, lambda: board.now), address)
    yield Shown(board, f"http://127.0.0.1:{runner.addresses[0][1]}")
    await runner.cleanup()
