"""From annotations to a rule: everything that is wrong is told at once, and nothing that a user writes raises."""

from collections.abc import Iterator, Mapping, Set
from typing import Any, Final

from pydantic import ValidationError

from scaler.complaint import echo, told
from scaler.document import document
from scaler.pause import NAMES, pause
from scaler.rule import Behavior, InvalidRule, Pause, Rule, Trigger
from scaler.schema import TRIGGERS, RuleSchema, TriggerSchema
from scaler.target import PREFIX, RULE, STATUS
from scalers import known, load
from scalers.parameters import Parameters
from scalers.problem import Invalid, Problem, nearest

_ANNOTATIONS: Final = (RULE, STATUS, *(PREFIX + name for name in NAMES))
_RESOURCES: Final = ("cpu", "memory")
_NO_ENVIRONMENT: Final = "the target's environment is not read yet: write the parameter itself"


def parse(annotations: Mapping[str, str]) -> Rule | InvalidRule:
    """The rule of a Deployment with these annotations, or what is wrong with it."""
    held = pause(annotations)
    try:
        data = document(annotations[RULE])
        if not isinstance(data, dict):
            raise Invalid([Problem("", "must be a mapping with `triggers`")])
        return _rule(data, held, tuple(_misspelt(annotations)))
    except Invalid as error:
        return InvalidRule(error.problems, held)


def _misspelt(annotations: Mapping[str, str]) -> Iterator[str]:
    for name in sorted(annotations):
        if name.startswith(PREFIX) and name not in _ANNOTATIONS:
            yield f"{name}: unknown annotation, without effect; {nearest(name, _ANNOTATIONS)}"


def _rule(data: dict[str, Any], held: Pause, warnings: tuple[str, ...]) -> Rule:
    schema, problems = _schema(data)
    refused = {problem.path for problem in problems}
    found = list(_crossed(data))
    parsed, names = _parameters(data, found)
    # What the schema refuses is not judged a second time.
    problems += (problem for problem in found if problem.path not in refused)
    if problems or schema is None:
        raise Invalid(problems)
    triggers = tuple(map(_trigger, schema.triggers, names, parsed))
    cooldown, initial = schema.cooldown_period, schema.initial_cooldown_period
    return Rule(
        triggers=triggers,
        polling_interval=schema.polling_interval,
        cooldown_period=cooldown,
        initial_cooldown_period=cooldown if initial is None else initial,
        min_replicas=schema.min_replica_count,
        max_replicas=schema.max_replica_count,
        idle_replicas=schema.idle_replica_count,
        behavior=_behavior(schema),
        pause=held,
        warnings=(*warnings, *_warnings(schema, names, parsed)),
    )


def _schema(data: dict[str, Any]) -> tuple[RuleSchema | None, list[Problem]]:
    try:
        return RuleSchema.model_validate(data), []
    except ValidationError as error:
        return None, list(told(error, data))


def _behavior(schema: RuleSchema) -> Behavior | None:
    autoscaler = schema.advanced and schema.advanced.horizontal_pod_autoscaler_config
    return schema.behavior or (autoscaler.behavior if autoscaler else None)


def _trigger(schema: TriggerSchema, name: str, parameters: Parameters[Any, Any]) -> Trigger:
    return Trigger(
        type=schema.type,
        name=name,
        metric_type=schema.metric_type,
        target=parameters.target,
        activation=parameters.activation,
        connection=parameters.connection(),
        queue=parameters.queue(),
        shown=parameters.shown(),
    )


def _warnings(schema: RuleSchema, names: list[str], parsed: list[Parameters[Any, Any]]) -> Iterator[str]:
    autoscaler = schema.advanced and schema.advanced.horizontal_pod_autoscaler_config
    if autoscaler and autoscaler.name is not None:
        yield "advanced.horizontalPodAutoscalerConfig.name: without effect, there is no HPA"
    for name, trigger, parameters in zip(names, schema.triggers, parsed, strict=True):
        if trigger.use_cached_metrics is not None:
            yield f"{name}: useCachedMetrics is without effect: every reading is shared already"
        yield from (f"{name}: {warning}" for warning in parameters.warnings())


def _parameters(data: dict[str, Any], problems: list[Problem]) -> tuple[list[Parameters[Any, Any]], list[str]]:
    """The parameters and names of every trigger that can be read so far; what is wrong goes to `problems`."""
    listed = data.get("triggers")
    entries = {
        f"triggers[{index}]": entry
        for index, entry in enumerate(listed[:TRIGGERS] if isinstance(listed, list) else ())
        if isinstance(entry, dict) and isinstance(entry.get("type"), str)
    }
    names = _names(entries, problems)
    parsed: list[Parameters[Any, Any]] = []
    for path, entry in entries.items():
        try:
            parsed.append(_broker_parameters(entry, path))
        except Invalid as error:
            problems += error.problems
    return parsed, names


def _names(entries: dict[str, dict[str, Any]], problems: list[Problem]) -> list[str]:
    """The names that are written; else the types, numbered so that they meet no name before or after them."""
    written = {name for entry in entries.values() if isinstance(name := entry.get("name"), str)}
    names: list[str] = []
    for path, entry in entries.items():
        name = entry.get("name")
        if not isinstance(name, str):
            name = _numbered(entry["type"], written.union(names))
        elif name in names:
            problems.append(Problem(f"{path}.name", f"{echo(name)} is the name of another trigger: names are unique"))
        names.append(name)
    return names


def _numbered(kind: str, taken: Set[str]) -> str:
    candidates = (kind, *(f"{kind}-{number}" for number in range(2, len(taken) + 2)))
    return next(name for name in candidates if name not in taken)


def _broker_parameters(entry: dict[str, Any], path: str) -> Parameters[Any, Any]:
    kind, metadata = entry["type"], entry.get("metadata", {})
    if kind in _RESOURCES:
        raise Invalid([Problem(f"{path}.type", f"{kind} is no queue: use an HPA on a Deployment of its own for that")])
    if kind not in known():
        raise Invalid([Problem(f"{path}.type", f"unknown type {echo(kind)}; {nearest(kind, known())}")])
    if not isinstance(metadata, dict):
        raise Invalid([])
    refused = {
        key: "must be a single value, not a list or mapping"
        for key, value in metadata.items()
        if not isinstance(value, str)
    }
    refused |= {key: _NO_ENVIRONMENT for key in metadata if key.endswith("FromEnv")}
    if refused:
        raise Invalid([Problem(f"{path}.metadata.{key}", message) for key, message in refused.items()])
    try:
        parameters: Parameters[Any, Any] = load(kind).Parameters.parse(metadata)
    except Invalid as error:
        raise Invalid([problem.under(path) for problem in error.problems]) from None
    return parameters


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
