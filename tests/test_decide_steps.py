"""Every step that a decision tells of, and its reason: the answer to "why" is the computation itself."""

from typing import Any

import pytest

from scaler import step as steps
from scaler.decide import Decision, Reason, Replicas, decide
from scaler.history import History, Recommendation
from scaler.rule import InvalidRule, Rule
from scaler.step import Step, as_json
from tests.rules import FAILED, invalid, reading, rule, trigger
from tests.test_decide import NOW, once

#: Without a recommendation, a change or a first sight that could hold anything back.
EMPTY = History(first_seen=0.0, last_poll=NOW - 1)
COOLING = EMPTY._replace(inactive_since=NOW - 100)
COLD = EMPTY._replace(inactive_since=NOW - 300)


def recommending(age: float, replicas: int) -> History:
    return EMPTY._replace(recommendations=(Recommendation(NOW - age, replicas),))


def told(decision: Decision) -> list[dict[str, Any]]:
    """As `explain` prints it: a step as a tuple would equal another one with the same numbers."""
    return [as_json(step) for step in decision.steps]


def one(of: Rule, found: int, value: float, past: History = EMPTY) -> Decision:
    return decide(of, {"orders": reading(value)}, Replicas(found, found), past, NOW)


def up(**fields: Any) -> dict[str, Any]:
    return {"behavior": {"scaleUp": fields}}


def down(**fields: Any) -> dict[str, Any]:
    return {"behavior": {"scaleDown": fields}}


def pods(value: int, seconds: int = 60) -> list[dict[str, Any]]:
    return [{"type": "Pods", "value": value, "periodSeconds": seconds}]


