"""The HPA's own test cases, as far as they concern metrics that no pod is asked for.

`tests/cases/hpa.json` holds all cases of the HPA's stages that exist here (replica calculation and whole reconciles of
external and object metrics, stabilization, rate limits, changes remembered); those that read CPU or pods are left out.
Values are in milli-units.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from scaler import behavior as hpa
from scaler.answer import Answer
from scaler.case import Case
from scaler.decide import Replicas, decide
from scaler.history import Change, History, Recommendation, changed
from scaler.proposal import propose
from scaler.rule import Behavior, Direction, Policy, Rule, ScaleDown
from tests.rules import FAILED, reading, rule, trigger

NOW = 1e6
CASES = json.loads((Path(__file__).parent / "cases" / "hpa.json").read_text())


def cases(*kinds: str) -> list[Any]:
    return [pytest.param(case, id=case["name"]) for case in CASES if case["kind"] in kinds]


def direction(kind: type[Direction], given: dict[str, Any] | None) -> Direction:
    """Without the checks of a rule: the HPA's stages are tested with parts that no rule can have."""
    if given is None:
        return kind()
    policies = [Policy.model_validate(policy) for policy in given["policies"]]
    return kind.model_construct(
        stabilization_window_seconds=given["stabilizationWindowSeconds"],
        select_policy=given["selectPolicy"],
        policies=tuple(policies),
        tolerance=0.1,
    )


def behavior(case: dict[str, Any]) -> Behavior | None:
    given = case["behavior"]
    if given is None:
        return None
    up, down = direction(Direction, given["scaleUp"]), direction(ScaleDown, given["scaleDown"])
    return Behavior.model_construct(scale_up=up, scale_down=down)


def history(case: dict[str, Any]) -> History:
    def changes(events: list[dict[str, Any]]) -> tuple[Change, ...]:
        return tuple(Change(NOW - event["age_seconds"], event["change"]) for event in events)

    recommended = [Recommendation(NOW - each["age_seconds"], each["value"]) for each in case["recommendations"]]
    ups, downs = changes(case["scale_up_events"]), changes(case["scale_down_events"])
    return History(0.0, NOW - 1, None, tuple(recommended), ups, downs)


def metrics(case: dict[str, Any]) -> tuple[list[dict[str, Any]], dict[str, Answer]]:
    """A trigger and an answer per metric."""
    triggers, answers = [], dict[str, Answer]()
    for index, metric in enumerate(case["metrics"]):
        name = f"m{index}"
        kind = metric.get("target_type", "AverageValue")
        triggers.append(trigger(name, target=metric.get("target_milli", 1000) / 1000, metricType=kind))
        answers[name] = reading(sum(metric["values_milli"]) / 1000) if metric["ok"] else FAILED
    return triggers, answers


def ready(case: dict[str, Any]) -> int:
    pods = [metric.get("ready_pods") for metric in case["metrics"]]
    return next((count for count in pods if count is not None), case["current_replicas"])


def of(case: dict[str, Any], triggers: list[dict[str, Any]], **fields: Any) -> Rule:
    """The rule of a case; its behavior is put in past the parser."""
    plain = rule(*triggers, **fields)
    names = type(plain).__slots__
    values = {name: getattr(plain, name) for name in names} | {"behavior": behavior(case)}
    return Rule(**values)


@pytest.mark.parametrize("case", cases("replica_calc"))
def test_replica_calculation(case: dict[str, Any]) -> None:
    triggers, answers = metrics(case)
    found = Case(case["current_replicas"], ready(case), NOW, history(case))
    assert propose(found, of(case, triggers), answers).highest == case["expected_replicas"]


@pytest.mark.parametrize("case", cases("controller"))
def test_whole_reconcile(case: dict[str, Any]) -> None:
    triggers, answers = metrics(case)
    bounds = {"minReplicaCount": case["min_replicas"], "maxReplicaCount": case["max_replicas"]}
    # The HPA knows none.
    bounds |= {"cooldownPeriod": 0, "initialCooldownPeriod": 0}
    replicas = Replicas(case["current_replicas"], ready(case))
    decision = decide(of(case, triggers, **bounds), answers, replicas, history(case), NOW)
    assert decision.replicas == case["expected_replicas"]


@pytest.mark.parametrize("case", cases("stabilize"))
def test_stabilization(case: dict[str, Any]) -> None:
    windows = behavior(case)
    assert windows is not None
    desired, current = case["desired_before_behavior"], case["current_replicas"]
    assert hpa.stabilize(windows, desired, current, history(case), NOW) == case["expected_replicas"]


@pytest.mark.parametrize("case", cases("stabilize_legacy"))
def test_stabilization_without_behavior(case: dict[str, Any]) -> None:
    desired = case["desired_before_behavior"]
    assert hpa.highest_recommendation(desired, history(case), NOW) == case["expected_replicas"]


@pytest.mark.parametrize("case", cases("rate_limit"))
def test_rate_limit(case: dict[str, Any]) -> None:
    policies = behavior(case)
    assert policies is not None
    current, wanted = case["current_replicas"], case["desired_before_behavior"]
    if wanted > current:
        allowed = min(wanted, case["max_replicas"], hpa.limit_up(policies.scale_up, current, history(case), NOW))
    else:
        allowed = max(wanted, case["min_replicas"], hpa.limit_down(policies.scale_down, current, history(case), NOW))
    assert allowed == case["expected_replicas"]


@pytest.mark.parametrize("case", cases("scale_up_limit"))
def test_scale_up_limit(case: dict[str, Any]) -> None:
    policies = behavior(case)
    assert policies is not None
    assert hpa.limit_up(policies.scale_up, case["current_replicas"], history(case), NOW) == case["expected_limit"]


@pytest.mark.parametrize("case", cases("rate_limit_legacy"))
def test_rate_limit_without_behavior(case: dict[str, Any]) -> None:
    current, wanted = case["current_replicas"], case["desired_before_behavior"]
    allowed = min(wanted, hpa.legacy_limit(current, history(case), NOW))
    assert max(min(allowed, case["max_replicas"]), case["min_replicas"]) == case["expected_replicas"]


@pytest.mark.parametrize("case", cases("store_event"))
def test_changes_are_remembered(case: dict[str, Any]) -> None:
    """Those that no policy asks for any more are dropped, where the HPA overwrites them one by one."""
    rises = case["direction"] == "up"
    past, keep = history(case), hpa.longest_period(behavior(case))
    before = past.scale_ups if rises else past.scale_downs
    within = [change.change for change in before if NOW - change.at < case["query_period_seconds"]]
    assert sum(within) == case["expected_change_in_period_before_store"]
    rise = case["new_replicas"] - case["current_replicas"]
    after = changed(before, rise if rises else -rise, NOW, keep)
    expected = [event["change"] for event in case["expected_events_after_store"] if not event["outdated"]]
    assert sorted(change.change for change in after) == sorted(expected)
    assert case["stored_change"] == after[-1].change
