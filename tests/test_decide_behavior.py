"""The HPA's `behavior` in whole decisions: windows, policies, tolerance, and where the contract leaves the HPA."""

from typing import Any

import pytest

from scaler.behavior import stabilize
from scaler.decide import Reason, Replicas, decide
from scaler.history import Change, History, Recommendation
from scaler.rule import Rule
from tests.rules import reading, rule, trigger
from tests.test_decide import NOW, Story, once
from tests.test_decide_steps import EMPTY, down, pods, up

QUICK = {"cooldownPeriod": 0, "initialCooldownPeriod": 0}
IDLE = {"minReplicaCount": 3, "idleReplicaCount": 0}


def behavior(up: dict[str, Any] | None = None, down: dict[str, Any] | None = None, **fields: Any) -> Rule:
    return rule(behavior={"scaleUp": up or {}, "scaleDown": down or {}}, **fields)


def test_a_long_window_holds_for_all_of_it() -> None:
    story = Story(rule(**down(stabilizationWindowSeconds=600)), 10)
    story.at(0, orders=100)
    # Younger than the window, as in the HPA with `behavior`.
    assert {story.at(s, orders=60).replicas for s in range(30, 600, 30)} == {10}
    assert story.at(600, orders=60).replicas == 6


def test_a_rise_waits_for_the_window() -> None:
    story = Story(rule(**up(stabilizationWindowSeconds=120)), 4)
    story.at(0, orders=40)
    assert {story.at(s, orders=60).replicas for s in range(30, 120, 30)} == {4}
    assert story.at(120, orders=60).replicas == 6


@pytest.mark.parametrize(
    ("age", "rising", "expected"),
    [(59.9, True, 6), (60, True, 9), (299.9, False, 8), (300, False, 2)],
)
def test_a_recommendation_as_old_as_its_window_is_out_of_it(age: float, rising: bool, expected: int) -> None:
    windows = behavior({"stabilizationWindowSeconds": 60}).behavior
    past = History(0.0, recommendations=(Recommendation(NOW - age, 6 if rising else 8),))
    assert windows is not None
    assert stabilize(windows, 9 if rising else 2, 4 if rising else 10, past, NOW) == expected


def test_a_policy_limits_the_rise_over_all_of_its_period() -> None:
    story = Story(rule(**up(policies=pods(2))), 4)
    assert [story.at(s, orders=500).replicas for s in range(0, 140, 20)] == [6, 6, 6, 8, 8, 8, 10]


def test_a_policy_limits_the_fall_over_all_of_its_period() -> None:
    story = Story(rule(**down(policies=pods(2), stabilizationWindowSeconds=0)), 10)
    story.history = EMPTY
    assert [story.at(s, orders=30).replicas for s in range(0, 140, 20)] == [8, 8, 8, 6, 6, 6, 4]


@pytest.mark.parametrize(
    ("select", "up", "down"), [("Max", 16, 4), ("Min", 12, 8), ("Disabled", 10, 10)], ids=["Max", "Min", "Disabled"]
)
def test_several_policies(select: str, up: int, down: int) -> None:
    policies = [*pods(2), {"type": "Percent", "value": 60, "periodSeconds": 60}]
    of = behavior({"policies": policies, "selectPolicy": select}, {"policies": policies, "selectPolicy": select})
    assert once(of, 10, {"orders": 500}).replicas == up
    assert once(of, 10, {"orders": 1}).replicas == down


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(30, 4, id="at the end below"),
        pytest.param(29, 3, id="beyond it"),
        pytest.param(60, 4, id="at the end above"),
        pytest.param(61, 7, id="beyond that"),
    ],
)
@pytest.mark.parametrize("metric", ["AverageValue", "Value"])
def test_tolerance_in_each_direction(value: float, expected: int, metric: str) -> None:
    of = behavior({"tolerance": 0.5}, {"tolerance": 0.25, "stabilizationWindowSeconds": 0})
    if metric == "Value":
        of = rule(trigger(metricType="Value", target=40), behavior=of.behavior.model_dump(by_alias=True))
    assert once(of, 4, {"orders": value}).replicas == expected


def test_no_tolerance() -> None:
    of = behavior({"tolerance": 0}, {"tolerance": 0, "stabilizationWindowSeconds": 0})
    assert [once(of, 4, {"orders": value}).replicas for value in (39, 40, 41)] == [4, 4, 5]
    assert once(of, 4, {"orders": 30}).replicas == 3


def test_a_value_metric_has_no_other_limit() -> None:
    of = rule(trigger(metricType="Value"), behavior={})
    assert once(of, 0, {"orders": 1000}).replicas == 5
    assert once(of, 3, {"orders": 1000}).replicas == 7


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param(down(policies=pods(1)), 0, id="no rate limit"),
        pytest.param(down(stabilizationWindowSeconds=3600), 0, id="no window"),
        pytest.param(down(selectPolicy="Min", policies=pods(1)), 0, id="not by the smallest policy"),
        pytest.param(down(selectPolicy="Disabled"), 8, id="but not where falling is forbidden"),
        pytest.param(up(selectPolicy="Disabled"), 0, id="whatever is said of rising"),
    ],
)
def test_the_step_to_zero_is_of_the_cooldown_alone(fields: dict[str, Any], expected: int) -> None:
    story = Story(rule(**QUICK, **fields), 8)
    assert story.at(0, orders=0).replicas == expected


def test_the_first_poll_can_end_a_cooldown_of_no_time() -> None:
    decision = Story(rule(**QUICK), 8).at(0, orders=0)
    assert (decision.replicas, decision.history.inactive_since) == (0, NOW)


def test_a_failed_poll_restarts_a_cooldown_of_no_time() -> None:
    decision = once(rule(trigger("a"), trigger("b"), **QUICK), 8, {"a": 0})
    assert (decision.replicas, decision.reason) == (8, Reason.HELD)


@pytest.mark.parametrize(
    ("fields", "value", "expected"),
    [
        pytest.param(up(stabilizationWindowSeconds=3600), 30, 3, id="no window"),
        pytest.param(up(selectPolicy="Disabled"), 30, 1, id="to one though rising is forbidden"),
        pytest.param({**up(selectPolicy="Disabled"), **IDLE}, 90, 3, id="to min likewise"),
        pytest.param(up(policies=pods(4)), 90, 5, id="a limit counts from one"),
        pytest.param({**up(policies=pods(4)), **IDLE}, 90, 7, id="a limit counts from min"),
    ],
)
def test_leaving_zero(fields: dict[str, Any], value: float, expected: int) -> None:
    past = EMPTY._replace(recommendations=(Recommendation(NOW - 30, 0),))
    assert decide(rule(**fields), {"orders": reading(value)}, Replicas(0, 0), past, NOW).replicas == expected


def test_what_rose_before_it_rested_counts_when_it_is_woken_again() -> None:
    of = rule(**up(policies=pods(4)))
    for age, expected in ((59, 3), (61, 5)):
        past = EMPTY._replace(scale_ups=(Change(NOW - age, 2),))
        assert decide(of, {"orders": reading(90)}, Replicas(0, 0), past, NOW).replicas == expected
