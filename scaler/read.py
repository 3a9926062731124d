"""`scaler read`: each trigger of a rule once, as the scaler would read it."""

import asyncio
from typing import Any

from scaler.parse import parse
from scaler.reference import Found, Reference
from scaler.rule import InvalidRule, Rule, Trigger
from scaler.surroundings import Surroundings
from scaler.target import Key, Target
from scaler.vault import Fetch
from scalers import Dial, Reading, ScalerError, load
from scalers.source import Absent


async def resolved(seen: Target, fetch: Fetch) -> Rule | InvalidRule:
    """The rule of a Deployment with all that it refers to, for a person who is trusted."""
    objects: dict[Reference, Found | Absent] = {}
    while True:
        rule = parse(seen.annotations, Surroundings(seen.key.namespace, seen.containers, objects))
        missing = [reference for reference in rule.references if reference not in objects]
        if not missing:
            return rule
        for reference, found in zip(missing, await asyncio.gather(*map(fetch, missing)), strict=True):
            objects[reference] = found or Absent(f"{reference} could not be read")


async def read(key: Key, rule: Rule, dial: Dial) -> list[dict[str, Any]]:
    """A row per trigger, in the rule's order; brokers side by side, triggers of one broker in one read."""
    sources = dict.fromkeys(trigger.source for trigger in rule.triggers)
    groups = [[trigger for trigger in rule.triggers if trigger.source == source] for source in sources]
    answers = dict[str, Reading | ScalerError]()
    for read_group in await asyncio.gather(*(_read(group, dial) for group in groups)):
        answers |= read_group
    return [_row(key, trigger, answers[trigger.name]) for trigger in rule.triggers]


async def _read(triggers: list[Trigger], dial: Dial) -> dict[str, Reading | ScalerError]:
    kind, connection = triggers[0].source
    scaler = load(kind).Scaler(connection, dial)
    try:
        answers = await scaler.read([trigger.queue for trigger in triggers])
    except ScalerError as error:
        answers = [error] * len(triggers)
    finally:
        await scaler.close()
    return {trigger.name: answer for trigger, answer in zip(triggers, answers, strict=True)}


def _row(key: Key, trigger: Trigger, answer: Reading | ScalerError) -> dict[str, Any]:
    row = {"namespace": key.namespace, "name": key.name, "trigger": trigger.name, "type": trigger.type}
    if isinstance(answer, ScalerError):
        return row | {"value": None, "active": None, "target": trigger.target, "error": str(answer)}
    active = answer.activity > trigger.activation
    return row | {"value": answer.value, "active": active, "target": trigger.target, "error": None}
