"""One formula over all triggers in place of each of them."""

from typing import Any

import pytest

from scaler import step as steps
from scaler.answer import checked
from scaler.case import Case
from scaler.composite import propose_composite
from scaler.decide import Decision, Reason, Replicas, decide
from scaler.history import History
from scaler.proposal import Proposals, propose
from scaler.rule import Rule
from scaler.step import Step, as_json
from tests.rules import FAILED, reading, rule, trigger
from tests.test_decide import NOW, Story, once
from tests.test_decide_steps import told
from tests.test_fallback import LONG_AGO, QUICK


def formula(text: str, target: Any = 10, triggers: str = "ab", **fields: Any) -> Rule:
    """A rule of the triggers `a` and `b`, whose own target and activation must make no difference."""
    modifiers = {key: fields.pop(key) for key in ("activationTarget", "metricType") if key in fields}
    written = {"formula": text, "target": target, **modifiers}
    made = (trigger(name, target=1, activation=1e6) for name in triggers)
    return rule(*made, scalingModifiers=written, **{**QUICK, **fields})


@pytest.mark.parametrize(
    ("text", "found", "a", "b", "expected"),
    [
        pytest.param("a + b", 2, 30, 45, 8, id="sum"),
        pytest.param("(a + b) / 2", 0, 30, 50, 4, id="mean from zero"),
        pytest.param("max([a, b])", 2, 30, 45, 5, id="max"),
        pytest.param("a + b", 10, 50, 55, 10, id="within tolerance"),
        pytest.param("a", 2, 30, 1e9, 3, id="one of them alone"),
        pytest.param("count([a, b], {# > 1}) > 1 ? 50 : 0", 2, 5, 5, 5, id="count"),
        pytest.param("a - b", 5, 10, 10, 1, id="nothing to do: cooling down"),
    ],
)
def test_average_value(text: str, found: int, a: float, b: float, expected: int) -> None:
    assert once(formula(text), found, {"a": a, "b": b}).replicas == expected


@pytest.mark.parametrize(
    ("found", "ready", "a", "expected"),
    [
        pytest.param(4, 4, 20, 8, id="ratio times ready"),
        pytest.param(4, 1, 20, 4, id="never down while pods start"),
        pytest.param(4, 4, 5, 2, id="down by the replicas found"),
        pytest.param(3, 3, 1000, 6, id="at most twice in 15 s"),
        pytest.param(0, 0, 25, 3, id="from zero the ratio alone"),
    ],
)
def test_value(found: int, ready: int, a: float, expected: int) -> None:
    assert once(formula("a + b", metricType="Value"), found, {"a": a, "b": 0}, ready).replicas == expected


@pytest.mark.parametrize(("activation", "a", "expected"), [(5, 5, 0), (5, 6, 1), ("2.5", 3, 1), (0, 0, 0)], ids=str)
def test_it_is_active_above_its_own_activation_target(activation: Any, a: float, expected: int) -> None:
    assert once(formula("a", activationTarget=activation), 0, {"a": a, "b": 1e9}).replicas == expected


def test_it_rests_after_the_cooldown() -> None:
    story = Story(formula("a + b"), 5)
    story.at(0, a=50, b=0)
    assert [story.at(s, a=0, b=0).replicas for s in (20, 40, 60)] == [5, 5, 0]


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param({"a": FAILED, "b": 0}, id="one failing"),
        pytest.param({"a": FAILED, "b": FAILED}, id="both failing"),
        pytest.param({}, id="no reading"),
        pytest.param({"a": reading(float("nan")), "b": 0}, id="NaN"),
        pytest.param({"a": 0, "b": 0}, id="division by zero"),
        pytest.param({"a": 5, "b": -5}, id="a negative length"),
        pytest.param({"a": 1, "b": 200}, id="a negative result"),
    ],
)
def test_without_a_result_the_count_is_held(answers: dict[str, Any]) -> None:
    of = formula("a / (a + b) + (b > 100 ? -b : b)")
    for found in (0, 4):
        decision = once(of, found, answers)
        assert (decision.replicas, decision.reason) == (found, Reason.HELD)


def test_what_the_formula_does_not_use_changes_nothing() -> None:
    assert once(formula("a"), 2, {"a": 50, "b": FAILED}).replicas == 5
    story = Story(formula("a"), 5)
    story.at(0, a=50, b=FAILED)
    assert [story.at(s, a=0, b=FAILED).replicas for s in (20, 40, 60)] == [5, 5, 0]


