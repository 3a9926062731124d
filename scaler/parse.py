"""From annotations to a rule: everything that is wrong is told at once, and nothing that a user writes raises."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final

from pydantic import ValidationError

from scaler.complaint import told
from scaler.document import document
from scaler.formula import FormulaError, formula
from scaler.pause import NAMES, pause
from scaler.rule import Behavior, InvalidRule, Modifiers, Nowhere, Pause, Rule, Trigger
from scaler.schema import ModifiersSchema, RuleSchema, TriggerSchema
from scaler.smell import smells
from scaler.surroundings import Surroundings
from scaler.target import PREFIX, RULE, STATUS
from scaler.triggers import Triggers
from scalers.parameters import Parameters, Unread
from scalers.problem import MOST, Invalid, Problem, nearest

_ANNOTATIONS: Final = (RULE, STATUS, *(PREFIX + name for name in NAMES))

#: Without a cluster around it: what the rule refers to counts as not read yet.
ALONE: Final = Surroundings()


def parse(annotations: Mapping[str, str], surroundings: Surroundings = ALONE) -> Rule | InvalidRule:
    """The rule of a Deployment with these annotations, or what is wrong with it."""
    held = pause(annotations)
    warnings = tuple(islice(_misspelt(annotations), MOST))
    reader = Triggers(surroundings)
    try:
        data = document(annotations[RULE])
        if not isinstance(data, dict):
            raise Invalid([Problem("", "must be a mapping with `triggers`")])
        return _rule(data, held, warnings, reader)
    except Invalid as error:
        return InvalidRule(_first(error.problems), held, warnings, frozenset(reader.references))


def _first(problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """Nobody reads thousands, and they would have to be found, kept, shown and sent."""
    return problems if len(problems) <= MOST else (*problems[:MOST], Problem("", "and more mistakes"))


def _misspelt(annotations: Mapping[str, str]) -> Iterator[str]:
    for name in sorted(annotations):
        if name.startswith(PREFIX) and name not in _ANNOTATIONS:
            yield f"{name}: unknown annotation, without effect; {nearest(name, _ANNOTATIONS)}"


def _rule(data: dict[str, Any], held: Pause, warnings: tuple[str, ...], reader: Triggers) -> Rule | InvalidRule:
    schema, problems = _schema(data)
    refused = {problem.path for problem in problems}
    found = list(_crossed(data))
    reader.read(data, found)
    # What the schema refuses is not judged a second time.
    problems += (problem for problem in found if problem.path not in refused)
    modifiers = _modifiers(schema, reader.names, problems) if schema else None
    if problems or schema is None:
        raise Invalid(problems)
    warnings = (*warnings, *_warnings(schema, reader, modifiers))
    references = frozenset(reader.references)
    if reader.unread and not reader.on_paper:
        return InvalidRule((), held, warnings, references, tuple(reader.shown()))
    triggers = (_trigger(*each) for each in zip(schema.triggers, reader.names, reader.parsed, strict=True))
    cooldown, initial = schema.cooldown_period, schema.initial_cooldown_period
    return Rule(
        triggers=tuple(triggers),
        polling_interval=schema.polling_interval,
        cooldown_period=cooldown,
        initial_cooldown_period=cooldown if initial is None else initial,
        min_replicas=schema.min_replica_count,
        max_replicas=schema.max_replica_count,
        idle_replicas=schema.idle_replica_count,
        behavior=_behavior(schema),
        fallback=schema.fallback,
        modifiers=modifiers,
        pause=held,
        restore=_restores(schema),
        warnings=warnings,
        references=references,
    )


def _schema(data: dict[str, Any]) -> tuple[RuleSchema | None, list[Problem]]:
    try:
        return RuleSchema.model_validate(data), []
    except ValidationError as error:
        return None, list(islice(told(error, data), MOST + 1))


def _modifiers(schema: RuleSchema, names: list[str], problems: list[Problem]) -> Modifiers | None:
    where, written = _written_modifiers(schema)
    if written is None:
        if schema.fallback and schema.fallback.behavior == "scalingModifiers":
            problems.append(Problem("fallback.behavior", "scalingModifiers needs scalingModifiers.formula"))
        return None
    try:
        parsed = formula(written.formula, names)
    except FormulaError as error:
        problems.append(Problem(f"{where}.formula", str(error)))
        return None
    return Modifiers(parsed, written.target, written.activation_target, written.metric_type)


def _written_modifiers(schema: RuleSchema) -> tuple[str, ModifiersSchema | None]:
    if schema.advanced and schema.advanced.scaling_modifiers:
        return "advanced.scalingModifiers", schema.advanced.scaling_modifiers
    return "scalingModifiers", schema.scaling_modifiers


def _restores(schema: RuleSchema) -> bool:
    nested = schema.advanced is not None and schema.advanced.restore_to_original_replica_count
    return schema.restore_to_original_replica_count or nested


def _behavior(schema: RuleSchema) -> Behavior | None:
    autoscaler = schema.advanced and schema.advanced.horizontal_pod_autoscaler_config
    return schema.behavior or (autoscaler.behavior if autoscaler else None)


def _trigger(schema: TriggerSchema, name: str, parameters: Parameters[Any, Any] | Unread) -> Trigger:
    if isinstance(parameters, Unread):
        connection, queue, shown = Nowhere(), Nowhere(), parameters.shown
    else:
        connection, queue, shown = parameters.connection(), parameters.queue(), parameters.shown()
    return Trigger(
        type=schema.type,
        name=name,
        metric_type=schema.metric_type,
        target=parameters.target,
        activation=parameters.activation,
        connection=connection,
        queue=queue,
        shown=shown,
    )


def _warnings(schema: RuleSchema, reader: Triggers, modifiers: Modifiers | None) -> Iterator[str]:
    if schema.fallback and schema.fallback.failure_threshold == 0:
        yield "fallback.failureThreshold: 0 counts as 1"
    for name in reader.names if modifiers else ():
        if modifiers and name not in modifiers.formula.names:
            yield f"{name}: the formula of scalingModifiers does not use this trigger, so it is read for nothing"
    autoscaler = schema.advanced and schema.advanced.horizontal_pod_autoscaler_config
    if autoscaler and autoscaler.name is not None:
        yield "advanced.horizontalPodAutoscalerConfig.name: without effect, there is no HPA"
    for name, trigger, parameters in zip(reader.names, schema.triggers, reader.parsed, strict=True):
        if trigger.use_cached_metrics is not None:
            yield f"{name}: useCachedMetrics is without effect: every reading is shared already"
        if isinstance(parameters, Parameters):
            yield from (f"{name}: {warning}" for warning in parameters.warnings())
    yield from smells(schema, reader.names, reader.parsed)


def _crossed(data: dict[str, Any]) -> Iterator[Problem]:
    """What is wrong between fields that are good by themselves."""
    low, high = _count(data, "minReplicaCount", 0), _count(data, "maxReplicaCount", 100)
    idle = _count(data, "idleReplicaCount", None)
    if low is not None and high is not None and low >= 0 and 1 <= high < low:
        yield Problem("minReplicaCount", f"must be at most maxReplicaCount ({high}), not {low}")
    if idle is not None and low is not None and idle >= low >= 0:
        yield Problem("idleReplicaCount", f"must be less than minReplicaCount ({low}), not {idle}")
    advanced = data.get("advanced")
    for name in ("scalingModifiers", "restoreToOriginalReplicaCount"):
        if isinstance(advanced, dict) and name in advanced and name in data:
            yield Problem(name, f"written here and in advanced.{name}: keep one")
    autoscaler = advanced.get("horizontalPodAutoscalerConfig") if isinstance(advanced, dict) else None
    if isinstance(autoscaler, dict) and "behavior" in autoscaler and "behavior" in data:
        yield Problem("behavior", "written here and in advanced.horizontalPodAutoscalerConfig.behavior: keep one")


def _count(data: dict[str, Any], name: str, default: int | None) -> int | None:
    value = data.get(name, default)
    return value if type(value) is int else None
