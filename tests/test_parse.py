"""Every mistake in a rule, with its path and what is said of it; and what is accepted."""

import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from scaler.parse import parse
from scaler.rule import InvalidRule, Rule
from tests.rules import annotations, rule, trigger


def problems(text: str) -> list[tuple[str, str]]:
    parsed = parse({"scalerule.dev/rule": text})
    assert isinstance(parsed, InvalidRule)
    return [(problem.path, problem.message) for problem in parsed.problems]


def only_problem(*triggers: Any, **fields: Any) -> tuple[str, str]:
    (problem,) = problems(json.dumps({"triggers": list(triggers) or [trigger()], **fields}))
    return problem


@pytest.mark.parametrize(
    ("fields", "path", "message"),
    [
        ({"minReplicaCount": -1}, "minReplicaCount", "whole number of at least 0, not -1"),
        ({"minReplicaCount": "3"}, "minReplicaCount", "(without quotes), not '3'"),
        ({"minReplicaCount": True}, "minReplicaCount", "not true"),
        ({"minReplicaCount": 1.5}, "minReplicaCount", "not 1.5"),
        ({"minReplicaCount": None}, "minReplicaCount", "not nothing"),
        ({"minReplicaCount": 5, "maxReplicaCount": 3}, "minReplicaCount", "at most maxReplicaCount (3), not 5"),
        ({"minReplicaCount": 101}, "minReplicaCount", "at most maxReplicaCount (100), not 101"),
        ({"maxReplicaCount": 0}, "maxReplicaCount", "at least 1, not 0"),
        ({"maxReplicaCount": 2**31}, "maxReplicaCount", "at least 1"),
        ({"idleReplicaCount": 0}, "idleReplicaCount", "less than minReplicaCount (0), not 0"),
        ({"idleReplicaCount": 2, "minReplicaCount": 2}, "idleReplicaCount", "less than minReplicaCount (2), not 2"),
        ({"pollingInterval": 0.4}, "pollingInterval", "from 0.5 s to 31 days, not 0.4"),
        ({"pollingInterval": "often"}, "pollingInterval", "not 'often'"),
        ({"pollingInterval": "1y"}, "pollingInterval", "duration"),
        ({"pollingInterval": "32d"}, "pollingInterval", "31 days"),
        ({"pollingInterval": "-5s"}, "pollingInterval", "duration"),
        ({"pollingInterval": True}, "pollingInterval", "duration"),
        ({"cooldownPeriod": -1}, "cooldownPeriod", "from 0 s"),
        ({"initialCooldownPeriod": "soon"}, "initialCooldownPeriod", "duration"),
        ({"minReplicas": 3}, "minReplicas", "did you mean 'minReplicaCount'?"),
        ({"cooldown": 3}, "cooldown", "did you mean 'cooldownPeriod'?"),
        ({"zzz": 3}, "zzz", "known: "),
        ({"fallback": {"replicas": 3}}, "fallback.failureThreshold", "required"),
        ({"fallback": {"failureThreshold": 3}}, "fallback.replicas", "required"),
        ({"fallback": {"failureThreshold": -1, "replicas": 3}}, "fallback.failureThreshold", "of at least 0, not -1"),
        ({"fallback": {"failureThreshold": 3, "replicas": -1}}, "fallback.replicas", "of at least 0, not -1"),
        (
            {"fallback": {"failureThreshold": 3, "replicas": 1, "behavior": "current"}},
            "fallback.behavior",
            "must be one of static, currentReplicas, currentReplicasIfHigher, currentReplicasIfLower, scalingModifiers",
        ),
        (
            {"fallback": {"failureThreshold": 3, "replicas": 1, "behavior": "scalingModifiers"}},
            "fallback.behavior",
            "scalingModifiers needs scalingModifiers.formula",
        ),
        ({"fallback": {"failureThreshold": 3, "replica": 1, "replicas": 1}}, "fallback.replica", "mean 'replicas'?"),
        ({"scalingModifiers": {"target": 2}}, "scalingModifiers.formula", "required"),
        ({"scalingModifiers": {"formula": "orders"}}, "scalingModifiers.target", "required"),
        ({"scalingModifiers": {"formula": "order", "target": 2}}, "scalingModifiers.formula", "did you mean 'orders'?"),
        ({"scalingModifiers": {"formula": "", "target": 2}}, "scalingModifiers.formula", "must be a formula"),
        ({"scalingModifiers": {"formula": 5, "target": 2}}, "scalingModifiers.formula", "must be a formula"),
        (
            {"advanced": {"scalingModifiers": {"formula": "1 +", "target": 2}}},
            "advanced.scalingModifiers.formula",
            "ends too early",
        ),
        ({"scalingModifiers": {"formula": "orders", "target": 0}}, "scalingModifiers.target", "above 0, not 0"),
        ({"scalingModifiers": {"formula": "orders", "target": "x"}}, "scalingModifiers.target", "above 0, not 'x'"),
        ({"scalingModifiers": {"formula": "orders", "target": "1e999"}}, "scalingModifiers.target", "above 0"),
        ({"scalingModifiers": {"formula": "orders", "target": True}}, "scalingModifiers.target", "above 0, not true"),
        (
            {"scalingModifiers": {"formula": "orders", "target": 2, "activationTarget": "some"}},
            "scalingModifiers.activationTarget",
            "must be a number, not 'some'",
        ),
        (
            {"scalingModifiers": {"formula": "orders", "target": 2, "metricType": "Utilization"}},
            "scalingModifiers.metricType",
            "AverageValue, Value",
        ),
        ({"restoreToOriginalReplicaCount": "yes"}, "restoreToOriginalReplicaCount", "must be true or false, not 'yes'"),
        ({"envSourceContainerName": 5}, "envSourceContainerName", "must be a text"),
        ({"behavior": 3}, "behavior", "must be a mapping, not 3"),
        ({"behavior": {"scaleup": {}}}, "behavior.scaleup", "did you mean 'scaleUp'?"),
        ({"behavior": {"scaleUp": {"tolerance": -1}}}, "behavior.scaleUp.tolerance", "at least 0, not -1"),
        ({"behavior": {"scaleUp": {"policies": []}}}, "behavior.scaleUp.policies", "at least one"),
        (
            {"behavior": {"scaleUp": {"stabilizationWindowSeconds": 3601}}},
            "behavior.scaleUp.stabilizationWindowSeconds",
            "from 0 to 3600, not 3601",
        ),
        (
            {"behavior": {"scaleDown": {"selectPolicy": "min"}}},
            "behavior.scaleDown.selectPolicy",
            "one of Max, Min, Disabled (did you mean Min?), not 'min'",
        ),
        (
            {"behavior": {"scaleDown": {"policies": [{"type": "Pods", "value": 0, "periodSeconds": 5}]}}},
            "behavior.scaleDown.policies[0].value",
            "at least 1, not 0",
        ),
        (
            {"behavior": {"scaleDown": {"policies": [{"type": "Pods", "value": 1, "periodSeconds": 1801}]}}},
            "behavior.scaleDown.policies[0].periodSeconds",
            "from 1 to 1800, not 1801",
        ),
        (
            {"behavior": {"scaleDown": {"policies": [{"type": "Pods", "value": 1}]}}},
            "behavior.scaleDown.policies[0].periodSeconds",
            "required",
        ),
        (
            {"behavior": {}, "advanced": {"horizontalPodAutoscalerConfig": {"behavior": {}}}},
            "behavior",
            "keep one",
        ),
    ],
    ids=lambda value: None if isinstance(value, dict) else value,
)
def test_fields_that_are_refused(fields: dict[str, Any], path: str, message: str) -> None:
    found, said = only_problem(**fields)
    assert found == path
    assert message in said


