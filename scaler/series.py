"""The series of every rule: kept as plain figures, and turned into samples only when somebody scrapes.

A child of the client library for each would take a kilobyte, a lock and a look-up at every decision.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from scaler.decide import Decision
from scaler.rule import InvalidRule, Rule
from scaler.step import Failure, Proposal, Value
from scaler.target import Key
from scaler.workload import Workload

_STATES: Final = ("ready", "failing", "paused", "invalid")
_RULE: Final = ("namespace", "deployment")
_TRIGGER: Final = (*_RULE, "trigger", "type")


@dataclass(slots=True)
class _Trigger:
    """Of one trigger; None for what is not known yet."""

    type: str
    value: float | None = None
    target: float | None = None
    errors: int = 0


@dataclass(slots=True)
class _Figures:
    """Of one rule; None for what is not known yet."""

    replicas: int = 0
    desired: int | None = None
    minimum: int | None = None
    maximum: int | None = None
    active: bool | None = None
    paused: bool = False
    fallback: bool = False
    ready: bool = False
    state: str = "failing"
    up: int = 0
    down: int = 0
    rule: Rule | InvalidRule | None = None
    triggers: dict[str, _Trigger] = field(default_factory=dict)


class Series(Collector):
    """Scraped from another thread: the collections here are replaced or copied, never changed under a reader."""

    def __init__(self) -> None:
        self._rules: dict[Key, _Figures] = {}

    def seen(self, workload: Workload, ready: bool, paused: bool) -> None:
        """The present state of a rule."""
        rule, decision = workload.rule, workload.decision
        figures = self._figures(workload)
        figures.replicas = workload.target.replicas
        figures.ready, figures.paused = ready, paused
        figures.fallback = decision is not None and decision.fallback
        invalid = isinstance(rule, InvalidRule)
        figures.state = "invalid" if invalid else "paused" if paused else "ready" if ready else "failing"
        if decision is not None:
            figures.desired, figures.active = decision.replicas, decision.active

    def decided(self, workload: Workload, decision: Decision) -> None:
        """What the triggers said in a decision; an error counts once for each reading."""
        triggers, polled = self._figures(workload).triggers, workload.counted
        for step in decision.steps:
            if isinstance(step, Proposal):
                trigger = triggers[step.trigger]
                trigger.value, trigger.target = step.value, step.target
            elif isinstance(step, Value):
                triggers[step.trigger].value = step.value
            elif isinstance(step, Failure) and step.trigger in polled:
                triggers[step.trigger].errors += 1

    def scaled(self, workload: Workload, before: int, after: int) -> None:
        """A count was set."""
        figures = self._figures(workload)
        figures.replicas = after
        if after > before:
            figures.up += 1
        else:
            figures.down += 1

    def forget(self, key: Key) -> None:
        """Remove every series of a rule."""
        self._rules.pop(key, None)

    def collect(self) -> Iterator[Metric]:
        """All of them, a family after the other."""
        rules = self._rules.copy()
        yield _states(rules)
        yield from _of_rules(rules)
        yield from _of_triggers(rules)

    def _figures(self, workload: Workload) -> _Figures:
        found = self._rules.get(workload.target.key)
        if found is None:
            found = self._rules[workload.target.key] = _Figures()
        if found.rule is not workload.rule:
            _follow(found, workload.rule)
        return found


def _follow(figures: _Figures, rule: Rule | InvalidRule) -> None:
    """The rule is this from now on; a trigger that stays what it was keeps its figures."""
    figures.rule = rule
    if isinstance(rule, InvalidRule):
        return
    figures.minimum, figures.maximum = rule.min_replicas, rule.max_replicas
    formula = {} if rule.modifiers is None else {rule.modifiers.name: "formula"}
    types = formula | {trigger.name: trigger.type for trigger in rule.triggers}
    former = figures.triggers
    figures.triggers = {
        name: former[name] if name in former and former[name].type == kind else _Trigger(kind)
        for name, kind in types.items()
    }


def _states(rules: dict[Key, _Figures]) -> Metric:
    text = "Rules of ours by state: ready, failing, paused or invalid"
    family, counts = (
        GaugeMetricFamily("scaler_rules", text, labels=["state"]),
        Counter(figures.state for figures in rules.values()),
    )
    for state in _STATES:
        family.add_metric([state], counts[state])
    return family


def _of_rules(rules: dict[Key, _Figures]) -> Iterator[Metric]:
    for name, text, attribute in (
        ("scaler_replicas", "spec.replicas as last seen or set", "replicas"),
        ("scaler_desired_replicas", "Replicas that the last decision asked for", "desired"),
        ("scaler_min_replicas", "minReplicaCount of the rule", "minimum"),
        ("scaler_max_replicas", "maxReplicaCount of the rule", "maximum"),
        ("scaler_rule_active", "1 while a trigger is active", "active"),
        ("scaler_rule_paused", "1 while a pause annotation holds", "paused"),
        ("scaler_rule_fallback", "1 while a trigger is in fallback", "fallback"),
        ("scaler_rule_ready", "1 while the rule is valid and every trigger answers", "ready"),
    ):
        family = GaugeMetricFamily(name, text, labels=_RULE)
        for key, figures in rules.items():
            if (value := getattr(figures, attribute)) is not None:
                family.add_metric(key, value)
        yield family
    actions = CounterMetricFamily(
        "scaler_scale_actions", "Counts that were set, up or down", labels=[*_RULE, "direction"]
    )
    for key, figures in rules.items():
        # From 0 on: a counter that begins at 1 hides its first step from `rate`.
        actions.add_metric([*key, "up"], figures.up)
        actions.add_metric([*key, "down"], figures.down)
    yield actions


def _of_triggers(rules: dict[Key, _Figures]) -> Iterator[Metric]:
    rows = [
        ((*key, name, trigger.type), trigger)
        for key, figures in rules.items()
        for name, trigger in figures.triggers.items()
    ]
    for name, text, attribute in (
        ("scaler_trigger_value", "Last good reading, in the trigger's unit", "value"),
        ("scaler_trigger_target", "Target per replica, in the trigger's unit", "target"),
    ):
        family = GaugeMetricFamily(name, text, labels=_TRIGGER)
        for labels, trigger in rows:
            if (value := getattr(trigger, attribute)) is not None:
                family.add_metric(labels, value)
        yield family
    errors = CounterMetricFamily("scaler_trigger_errors", "Failed readings", labels=_TRIGGER)
    for labels, trigger in rows:
        errors.add_metric(labels, trigger.errors)
    yield errors
