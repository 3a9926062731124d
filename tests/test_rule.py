"""A rule as a value: equal, hashable, frozen; each mistake told once; and whatever is changed, nothing raises."""

import copy
import dataclasses
import json
import time
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from scaler.parse import parse
from scaler.rule import InvalidRule, Rule
from tests.rules import annotations, rule, trigger

FULL: dict[str, Any] = {
    "triggers": [trigger("orders"), trigger("invoices", target=2.5, metricType="Value", useCachedMetrics=True)],
    "pollingInterval": "5s",
    "cooldownPeriod": 60,
    "initialCooldownPeriod": "1m30s",
    "minReplicaCount": 2,
    "maxReplicaCount": 30,
    "idleReplicaCount": 0,
    "behavior": {
        "scaleUp": {"policies": [{"type": "Pods", "value": 4, "periodSeconds": 15}], "tolerance": 0},
        "scaleDown": {"stabilizationWindowSeconds": 60, "selectPolicy": "Min"},
    },
    "restoreToOriginalReplicaCount": False,
}


def problems(**fields: Any) -> list[tuple[str, str]]:
    parsed = parse({"scalerule.dev/rule": json.dumps({"triggers": [trigger()], **fields})})
    assert isinstance(parsed, InvalidRule)
    return [(problem.path, problem.message) for problem in parsed.problems]


def unnamed(**fields: Any) -> dict[str, Any]:
    return {key: value for key, value in trigger(**fields).items() if key != "name"}


def test_equal_texts_are_equal_rules_and_hash_alike() -> None:
    first = rule(*FULL["triggers"], behavior=FULL["behavior"])
    second = rule(*FULL["triggers"], behavior=FULL["behavior"])
    assert first == second
    assert hash(first) == hash(second)
    assert rule(maxReplicaCount=9) != rule(maxReplicaCount=10)


def test_a_rule_cannot_be_changed() -> None:
    parsed = rule()
    with pytest.raises(dataclasses.FrozenInstanceError):
        parsed.max_replicas = 7  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        parsed.triggers[0].target = 7  # type: ignore[misc]


def test_triggers_of_one_broker_have_one_source() -> None:
    elsewhere = trigger("c")
    elsewhere["metadata"]["host"] = "amqp://guest:guest@other:5672/"
    first, second, third = rule(trigger("a"), trigger("b"), elsewhere).triggers
    assert first.source == second.source
    assert first.source != third.source
    assert first.queue != second.queue


def test_no_secret_in_what_is_shown_or_printed() -> None:
    secret = trigger()
    secret["metadata"]["host"] = "amqp://user:hunter2@rabbit/"
    parsed = rule(secret)
    assert "hunter2" not in repr(parsed)
    assert "hunter2" not in str(parsed.triggers[0].shown)


@pytest.mark.parametrize(
    ("entries", "names"),
    [
        pytest.param([unnamed(), unnamed(), unnamed()], ["rabbitmq", "rabbitmq-2", "rabbitmq-3"], id="none"),
        pytest.param([unnamed(), trigger("rabbitmq")], ["rabbitmq-2", "rabbitmq"], id="the type is taken later"),
        pytest.param([trigger("rabbitmq"), unnamed()], ["rabbitmq", "rabbitmq-2"], id="the type is taken before"),
        pytest.param(
            [unnamed(), unnamed(), trigger("rabbitmq-2")], ["rabbitmq", "rabbitmq-3", "rabbitmq-2"], id="a number too"
        ),
    ],
)
def test_a_default_name_meets_no_written_one(entries: list[dict[str, Any]], names: list[str]) -> None:
    assert [each.name for each in rule(*entries).triggers] == names


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param(
            {"minReplicaCount": 2**31},
            [("minReplicaCount", "must be a whole number of at least 0, not 2147483648")],
            id="too large a minimum",
        ),
        pytest.param(
            {"idleReplicaCount": 2**31},
            [("idleReplicaCount", "must be a whole number of at least 0, not 2147483648")],
            id="too large an idle count",
        ),
        pytest.param(
            {"minReplicaCount": 5, "maxReplicaCount": 0},
            [("maxReplicaCount", "must be a whole number of at least 1, not 0")],
            id="only the bad field of two",
        ),
        pytest.param(
            {"triggers": [{**trigger(), "type": ""}]},
            [("triggers[0].type", "must be a text of 1 to 253 characters, not ''")],
            id="no type",
        ),
        pytest.param(
            {
                "scalingModifiers": {"formula": "orders", "target": 1},
                "advanced": {"scalingModifiers": {"formula": "orders", "target": 1}},
            },
            [
                ("scalingModifiers", "written here and in advanced.scalingModifiers: keep one"),
            ],
            id="a formula in two places",
        ),
        pytest.param(
            {"restoreToOriginalReplicaCount": False, "advanced": {"restoreToOriginalReplicaCount": False}},
            [
                (
                    "restoreToOriginalReplicaCount",
                    "written here and in advanced.restoreToOriginalReplicaCount: keep one",
                )
            ],
            id="one field in two places",
        ),
        pytest.param(
            {"advanced": {"restoreToOriginalReplicaCount": 1}},
            [("advanced.restoreToOriginalReplicaCount", "must be true or false, not 1")],
            id="restore, nested",
        ),
        pytest.param(
            {"triggers": [trigger("a"), {**trigger("b"), "name": "a", "metadata": {"queueName": "q", "host": "?"}}]},
            [
                ("triggers[1].name", "'a' is the name of another trigger: names are unique"),
                ("triggers[1].metadata.host", None),
            ],
            id="a name taken hides nothing",
        ),
        pytest.param(
            {"triggers": [{**trigger(), "metadata": {"queueName": [1], "host": {}}}]},
            [
                ("triggers[0].metadata.queueName", "must be a single value, not a list or mapping"),
                ("triggers[0].metadata.host", "must be a single value, not a list or mapping"),
            ],
            id="parameters that are no text",
        ),
        pytest.param({"triggers": None}, [("triggers", "must be a list, not nothing")], id="triggers of nothing"),
        pytest.param({"triggers": {}}, [("triggers", "must be a list, not a mapping")], id="triggers as a mapping"),
    ],
)
def test_each_mistake_is_told_once(fields: dict[str, Any], expected: list[tuple[str, str | None]]) -> None:
    found = problems(**fields)
    assert [path for path, _ in found] == [path for path, _ in expected]
    assert all(wanted in (None, said) for (_, said), (_, wanted) in zip(found, expected, strict=True))