def test_fallback_and_modifiers_as_keda_writes_them() -> None:
    modifiers = {"formula": "orders * 2", "target": "2.5", "activationTarget": "-1", "metricType": "Value"}
    fallback = {"failureThreshold": 0, "replicas": 3, "behavior": "currentReplicasIfHigher"}
    found = rule(fallback=fallback, advanced={"scalingModifiers": modifiers})
    assert found.modifiers is not None
    assert found.fallback is not None
    assert (found.modifiers.target, found.modifiers.activation, found.modifiers.metric_type) == (2.5, -1, "Value")
    assert found.modifiers.formula.value({"orders": 3}) == 6
    assert (found.fallback.threshold, found.fallback.replicas) == (1, 3)
    assert found.warnings[0] == "fallback.failureThreshold: 0 counts as 1"


def test_a_trigger_that_the_formula_leaves_out_is_warned_of() -> None:
    found = rule(trigger("a"), trigger("b"), scalingModifiers={"formula": "a", "target": 2})
    assert found.warnings[0].startswith("b: the formula of scalingModifiers does not use this trigger")


@pytest.mark.parametrize(
    ("entry", "path", "message"),
    [
        (3, "triggers[0]", "must be a mapping, not 3"),
        ({**trigger(), "type": "cpu"}, "triggers[0].type", "cpu is no queue"),
        ({**trigger(), "type": "memory"}, "triggers[0].type", "memory is no queue"),
        ({**trigger(), "type": "rabitmq"}, "triggers[0].type", "did you mean 'rabbitmq'?"),
        ({**trigger(), "type": 3}, "triggers[0].type", "text"),
        ({**trigger(), "metricType": "Utilization"}, "triggers[0].metricType", "AverageValue, Value"),
        ({**trigger(), "name": ""}, "triggers[0].name", "text of 1 to 253"),
        ({**trigger(), "authentication": "x"}, "triggers[0].authentication", "must be a mapping, not 'x'"),
        ({**trigger(), "authentication": {"secrt": "x"}}, "triggers[0].authentication.secrt", "did you mean 'secret'?"),
        ({**trigger(), "authenticationRef": {"name": "x"}}, "triggers[0].authenticationRef", "scaler migrate"),
        ({**trigger(), "metaData": {}}, "triggers[0].metaData", "did you mean 'metadata'?"),
        ({**trigger(), "metadata": []}, "triggers[0].metadata", "must be a mapping, not a list"),
    ],
    ids=lambda value: None if isinstance(value, dict | int) else value,
)
def test_triggers_that_are_refused(entry: Any, path: str, message: str) -> None:
    found, said = only_problem(entry)
    assert found == path
    assert message in said


