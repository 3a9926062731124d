"""Every state has its word, and the worst one is said."""

import re
from pathlib import Path
from typing import Any

import pytest

from scaler.page.standing import Standing, standing
from tests.board import Board
from tests.rules import trigger


def told(board: Board) -> Standing:
    (row,) = board.rows()
    return standing(row)


@pytest.mark.parametrize(
    ("answers", "fields", "word"),
    [
        ([0], {}, "at rest"),
        ([50], {}, "active"),
        ([50, 0], {}, "winding down"),
        ([50, 0], {"minReplicaCount": 5}, "at rest"),
        ([500], {"maxReplicaCount": 3}, "at max"),
        (["away"], {}, "failing"),
        ([500, "away"], {"maxReplicaCount": 3}, "failing"),
        (["away"] * 3, {"fallback": {"failureThreshold": 3, "replicas": 4}}, "fallback"),
        ([50], {"marks": {"paused": "true"}}, "paused"),
        ([50], {"marks": {"paused": "perhaps"}}, "invalid"),
        ([50], {"minReplicaCount": -1}, "invalid"),
        ([], {}, "waiting"),
    ],
)
async def test_the_worst_is_said(answers: list[float | str], fields: dict[str, Any], word: str) -> None:
    board = Board()
    board.rule("shop/orders", trigger("orders"), **fields)
    for answer in answers:
        board.pass_by(30)
        if word == "invalid" and "minReplicaCount" in fields:
            board.decide("shop/orders")
        else:
            board.poll("shop/orders", answer)
    assert told(board).word == word


async def test_another_autoscaler_comes_before_its_consequences() -> None:
    board = Board()
    workload = board.rule("shop/orders", maxReplicaCount=3)
    workload.rival = "HorizontalPodAutoscaler orders"
    board.poll("shop/orders", 500)
    assert told(board) is Standing.CONTESTED


def test_words_and_symbols_tell_them_apart_without_colour() -> None:
    assert len({each.word for each in Standing}) == len(Standing)
    assert len({(each.symbol, each.tone) for each in Standing}) >= len(Standing) - 1
    assert all(Standing.named(each.word) is each for each in Standing)
    assert Standing.named("resting") is None


def test_the_documentation_has_them_in_this_order() -> None:
    page = (Path(__file__).parents[2] / "docs" / "page.md").read_text()
    told = re.findall(r"^\| ([a-z ]+) \| ([^|]+) \| [^|]*\|$", page, re.MULTILINE)[1:]
    assert [word for word, _ in told] == [each.word for each in Standing]