@pytest.mark.parametrize(
    ("fields", "found", "value", "past", "expected", "reason", "replicas"),
    [
        pytest.param({}, 4, 90, EMPTY, [], Reason.QUEUE, 9, id="up: nothing holds it"),
        pytest.param({}, 9, 40, EMPTY, [], Reason.QUEUE, 4, id="down: nothing holds it"),
        pytest.param({}, 0, 90, EMPTY, [], Reason.ACTIVATED, 9, id="woken"),
        pytest.param(
            {}, 10, 20, recommending(100, 8), [steps.Stabilization("scaleDown", 300.0, 2, 8)], Reason.STABILIZED, 8
        ),
        pytest.param(
            down(stabilizationWindowSeconds=120),
            *(10, 20, recommending(100, 8)),
            [steps.Stabilization("scaleDown", 120, 2, 8)],
            *(Reason.STABILIZED, 8),
            id="the window of scaleDown",
        ),
        pytest.param(
            up(stabilizationWindowSeconds=120),
            *(4, 90, recommending(100, 6)),
            [steps.Stabilization("scaleUp", 120, 9, 6)],
            *(Reason.STABILIZED, 6),
            id="the window of scaleUp",
        ),
        pytest.param(
            up(policies=pods(2)), 4, 90, EMPTY, [steps.RateLimit("scaleUp", 9, 6)], Reason.RATE_LIMITED, 6, id="policy"
        ),
        pytest.param(up(policies=pods(5)), 4, 90, EMPTY, [], Reason.QUEUE, 9, id="a policy that allows just as many"),
        pytest.param(
            down(policies=pods(1)), 9, 20, EMPTY, [steps.RateLimit("scaleDown", 2, 8)], Reason.RATE_LIMITED, 8
        ),
        pytest.param(
            up(policies=pods(2)),
            *(0, 90, EMPTY),
            [steps.RateLimit("scaleUp", 9, 3)],
            *(Reason.RATE_LIMITED, 3),
            id="woken under a policy",
        ),
        pytest.param(up(policies=pods(2)), 0, 30, EMPTY, [], Reason.ACTIVATED, 3, id="woken, just as many as allowed"),
        pytest.param({}, 4, 2000, EMPTY, [steps.Bounds(1, 100, 100)], Reason.TOO_MANY, 100, id="max"),
        pytest.param({"minReplicaCount": 3}, 5, 10, EMPTY, [steps.Bounds(3, 100, 3)], Reason.TOO_FEW, 3, id="min"),
        pytest.param({"minReplicaCount": 1}, 3, 0, EMPTY, [steps.Bounds(1, 100, 1)], Reason.TOO_FEW, 1, id="min of 1"),
        pytest.param(
            {"minReplicaCount": 2}, 5, 0, EMPTY, [steps.Bounds(2, 100, 2)], Reason.TOO_FEW, 2, id="min without work"
        ),
        pytest.param({}, 1, 0, recommending(100, 1), [steps.Stabilization("scaleDown", 300.0, 0, 1)], "Stabilized", 1),
        pytest.param({}, 3, 0, COOLING, [steps.Cooldown(200.0, 1)], Reason.COOLDOWN, 1, id="cooling down"),
        pytest.param({}, 3, 0, COLD, [steps.Rest(0)], Reason.REST, 0, id="cold"),
        pytest.param({}, 0, 0, COOLING, [steps.Rest(0)], Reason.REST, 0, id="at rest"),
        pytest.param(
            {"minReplicaCount": 4, "idleReplicaCount": 1},
            *(8, 0, COOLING),
            [steps.Cooldown(200.0, 4)],
            *(Reason.COOLDOWN, 4),
            id="cooling down to idle",
        ),
        pytest.param(
            {"minReplicaCount": 4, "idleReplicaCount": 1}, 8, 0, COLD, [steps.Rest(1)], Reason.REST, 1, id="idle"
        ),
        pytest.param(
            {"marks": {"paused-scale-in": "true"}},
            *(50, 10, EMPTY),
            [steps.Paused("paused-scale-in", 50)],
            *(Reason.PAUSED, 50),
            id="scale-in paused",
        ),
        pytest.param(
            {"marks": {"paused-scale-out": "true"}},
            *(3, 90, EMPTY),
            [steps.Paused("paused-scale-out", 3)],
            *(Reason.PAUSED, 3),
            id="scale-out paused",
        ),
        pytest.param({"marks": {"paused-scale-in": "true"}}, 5, 50, EMPTY, [], Reason.QUEUE, 5, id="not down anyway"),
        pytest.param({"marks": {"paused-scale-out": "true"}}, 5, 50, EMPTY, [], Reason.QUEUE, 5, id="not up anyway"),
        pytest.param(
            {"marks": {"paused-scale-in": "true"}},
            *(3, 0, COLD),
            [steps.Paused("paused-scale-in", 3)],
            *(Reason.PAUSED, 3),
            id="cold, but scale-in paused",
        ),
    ],
)
def test_after_the_proposal(
    fields: dict[str, Any],
    found: int,
    value: float,
    past: History,
    expected: list[Step],
    reason: Reason,
    replicas: int,
) -> None:
    decision = one(rule(**fields), found, value, past)
    assert told(decision)[2:] == [as_json(step) for step in expected]
    assert (decision.reason, decision.replicas) == (reason, replicas)


def test_a_value_metric_without_behavior_rises_to_twice_the_count() -> None:
    decision = one(rule(trigger(metricType="Value")), 3, 1000)
    assert told(decision)[2:] == [as_json(steps.RateLimit("scaleUp", 300, 6))]
    assert decision.reason is Reason.RATE_LIMITED


def test_what_is_proposed_while_inactive_ends_at_max_too() -> None:
    decision = one(rule(trigger(activation=1e6)), 5, 2000)
    assert told(decision)[2:] == [as_json(steps.Bounds(0, 100, 100))]
    assert (decision.reason, decision.active) == (Reason.TOO_MANY, False)


@pytest.mark.parametrize(
    ("of", "expected", "reason"),
    [
        (rule(marks={"paused": "true"}), steps.Paused("paused", 3), Reason.PAUSED),
        (rule(marks={"paused-replicas": "7"}), steps.Paused("paused-replicas", 7), Reason.PAUSED),
        (rule(marks={"paused-replicas": "7", "paused": "true"}), steps.Paused("paused-replicas", 7), Reason.PAUSED),
        (invalid(), steps.InvalidRule(1, 3), Reason.INVALID),
        (invalid({"paused": "true"}), steps.Paused("paused", 3), Reason.PAUSED),
        (invalid({"paused-replicas": "7"}), steps.Paused("paused-replicas", 7), Reason.PAUSED),
    ],
)
def test_what_comes_before_the_triggers(of: Rule | InvalidRule, expected: Step, reason: Reason) -> None:
    decision = once(of, 3, {"orders": 500})
    assert told(decision) == [as_json(expected)]
    assert (decision.reason, decision.active) == (reason, False)
    assert decision.active is False


