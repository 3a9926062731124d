"""The JSON Schema lets through what parses, and stops the mistakes that an editor can see."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from scaler.handbook import json_schema
from tests.rules import annotations, trigger

SCHEMA = json_schema()
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
CASES = [
    case
    for path in sorted((Path(__file__).parent / "cases").glob("keda_*.json"))
    for case in json.loads(path.read_text())["cases"]
    if case["kind"] == "parse"
]


def errors(rule: dict[str, Any]) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(rule)]


def rule(*triggers: dict[str, Any], **fields: Any) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(annotations(*triggers, **fields)["scalerule.dev/rule"])
    return made


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("case", [case for case in CASES if case["valid"]], ids=lambda case: case["name"])
def test_what_is_valid_in_keda_passes(case: dict[str, Any]) -> None:
    assert errors({"triggers": [{"type": case["scaler"], "metadata": case["metadata"]}]}) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"pollingInterval": 30, "cooldownPeriod": "1m30s", "minReplicaCount": 0, "maxReplicaCount": 5},
        {
            "behavior": {
                "scaleDown": {"selectPolicy": "Min", "policies": [{"type": "Pods", "value": 1, "periodSeconds": 9}]}
            }
        },
        {"advanced": {"horizontalPodAutoscalerConfig": {"name": "x"}}},
    ],
)
def test_fields_pass(fields: dict[str, Any]) -> None:
    assert errors(rule(**fields)) == []


def test_authentication_passes() -> None:
    authentication = {"secret": "a", "parameters": {"host": {"secret": {"name": "a", "key": "b"}}}}
    assert errors(rule({**trigger(), "authentication": authentication})) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"cooldown": 5},
        {"minReplicaCount": -1},
        {"maxReplicaCount": "5"},
        {"pollingInterval": "soon"},
        {"triggers": []},
        {"triggers": [{"type": "rabitmq"}]},
        {"triggers": [{**trigger(), "metricType": "Utilization"}]},
        {"triggers": [{**trigger(), "metadata": {"queue": "x"}}]},
        {"triggers": [{**trigger(), "metadata": {"queueName": "x", "mode": "Rate"}}]},
        {"triggers": [{"type": "rabbitmq", "metadata": {"host": "x"}}]},
        {"behavior": {"scaleUp": {"selectPolicy": "max"}}},
        {"fallback": {"replicas": 3}},
    ],
    ids=json.dumps,
)
def test_mistakes_are_stopped(wrong: dict[str, Any]) -> None:
    assert errors({**rule(), **wrong})