def test_a_number_that_is_none() -> None:
    text = "triggers: []\npollingInterval: .nan\nbehavior: {scaleUp: {tolerance: .inf}}"
    parsed = parse({"scalerule.dev/rule": text})
    assert isinstance(parsed, InvalidRule)
    said = {problem.path: problem.message for problem in parsed.problems}
    assert said["pollingInterval"].endswith("not '.nan'")
    assert said["behavior.scaleUp.tolerance"] == "must be a number of at least 0, not '.inf'"


def _places(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [path, *(place for key, value in items for place in _places(value, (*path, key)))]


_ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=12),
    st.just([]),
    st.just({}),
    st.lists(st.integers(), max_size=25),
    st.dictionaries(st.text(max_size=8), st.integers(), max_size=3),
    st.sampled_from(["rabbitmq", "30s", "Max", "amqp://h/", "a" * 300]),
)


@given(st.lists(st.tuples(st.sampled_from(_places(FULL)[1:]), _ODD | st.just(...)), min_size=1, max_size=4))
def test_a_changed_rule_is_a_rule_or_says_what_is_wrong(changes: list[tuple[tuple[Any, ...], Any]]) -> None:
    data = copy.deepcopy(FULL)
    for (*way, last), value in changes:
        inner: Any = data
        try:
            for part in way:
                inner = inner[part]
            if value is ...:
                del inner[last]
            else:
                # A copy: the same one put in two places may come to hold itself.
                inner[last] = copy.deepcopy(value)
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took the place away
    parsed = parse({"scalerule.dev/rule": json.dumps(data)})
    if isinstance(parsed, InvalidRule):
        assert parsed.problems
        assert all(len(problem.message) < 2000 for problem in parsed.problems)
    else:
        assert 0 <= parsed.min_replicas <= parsed.max_replicas
        assert len({each.name for each in parsed.triggers}) == len(parsed.triggers)


def _triggers(names: list[str]) -> list[dict[str, Any]]:
    return [trigger(name) for name in names]


_RULES = st.fixed_dictionaries(
    {"triggers": st.lists(st.sampled_from("abcdef"), min_size=1, unique=True).map(_triggers)},
    optional={
        "pollingInterval": st.sampled_from([0.5, 30, "30", "5s", "1m30s"]),
        "cooldownPeriod": st.integers(0, 10**6) | st.floats(0, 10**6),
        "minReplicaCount": st.integers(0, 5),
        "maxReplicaCount": st.integers(5, 1000),
        "behavior": st.sampled_from([{}, FULL["behavior"]]),
        "advanced": st.just({"restoreToOriginalReplicaCount": False}),
    },
)


@given(_RULES)
def test_json_and_yaml_of_a_valid_rule_are_equal(data: dict[str, Any]) -> None:
    from_json = parse({"scalerule.dev/rule": json.dumps(data)})
    assert isinstance(from_json, Rule)
    assert parse({"scalerule.dev/rule": yaml.safe_dump(data)}) == from_json
    assert parse({"scalerule.dev/rule": yaml.safe_dump(data, default_flow_style=True)}) == from_json


def test_parsing_is_fast() -> None:
    texts = annotations(*FULL["triggers"], behavior=FULL["behavior"])
    parse(texts)
    taken = []
    for _ in range(50):
        began = time.process_time()
        parse(texts)
        taken.append(time.process_time() - began)
    assert min(taken) < 0.005  # usually 0.6 to 0.8 ms; the bound leaves room for a busy machine
