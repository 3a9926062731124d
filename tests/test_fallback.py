"""A count that stands for the reading of a trigger that goes on failing."""

from typing import Any

import pytest

from scaler.answer import Repeated
from scaler.decide import Reason, Replicas, decide
from scaler.history import History
from scaler.rule import Rule
from tests.rules import FAILED, reading, rule, trigger
from tests.test_decide import NOW, Story, once

#: Long before anything that a window could hold.
LONG_AGO = History(first_seen=0.0, last_poll=NOW - 1)
QUICK = {"pollingInterval": 10, "cooldownPeriod": 60, "initialCooldownPeriod": 0}


def fallback(replicas: int, threshold: int = 3, kind: str = "static", *triggers: Any, **fields: Any) -> Rule:
    written = {"failureThreshold": threshold, "replicas": replicas, "behavior": kind}
    return rule(*triggers, fallback=written, **{**QUICK, **fields})


def fallen(of: Rule, found: int, history: History = LONG_AGO, **answers: Any) -> int:
    """The count once every trigger has failed often enough."""
    failed = history._replace(failures={each.name: 9 for each in of.triggers})
    readings = {each.name: answers.get(each.name, FAILED) for each in of.triggers}
    return decide(of, readings, Replicas(found, found), failed, NOW).replicas


@pytest.mark.parametrize(
    ("behavior", "found", "expected"),
    [
        pytest.param("static", 3, 6, id="static raises"),
        pytest.param("static", 9, 6, id="static lowers"),
        pytest.param("static", 0, 6, id="static from zero"),
        pytest.param("currentReplicas", 3, 3, id="current holds"),
        pytest.param("currentReplicas", 0, 0, id="current at zero"),
        pytest.param("currentReplicasIfHigher", 3, 6, id="if higher raises"),
        pytest.param("currentReplicasIfHigher", 9, 9, id="if higher holds"),
        pytest.param("currentReplicasIfHigher", 0, 6, id="if higher from zero"),
        pytest.param("currentReplicasIfLower", 3, 3, id="if lower holds"),
        pytest.param("currentReplicasIfLower", 9, 6, id="if lower lowers"),
        pytest.param("currentReplicasIfLower", 0, 0, id="if lower at zero"),
    ],
)
@pytest.mark.parametrize("metric", ["AverageValue", "Value"])
def test_behaviors(behavior: str, found: int, expected: int, metric: str) -> None:
    assert fallen(fallback(6, 3, behavior, trigger(metricType=metric)), found) == expected


def test_it_begins_with_the_poll_that_reaches_the_threshold() -> None:
    story = Story(fallback(6, 3), 2)
    assert [story.at(s, orders=FAILED).replicas for s in (0, 10, 20, 30)] == [2, 2, 6, 6]


@pytest.mark.parametrize("threshold", [0, 1])
def test_it_begins_at_once(threshold: int) -> None:
    decision = Story(fallback(6, threshold), 2).at(0, orders=FAILED)
    assert (decision.replicas, decision.reason, decision.fallback) == (6, Reason.FALLBACK, True)


def test_only_failures_in_a_row_count() -> None:
    story = Story(fallback(6, 2), 2)
    answers: list[Any] = [FAILED, 20, FAILED, 20, FAILED, FAILED]
    assert [story.at(10 * turn, orders=each).replicas for turn, each in enumerate(answers)] == [2, 2, 2, 2, 2, 6]


def test_each_trigger_counts_for_itself() -> None:
    story = Story(fallback(6, 3, "static", trigger("a"), trigger("b")), 2)
    story.at(0, a=FAILED, b=20)
    story.at(10, a=FAILED, b=FAILED)
    # Only `a` has failed three times: its fallback raises, and `b`, which fails without one, lowers nothing.
    decision = story.at(20, a=FAILED, b=FAILED)
    assert decision.replicas == 6
    assert decision.history.failures == {"a": 3, "b": 2}
    assert story.at(30, a=20, b=20).history.failures == {}


def test_an_error_that_was_counted_is_not_counted_again() -> None:
    story = Story(fallback(6, 3), 2)
    story.at(0, orders=FAILED)
    again = [story.at(s, orders=Repeated("as before")) for s in (1, 2, 3)]
    assert {decision.history.failures["orders"] for decision in again} == {1}
    assert {decision.replicas for decision in again} == {2}


def test_an_error_of_before_a_restart_counts_once() -> None:
    story = Story(fallback(6, 3), 2)
    assert story.at(0, orders=Repeated("as before")).history.failures == {"orders": 1}


