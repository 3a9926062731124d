"""What a rule may say and seldom means: warnings wherever rules are checked, never a refusal."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from scaler.schema import RuleSchema, TriggerSchema
from scalers import load
from scalers.parameters import Parameters, Unread

#: Seconds; at this interval one queue is 2.6 million requests in a month.
_DEAR: Final = 1.0


def smells(schema: RuleSchema, names: Sequence[str], parsed: Sequence[Parameters[Any, Any] | Unread]) -> Iterator[str]:
    """Sentences that begin with the name of a trigger."""
    for name, trigger, parameters in zip(names, schema.triggers, parsed, strict=True):
        found = (*_dear(schema, trigger), *_one_each(schema, trigger, parameters))
        yield from (f"{name}: {smell}" for smell in found)


def _dear(schema: RuleSchema, trigger: TriggerSchema) -> Iterator[str]:
    if schema.polling_interval < _DEAR and load(trigger.type).Parameters.metered:
        cost = "a pollingInterval under 1 s makes more than 2.6 million a month"
        yield f"every request to {trigger.type} is paid for, and {cost}"


def _one_each(schema: RuleSchema, trigger: TriggerSchema, parameters: Parameters[Any, Any] | Unread) -> Iterator[str]:
    # A formula decides without the targets of its triggers.
    formula = schema.scaling_modifiers or (schema.advanced and schema.advanced.scaling_modifiers)
    if formula or trigger.metric_type != "AverageValue" or parameters.target != 1:
        return
    most = f"up to maxReplicaCount ({schema.max_replica_count})"
    yield f"a target of 1 asks for a replica for every single message, {most}"
    if schema.min_replica_count == 0 and parameters.activation == 0:
        yield "without an activation value every single message starts a pod from zero, kept for cooldownPeriod"