def test_forced_activation() -> None:
    assert once(formula("a + b", marks={"force-activation": "true"}), 0, {"a": 0, "b": 0}).replicas == 1
    assert once(formula("a + b", marks={"force-activation": "true"}), 0, {"a": FAILED, "b": 0}).replicas == 1


def fallen(text: str, found: int, behavior: str, a: Any, b: Any, failures: int = 9, **fields: Any) -> Decision:
    """With fallback to 4 after 3 polls; whatever fails now has failed so often before."""
    written = {"failureThreshold": 3, "replicas": 4, "behavior": behavior}
    of = formula(text, fallback=written, **fields)
    answers = {"a": a, "b": b}
    history = LONG_AGO._replace(failures={name: failures for name in answers if answers[name] is FAILED})
    numbers = {name: answer if answer is FAILED else reading(answer) for name, answer in answers.items()}
    return decide(of, numbers, Replicas(found, found), history, NOW)


@pytest.mark.parametrize(
    ("text", "a", "b", "failures", "expected"),
    [
        pytest.param("a ?? b", 80, 60, 0, 8, id="both answer"),
        pytest.param("a ?? b", FAILED, 60, 9, 6, id="the first fails: the second"),
        pytest.param("a ?? b", FAILED, 60, 1, 2, id="the first fails, too seldom yet: held"),
        pytest.param("a ?? b", FAILED, FAILED, 9, 4, id="both fail: the written count"),
        pytest.param("(a ?? 10) + b", FAILED, 60, 9, 7, id="a number in its place"),
        pytest.param("a + b", FAILED, 60, 9, 2, id="no ?? for it: held"),
        pytest.param("(a ?? 10) + b", 60, FAILED, 9, 2, id="no ?? for the other one: held"),
    ],
)
def test_fallback_by_the_formula(text: str, a: Any, b: Any, failures: int, expected: int) -> None:
    assert fallen(text, 2, "scalingModifiers", a, b, failures).replicas == expected


@pytest.mark.parametrize(
    ("behavior", "found", "expected"),
    [("static", 2, 4), ("static", 9, 4), ("currentReplicas", 9, 9), ("currentReplicasIfHigher", 2, 4)],
)
@pytest.mark.parametrize("b", [60, FAILED], ids=["one fails", "both fail"])
def test_any_other_fallback_takes_the_place_of_the_formula(behavior: str, found: int, expected: int, b: Any) -> None:
    decision = fallen("a ?? b", found, behavior, FAILED, b)
    assert (decision.replicas, decision.reason) == (expected, Reason.FALLBACK)


def test_a_fallback_needs_every_trigger_that_fails_to_have_failed_often_enough() -> None:
    of = formula("a + b", fallback={"failureThreshold": 3, "replicas": 4})
    history = LONG_AGO._replace(failures={"a": 9, "b": 1})
    decision = decide(of, {"a": FAILED, "b": FAILED}, Replicas(2, 2), history, NOW)
    assert (decision.replicas, decision.reason) == (2, Reason.HELD)


def test_a_formula_that_cannot_be_computed_is_no_failed_poll() -> None:
    of = formula("a / b", fallback={"failureThreshold": 1, "replicas": 9})
    decision = once(of, 2, {"a": 5, "b": 0})
    assert (decision.replicas, decision.history.failures, decision.fallback) == (2, {}, False)


def test_the_steps_tell_of_it() -> None:
    assert once(formula("a + b"), 2, {"a": 30, "b": 45}).why() == (
        "a: 30; b: 45; a + b = 75; formula: 75 at 10 each asks for 8; active by formula"
    )


AWAY = "cannot reach the broker"