@pytest.mark.parametrize(
    ("fields", "found", "answers", "failures", "expected", "reason"),
    [
        pytest.param(
            {},
            3,
            {"a": 5},
            {},
            [
                steps.Proposal("a", 5, 10, 1),
                steps.Failure("b", "no reading", 1),
                steps.Failure("c", "no reading", 1),
                steps.Hold(2, 3, 3),
                steps.Activation(True, "a"),
            ],
            Reason.HELD,
            id="two of three are missing",
        ),
        pytest.param(
            {},
            3,
            {"a": 0, "b": FAILED, "c": 0},
            {"b": 1},
            [
                steps.Proposal("a", 0, 10, 0),
                steps.Failure("b", "cannot reach the broker", 2),
                steps.Proposal("c", 0, 10, 0),
                steps.Hold(1, 3, 3),
                steps.Activation(False, None),
            ],
            Reason.HELD,
            id="one fails a second time",
        ),
        pytest.param(
            {"marks": {"force-activation": "true"}},
            0,
            {"a": FAILED, "b": FAILED, "c": FAILED},
            {},
            [
                *[steps.Failure(name, "cannot reach the broker", 1) for name in "abc"],
                steps.Hold(3, 3, 0),
                steps.Activation(True, "force-activation"),
            ],
            Reason.ACTIVATED,
            id="forced though all fail",
        ),
        pytest.param(
            {"fallback": {"failureThreshold": 2, "replicas": 1}},
            3,
            {"a": FAILED, "b": 0, "c": 0},
            {"a": 1},
            [
                steps.Failure("a", "cannot reach the broker", 2),
                steps.Fallback("a", "static", 2, 1),
                steps.Proposal("b", 0, 10, 0),
                steps.Proposal("c", 0, 10, 0),
                steps.Activation(True, "a"),
            ],
            Reason.FALLBACK,
            id="a fallback of one is work",
        ),
    ],
)
def test_several_triggers(
    fields: dict[str, Any],
    found: int,
    answers: dict[str, Any],
    failures: dict[str, int],
    expected: list[Step],
    reason: Reason,
) -> None:
    of = rule(*(trigger(name) for name in "abc"), **fields)
    readings = {name: answer if answer is FAILED else reading(answer) for name, answer in answers.items()}
    decision = decide(of, readings, Replicas(found, found), EMPTY._replace(failures=failures), NOW)
    assert told(decision) == [as_json(step) for step in expected]
    assert decision.reason is reason


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -1.0], ids=str)
def test_a_number_that_is_no_length_is_told_as_an_error(number: float) -> None:
    first, *_ = told(once(rule(), 3, {"orders": reading(number)}))
    assert first["error"] == f"the broker answered {number}, which is no length"


@pytest.mark.parametrize("metric", ["AverageValue", "Value"])
@pytest.mark.parametrize("value", [1e12, 1e300])
def test_the_largest_count_is_that_of_kubernetes(metric: str, value: float) -> None:
    decision = one(rule(trigger(metricType=metric, target=1e-20)), 0, value)
    assert told(decision)[0]["replicas"] == 2**31 - 1


@pytest.mark.parametrize(
    ("interval", "gap", "unobserved"),
    [
        pytest.param(10, 0, False, id="at once"),
        pytest.param(10, 0.5, False, id="soon"),
        pytest.param(10, 30, False, id="three intervals"),
        pytest.param(10, 30.5, True, id="more than three intervals"),
        pytest.param(0.5, 30, False, id="thirty seconds"),
        pytest.param(0.5, 30.5, True, id="more than thirty seconds"),
        pytest.param(60, 180, False, id="three long intervals"),
        pytest.param(60, 180.5, True, id="more than three long intervals"),
        pytest.param(10, -0.5, True, id="back"),
    ],
)
def test_a_gap(interval: float, gap: float, unobserved: bool) -> None:
    past = EMPTY._replace(last_poll=NOW - gap)
    steps_told = told(one(rule(pollingInterval=interval), 4, 90, past))
    assert steps_told[:-2] == ([as_json(steps.Gap(gap))] if unobserved else [])
