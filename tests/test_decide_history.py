"""What is kept of the past, and for how long."""

import pytest

from scaler.history import Change, History, Recommendation, changed, recommended
from tests.rules import FAILED, rule
from tests.test_decide import NOW, once


def entries(*pairs: tuple[float, int]) -> tuple[Recommendation, ...]:
    return tuple(Recommendation(*pair) for pair in pairs)


def test_an_unobserved_stretch_moves_every_time() -> None:
    past = History(1.0, 2.0, 3.0, entries((4, 7)), (Change(5.0, 8),), (Change(6.0, 9),), {"orders": 2})
    later = History(11.0, 12.0, 13.0, entries((14, 7)), (Change(15.0, 8),), (Change(16.0, 9),), {"orders": 2})
    assert past.shifted(10) == later


def test_what_has_not_happened_is_not_moved() -> None:
    assert History.begin(3, 1.0).shifted(10) == History(11.0, recommendations=entries((11, 3)))


@pytest.mark.parametrize(
    ("before", "replicas", "after"),
    [
        pytest.param([], 5, [(100, 5)], id="the first"),
        pytest.param([(90, 7)], 5, [(90, 7), (100, 5)], id="one that was higher"),
        pytest.param([(90, 3)], 5, [(90, 3), (100, 5)], id="one that was lower"),
        pytest.param([(80, 9), (90, 2)], 5, [(80, 9), (90, 2), (100, 5)], id="one of each"),
        pytest.param([(90, 5)], 5, [(100, 5)], id="one that was alike"),
        pytest.param([(80, 7), (90, 7)], 5, [(90, 7), (100, 5)], id="of two alike the later, which lasts longer"),
        pytest.param([(80, 3), (90, 3)], 5, [(90, 3), (100, 5)], id="of two low ones the later"),
        pytest.param([(80, 6), (90, 7)], 5, [(90, 7), (100, 5)], id="none that a later one exceeds"),
        pytest.param([(40, 9)], 5, [(40, 9), (100, 5)], id="as old as the window"),
        pytest.param([(39, 9)], 5, [(100, 5)], id="older than the window"),
    ],
)
def test_recommendations(before: list[tuple[float, int]], replicas: int, after: list[tuple[float, int]]) -> None:
    assert recommended(entries(*before), replicas, 100.0, 60.0) == entries(*after)


@pytest.mark.parametrize(
    ("before", "change", "after"),
    [
        pytest.param([], 1, [(100, 1)], id="the first"),
        pytest.param([], 0, [], id="no change"),
        pytest.param([], -2, [], id="a change the other way"),
        pytest.param([(90, 4)], 3, [(90, 4), (100, 3)], id="one more"),
        pytest.param([(40, 4), (40.5, 2)], 0, [(40.5, 2)], id="one whose period is over"),
    ],
)
def test_changes(before: list[tuple[float, int]], change: int, after: list[tuple[float, int]]) -> None:
    kept = changed(tuple(Change(*pair) for pair in before), change, 100.0, 60.0)
    assert kept == tuple(Change(*pair) for pair in after)


@pytest.mark.parametrize(
    ("found", "value", "ups", "downs"),
    [(4, 90, (Change(NOW, 5),), ()), (9, 40, (), (Change(NOW, 5),)), (4, 40, (), ())],
    ids=["up", "down", "neither"],
)
def test_a_change_is_kept_in_its_direction(
    found: int, value: float, ups: tuple[Change, ...], downs: tuple[Change, ...]
) -> None:
    history = once(rule(), found, {"orders": value}).history
    assert (history.scale_ups, history.scale_downs) == (ups, downs)


def test_a_cooldown_is_kept_as_the_time_it_began() -> None:
    assert once(rule(), 3, {"orders": 0}).history.inactive_since == NOW - 1
    assert once(rule(), 3, {"orders": 5}).history.inactive_since is None
    assert once(rule(), 3, {"orders": FAILED}).history.inactive_since is None
