"""Rules for tests, made the way users make them: by an annotation."""

import json
from typing import Any

from scaler.parse import parse
from scaler.rule import InvalidRule, Rule
from scalers import Reading, ScalerError


def trigger(name: str = "orders", target: float = 10, activation: float = 0, **fields: Any) -> dict[str, Any]:
    """A RabbitMQ trigger; `name` is its queue's name too."""
    metadata = {
        "host": "amqp://guest:guest@rabbit:5672/",
        "queueName": name,
        "mode": "QueueLength",
        "value": str(target),
        "activationValue": str(activation),
    }
    return {"type": "rabbitmq", "name": name, "metadata": metadata, **fields}


def annotations(*triggers: dict[str, Any], marks: dict[str, str] | None = None, **fields: Any) -> dict[str, str]:
    """The annotations of a Deployment; `marks` are others of ours, without their prefix."""
    rule = {"triggers": list(triggers) or [trigger()], **fields}
    ours = {f"scalerule.dev/{name}": value for name, value in (marks or {}).items()}
    return {"scalerule.dev/rule": json.dumps(rule), **ours}


def rule(*triggers: dict[str, Any], marks: dict[str, str] | None = None, **fields: Any) -> Rule:
    """A valid rule."""
    parsed = parse(annotations(*triggers, marks=marks, **fields))
    assert isinstance(parsed, Rule), parsed.problems
    return parsed


def invalid(marks: dict[str, str] | None = None) -> InvalidRule:
    """A rule with a problem."""
    parsed = parse(annotations(marks=marks, minReplicaCount=-1))
    assert isinstance(parsed, InvalidRule)
    return parsed


def reading(value: float, activity: float | None = None) -> Reading:
    """A number of messages; it is its own activity unless told otherwise."""
    return Reading(value, value if activity is None else activity)


FAILED = ScalerError("cannot reach the broker")