@pytest.mark.parametrize(
    ("text", "a", "b", "expected"),
    [
        pytest.param(
            "a + b",
            FAILED,
            60,
            [
                steps.Failure("a", AWAY, 1),
                steps.Value("b", 60),
                steps.Hold(1, 2, 2),
                steps.Activation(False, None),
            ],
            id="one fails",
        ),
        pytest.param(
            "a + b",
            FAILED,
            FAILED,
            [
                steps.Failure("a", AWAY, 1),
                steps.Failure("b", AWAY, 1),
                steps.Hold(2, 2, 2),
                steps.Activation(False, None),
            ],
            id="both fail",
        ),
        pytest.param(
            "a / b",
            5,
            0,
            [
                steps.Value("a", 5),
                steps.Value("b", 0),
                steps.Failure("formula", "5 / 0 divides by zero (column 3)", 0),
                steps.Hold(1, 2, 2),
                steps.Activation(False, None),
            ],
            id="division by zero",
        ),
        pytest.param(
            "a - b",
            5,
            7,
            [
                steps.Value("a", 5),
                steps.Value("b", 7),
                steps.Failure("formula", "the result is -2, which is no length", 0),
                steps.Hold(1, 2, 2),
                steps.Activation(False, None),
            ],
            id="a negative result",
        ),
    ],
)
def test_the_steps_tell_what_is_wrong(text: str, a: Any, b: Any, expected: list[Step]) -> None:
    assert told(once(formula(text), 2, {"a": a, "b": b})) == [as_json(step) for step in expected]


@pytest.mark.parametrize(
    ("text", "behavior", "expected"),
    [
        pytest.param("a + b", "static", [steps.Fallback("a", "static", 10, 4), steps.Activation(True, "a")], id="one"),
        pytest.param(
            "a ?? c",
            "scalingModifiers",
            [steps.Fallback("a", "scalingModifiers", 10, 4), steps.Activation(True, "a")],
            id="by the formula, which finds nothing",
        ),
        pytest.param(
            "a + b",
            "scalingModifiers",
            [
                steps.Failure("formula", "trigger 'a' has no value, and no ?? covers it", 0),
                steps.Hold(1, 3, 2),
                steps.Activation(False, None),
            ],
            id="by the formula, which has no ??",
        ),
    ],
)
def test_the_steps_tell_of_a_fallback(text: str, behavior: str, expected: list[Step]) -> None:
    of = formula(text, triggers="abc", fallback={"failureThreshold": 3, "replicas": 4, "behavior": behavior})
    history = LONG_AGO._replace(failures={"a": 9, "c": 9})
    decision = decide(of, {"a": FAILED, "b": reading(60), "c": FAILED}, Replicas(2, 2), history, NOW)
    assert [each for each in told(decision) if each["step"] != "value" and each.get("error") != AWAY] == [
        as_json(step) for step in expected
    ]
    assert told(decision)[0] == as_json(steps.Failure("a", AWAY, 10))


def test_a_fallback_of_one_trigger_does_not_hide_that_another_fails() -> None:
    of = formula("a + b", fallback={"failureThreshold": 3, "replicas": 4})
    history = LONG_AGO._replace(failures={"a": 9, "b": 1})
    decision = decide(of, {"a": FAILED, "b": FAILED}, Replicas(2, 2), history, NOW)
    assert told(decision)[2:] == [as_json(steps.Hold(1, 2, 2)), as_json(steps.Activation(False, None))]


@pytest.mark.parametrize(("replicas", "active"), [(0, False), (1, True), (2, True)])
def test_a_fallback_to_any_count_but_zero_is_work(replicas: int, active: bool) -> None:
    of = formula("a", fallback={"failureThreshold": 3, "replicas": replicas})
    history = LONG_AGO._replace(failures={"a": 9})
    decision = decide(of, {"a": FAILED, "b": reading(0)}, Replicas(2, 2), history, NOW)
    assert decision.active is active
    assert told(decision)[2] == as_json(steps.Activation(active, "a" if active else None))


@pytest.mark.parametrize(
    ("text", "answers", "failing"),
    [
        pytest.param("a + b", {"a": FAILED}, 2, id="no readings"),
        pytest.param("a / b", {"a": reading(5), "b": reading(0)}, 1, id="no result"),
        pytest.param("a - b", {"a": reading(5), "b": reading(7)}, 1, id="no length"),
        pytest.param(None, {"a": FAILED}, 2, id="no formula"),
    ],
)
def test_who_fails_proposes_nothing(text: str | None, answers: dict[str, Any], failing: int) -> None:
    of = formula(text) if text else rule(trigger("a"), trigger("b"))
    given = {name: checked(answers.get(name)) for name in "ab"}
    case = Case(2, 2, NOW, LONG_AGO)
    made = propose_composite(case, of, of.modifiers, given) if of.modifiers else propose(case, of, given)
    assert made == Proposals(-1, -1, failing, None)


def test_history_is_kept_as_of_any_rule() -> None:
    decision = once(formula("a + b"), 2, {"a": 30, "b": 45})
    assert decision.history.recommendations[-1].replicas == 8
    assert isinstance(decision.history, History)
