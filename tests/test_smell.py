"""What is allowed and seldom meant is said, by `validate` and by whoever else parses."""

from typing import Any

import pytest

from scaler.parse import parse
from scaler.surroundings import Surroundings
from tests.rules import annotations, trigger

SQS = {
    "type": "aws-sqs-queue",
    "name": "sqs",
    "metadata": {"queueURL": "https://sqs.eu-west-1.amazonaws.com/1/orders"},
    "authentication": {"secret": "sqs"},
}
BUS = {
    "type": "azure-servicebus",
    "name": "bus",
    "metadata": {"queueName": "orders"},
    "authentication": {"secret": "bus"},
}
DEAR = "{}: every request to {} is paid for"
ONE_EACH = "orders: a target of 1 asks for a replica for every single message, up to maxReplicaCount (100)"
FROM_ZERO = "orders: without an activation value every single message starts a pod from zero"


@pytest.mark.parametrize(
    ("triggers", "fields", "smells"),
    [
        pytest.param([trigger(target=2)], {}, [], id="none"),
        pytest.param([trigger(target=1)], {}, [ONE_EACH, FROM_ZERO], id="target 1 from zero"),
        pytest.param([trigger(target=1)], {"minReplicaCount": 1}, [ONE_EACH], id="target 1, never zero"),
        pytest.param([trigger(target=1, activation=5)], {}, [ONE_EACH], id="target 1, activation 5"),
        pytest.param([trigger(target=1, metricType="Value")], {}, [], id="target 1 for all replicas"),
        pytest.param(
            [trigger(target=1)], {"scalingModifiers": {"formula": "orders", "target": 1}}, [], id="a formula decides"
        ),
        pytest.param(
            [trigger(target=1)],
            {"advanced": {"scalingModifiers": {"formula": "orders", "target": "1"}}},
            [],
            id="a formula as KEDA writes it",
        ),
        pytest.param([SQS, BUS], {"pollingInterval": 1}, [], id="a request a second"),
        pytest.param(
            [SQS, BUS, trigger()],
            {"pollingInterval": 0.5},
            [DEAR.format("sqs", "aws-sqs-queue"), DEAR.format("bus", "azure-servicebus")],
            id="more of them",
        ),
    ],
)
def test_smells(triggers: list[dict[str, Any]], fields: dict[str, Any], smells: list[str]) -> None:
    found = parse(annotations(*triggers, **fields), Surroundings()).warnings
    told = [text for text in found if "AMQP does not count" not in text]
    assert len(told) == len(smells), told
    assert all(text.startswith(smell) for text, smell in zip(told, smells, strict=True))