@pytest.mark.parametrize(("count", "message"), [(0, "at least one"), (21, "20 at most")])
def test_the_number_of_triggers(count: int, message: str) -> None:
    found = problems(json.dumps({"triggers": [trigger(f"q{number}") for number in range(count)]}))
    assert [(path, message in said) for path, said in found] == [("triggers", True)]


def test_metadata_is_checked_by_the_broker() -> None:
    wrong = trigger()
    wrong["metadata"] |= {"value": "many", "queuename": "x"}
    found = dict(problems(json.dumps({"triggers": [trigger("other"), wrong]})))
    assert "did you mean 'queueName'?" in found["triggers[1].metadata.queuename"]
    assert "not 'many'" in found["triggers[1].metadata.value"]


def test_everything_is_told_at_once() -> None:
    wrong = {"minReplicaCount": -1, "pollingInterval": 0, "nope": 1, "behavior": {"scaleUp": {"selectPolicy": "x"}}}
    entries = [{**trigger(), "name": "a"}, {**trigger(), "name": "a", "type": "rabbitmq"}, {"type": "kafka"}]
    paths = [path for path, _ in problems(json.dumps({"triggers": entries, **wrong}))]
    assert sorted(paths) == [
        "behavior.scaleUp.selectPolicy",
        "minReplicaCount",
        "nope",
        "pollingInterval",
        "triggers[1].name",
        "triggers[2].type",
    ]