def test_failures_are_counted_while_paused() -> None:
    story = Story(fallback(6, 3, marks={"paused": "true"}), 2)
    story.at(0, orders=FAILED)
    story.at(10, orders=FAILED)
    story.rule = fallback(6, 3)
    assert story.at(20, orders=FAILED).replicas == 6


def test_a_trigger_that_is_gone_has_no_failures() -> None:
    story = Story(fallback(6, 3, "static", trigger("a"), trigger("b")), 2)
    story.at(0, a=FAILED, b=FAILED)
    story.rule = fallback(6, 3, "static", trigger("b"))
    assert story.at(10, b=20).history.failures == {}


@pytest.mark.parametrize(
    ("fields", "found", "expected"),
    [
        pytest.param({"maxReplicaCount": 4}, 2, 4, id="within max"),
        pytest.param({"minReplicaCount": 8}, 9, 8, id="within min"),
        pytest.param(
            {"behavior": {"scaleUp": {"policies": [{"type": "Pods", "value": 1, "periodSeconds": 60}]}}}, 2, 3
        ),
        pytest.param(
            {"behavior": {"scaleUp": {"policies": [{"type": "Pods", "value": 1, "periodSeconds": 60}]}}}, 0, 2
        ),
        pytest.param({"behavior": {"scaleDown": {"selectPolicy": "Disabled"}}}, 9, 9, id="never down"),
        pytest.param({"marks": {"paused-scale-out": "true"}}, 2, 2, id="scale-out paused"),
    ],
)
def test_it_goes_through_the_rules_of_every_proposal(fields: dict[str, Any], found: int, expected: int) -> None:
    assert fallen(fallback(6, **fields), found) == expected


def test_it_lowers_only_to_the_highest_of_the_window() -> None:
    story = Story(fallback(6, 1), 9)
    assert {story.at(s, orders=FAILED).replicas for s in range(0, 300, 10)} == {9}
    assert story.at(310, orders=FAILED).replicas == 6


def test_the_highest_of_fallback_and_reading_wins() -> None:
    of = fallback(6, 3, "static", trigger("a"), trigger("b"))
    assert fallen(of, 2, b=reading(90)) == 9
    assert fallen(of, 2, b=reading(10)) == 6


def test_tolerance_does_not_touch_a_count_that_was_written() -> None:
    assert fallen(fallback(11), 10) == 11


def test_a_fallback_keeps_awake() -> None:
    story = Story(fallback(6, 1), 6)
    assert {story.at(s, orders=FAILED).replicas for s in range(0, 1000, 20)} == {6}
    assert story.at(1000, orders=FAILED).active


def test_a_fallback_to_one_keeps_awake_too() -> None:
    story = Story(fallback(1, 1), 1)
    assert {story.at(s, orders=FAILED).replicas for s in range(0, 1000, 20)} == {1}
    assert story.at(1000, orders=FAILED).active


def test_a_fallback_of_zero_rests_only_after_the_cooldown() -> None:
    story = Story(fallback(0, 3), 5)
    story.at(0, orders=50)
    held = [story.at(s, orders=FAILED) for s in (10, 20)]
    assert {decision.replicas for decision in held} == {5}
    # The third failure starts the fallback, and with it the cooldown, from the last poll before.
    cooling = [story.at(s, orders=FAILED) for s in (30, 40, 50, 60, 70)]
    assert {decision.replicas for decision in cooling} == {5}
    assert not cooling[-1].active
    assert story.at(80, orders=FAILED).replicas == 0
    assert story.at(90, orders=FAILED).replicas == 0


def test_a_failure_without_fallback_beside_a_fallback_of_zero_restarts_the_cooldown() -> None:
    of = fallback(0, 3, "static", trigger("a"), trigger("b"))
    story = Story(of, 5)
    story.history = story.history._replace(failures={"a": 9})
    assert {story.at(s, a=FAILED, b=0 if s % 60 else FAILED).replicas for s in range(0, 900, 20)} == {5}


def test_recovery_decides_by_the_reading_again() -> None:
    story = Story(fallback(6, 1), 2)
    story.at(0, orders=FAILED)
    decision = story.at(10, orders=80)
    assert (decision.replicas, decision.fallback, decision.reason) == (8, False, Reason.QUEUE)


def test_without_fallback_failures_hold_for_ever() -> None:
    story = Story(rule(**QUICK), 4)
    assert {story.at(s, orders=FAILED).replicas for s in range(0, 2000, 20)} == {4}


def test_the_steps_tell_of_it() -> None:
    decision = once(fallback(6, 1), 2, {"orders": FAILED})
    assert decision.why() == (
        "orders: cannot reach the broker; "
        "orders failed 1 poll in a row: the fallback (static) asks for 6; active by orders"
    )