def test_a_secret_is_never_told() -> None:
    wrong = trigger()
    wrong["metadata"] |= {"host": "http//user:hunter2@rabbit", "value": "x"}
    misplaced = {**trigger(), "metadata": "amqp://user:hunter2@rabbit/"}
    assert "hunter2" not in str(problems(json.dumps({"triggers": [wrong, misplaced], "behavior": "a://u:hunter2@b"})))


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        (30, 30.0),
        ("30", 30.0),
        ("30s", 30.0),
        ("1m", 60.0),
        ("1m30s", 90.0),
        ("500ms", 0.5),
        (1.5, 1.5),
        ("2h", 7200.0),
    ],
)
def test_durations(written: Any, seconds: float) -> None:
    assert rule(pollingInterval=written).polling_interval == seconds


def test_defaults() -> None:
    parsed = rule()
    assert (parsed.polling_interval, parsed.cooldown_period, parsed.initial_cooldown_period) == (30, 300, 300)
    assert (parsed.min_replicas, parsed.max_replicas, parsed.idle_replicas, parsed.behavior) == (0, 100, None, None)
    assert rule(cooldownPeriod=20).initial_cooldown_period == 20


def test_behavior_is_filled_as_the_hpa_does() -> None:
    behavior = rule(behavior={"scaleDown": {"stabilizationWindowSeconds": 60}}).behavior
    assert behavior is not None
    up, down = behavior.scale_up, behavior.scale_down
    assert [(each.type, each.value, each.period_seconds) for each in up.policies] == [
        ("Pods", 4, 15),
        ("Percent", 100, 15),
    ]
    assert [(each.type, each.value, each.period_seconds) for each in down.policies] == [("Percent", 100, 15)]
    assert (up.stabilization_window_seconds, down.stabilization_window_seconds) == (0, 60)
    assert (up.select_policy, up.tolerance, down.tolerance) == ("Max", 0.1, 0.1)


def test_kedas_nesting_is_accepted() -> None:
    config = {"name": "my-hpa", "behavior": {"scaleUp": {"stabilizationWindowSeconds": 7}}}
    parsed = rule(advanced={"horizontalPodAutoscalerConfig": config, "restoreToOriginalReplicaCount": False})
    assert parsed.behavior is not None
    assert parsed.behavior.scale_up.stabilization_window_seconds == 7
    assert any("there is no HPA" in warning for warning in parsed.warnings)


def test_names_of_triggers() -> None:
    plain = {name: value for name, value in trigger().items() if name != "name"}
    parsed = rule(plain, plain, trigger("orders"), plain)
    assert [each.name for each in parsed.triggers] == ["rabbitmq", "rabbitmq-2", "orders", "rabbitmq-3"]


def test_metadata_keeps_what_was_written() -> None:
    text = """
    triggers:
      - type: rabbitmq
        metadata: {host: "amqp://h/", queueName: 0123, mode: QueueLength, value: 5, vhostName: no}
    """
    parsed = parse({"scalerule.dev/rule": text})
    assert isinstance(parsed, Rule)
    shown = parsed.triggers[0].shown
    assert (shown["queueName"], shown["vhostName"], parsed.triggers[0].target) == ("0123", "no", 5.0)


def test_an_unknown_annotation_is_a_warning() -> None:
    (warning, *_) = rule(marks={"pause": "true"}).warnings
    assert "scalerule.dev/paused" in warning


def test_yaml_and_json_say_the_same() -> None:
    text = annotations(trigger(), behavior={"scaleUp": {}}, pollingInterval="5s")["scalerule.dev/rule"]
    assert parse({"scalerule.dev/rule": yaml.safe_dump(json.loads(text))}) == parse({"scalerule.dev/rule": text})


@given(st.text(max_size=300))
def test_no_text_raises(text: str) -> None:
    parse({"scalerule.dev/rule": text, "scalerule.dev/paused": text, "scalerule.dev/paused-replicas": text})


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
_KEYS = st.sampled_from(
    ["triggers", "pollingInterval", "minReplicaCount", "idleReplicaCount", "behavior", "advanced", "fallback", "type"]
)


@given(st.dictionaries(_KEYS, _VALUES), st.dictionaries(st.sampled_from(["type", "name", "metadata"]), _VALUES))
def test_no_value_raises(fields: dict[str, Any], entry: dict[str, Any]) -> None:
    parse({"scalerule.dev/rule": json.dumps({"triggers": [entry, trigger()], **fields})})
