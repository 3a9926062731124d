"""The metrics of the contract, in one registry; the series of a rule go with it."""

import math
from collections.abc import Sequence, Set
from importlib.metadata import version

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

from scaler.decide import Decision
from scaler.rule import InvalidRule, Rule
from scaler.step import Failure, Proposal, Value
from scaler.target import Key
from scaler.workload import Workload

_RULE = ("namespace", "deployment")
_TRIGGER = (*_RULE, "trigger", "type")
_READ_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_REACTION_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """Everything that `/metrics` shows."""

    def __init__(self) -> None:
        # A `_created` series beside each counter would double them, and nothing here asks for it.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._rule_gauges()
        self._trigger_metrics()
        self._source_metrics()
        self._loop_metrics()
        self._triggers: dict[Key, dict[str, str]] = {}
        self._states: dict[Key, str] = {}

    def _rule_gauges(self) -> None:
        self.rules = Gauge(
            "scaler_rules",
            "Rules of ours by state: ready, failing, paused or invalid",
            ["state"],
            registry=self.registry,
        )
        self.replicas = self._gauge("scaler_replicas", "spec.replicas as last seen or set")
        self.desired = self._gauge("scaler_desired_replicas", "Replicas that the last decision asked for")
        self.minimum = self._gauge("scaler_min_replicas", "minReplicaCount of the rule")
        self.maximum = self._gauge("scaler_max_replicas", "maxReplicaCount of the rule")
        self.active = self._gauge("scaler_rule_active", "1 while a trigger is active")
        self.paused = self._gauge("scaler_rule_paused", "1 while a pause annotation holds")
        self.fallback = self._gauge("scaler_rule_fallback", "1 while a trigger is in fallback")
        self.ready = self._gauge("scaler_rule_ready", "1 while the rule is valid and every trigger answers")

    def _gauge(self, name: str, text: str) -> Gauge:
        return Gauge(name, text, _RULE, registry=self.registry)

    def _trigger_metrics(self) -> None:
        self.value = Gauge(
            "scaler_trigger_value", "Last good reading, in the trigger's unit", _TRIGGER, registry=self.registry
        )
        self.target = Gauge(
            "scaler_trigger_target", "Target per replica, in the trigger's unit", _TRIGGER, registry=self.registry
        )
        self.errors = Counter("scaler_trigger_errors", "Failed readings", _TRIGGER, registry=self.registry)

    def _source_metrics(self) -> None:
        self.read_seconds = Histogram(
            "scaler_source_read_seconds",
            "Duration of one read of one broker",
            ["type"],
            buckets=_READ_SECONDS,
            registry=self.registry,
        )
        self.reads = Counter(
            "scaler_source_reads", "Reads of brokers: ok or error", ["type", "outcome"], registry=self.registry
        )
        self.open = Gauge("scaler_source_connections", "Open connections to brokers", ["type"], registry=self.registry)

    def _loop_metrics(self) -> None:
        self.actions = Counter(
            "scaler_scale_actions", "Counts that were set, up or down", [*_RULE, "direction"], registry=self.registry
        )
        self.scale_errors = Counter(
            "scaler_scale_errors",
            "Counts that could not be set, by HTTP status or unreachable",
            ["reason"],
            registry=self.registry,
        )
        self.lag = self._histogram(
            "scaler_loop_lag_seconds", "Seconds from when a poll was due until its rules were decided on"
        )
        self.reaction = self._histogram(
            "scaler_reaction_seconds", "Seconds from when a poll was due until the count was patched"
        )
        self.requests = Counter(
            "scaler_kubernetes_requests",
            "Answers of the API server; code 0 is none",
            ["verb", "resource", "code"],
            registry=self.registry,
        )
        self.reviews = Counter(
            "scaler_webhook_reviews",
            "Answers of the webhook: allowed, refused, unreadable or late",
            ["outcome"],
            registry=self.registry,
        )
        self.expiry = Gauge(
            "scaler_webhook_certificate_expiry_seconds",
            "When the certificate that is served ends, in seconds since 1970; NaN without one",
            registry=self.registry,
        )
        self.expiry.set(math.nan)
        self.leader = Gauge("scaler_leader", "1 for a shard whose rules are ours", ["shard"], registry=self.registry)
        self.build = Gauge("scaler_build_info", "1, labelled with the version", ["version"], registry=self.registry)
        self.build.labels(version("scalerule")).set(1)

    def _histogram(self, name: str, text: str) -> Histogram:
        return Histogram(name, text, buckets=_REACTION_SECONDS, registry=self.registry)

    def leads(self, shards: Sequence[bool]) -> None:
        """Which shards are ours."""
        for number, held in enumerate(shards):
            self.leader.labels(str(number)).set(held)

    def reviewed(self, outcome: str) -> None:
        """The webhook answered."""
        self.reviews.labels(outcome).inc()

    def page(self) -> bytes:
        """The text format."""
        return generate_latest(self.registry)

    def read(self, trigger_type: str, seconds: float, outcome: str) -> None:
        """A read of one broker ended."""
        self.read_seconds.labels(trigger_type).observe(seconds)
        self.reads.labels(trigger_type, outcome).inc()

    def connections(self, trigger_type: str, count: int) -> None:
        """How many connections are open to brokers of a type."""
        self.open.labels(trigger_type).set(count)

    def request(self, verb: str, resource: str, code: int) -> None:
        """The API server answered, or (code 0) did not."""
        self.requests.labels(verb, resource, str(code)).inc()

    def seen(self, workload: Workload, ready: bool, paused: bool) -> None:
        """The present state of a rule."""
        key, rule = workload.target.key, workload.rule
        self.replicas.labels(*key).set(workload.target.replicas)
        self.ready.labels(*key).set(ready)
        self.paused.labels(*key).set(paused)
        self.fallback.labels(*key).set(workload.decision is not None and workload.decision.fallback)
        state = "invalid" if isinstance(rule, InvalidRule) else "paused" if paused else "ready" if ready else "failing"
        if key not in self._states:
            for direction in ("up", "down"):
                # A counter that begins at 1 hides its first step from `rate`.
                self.actions.labels(*key, direction)
        self._count(key, state)
        if workload.decision is not None:
            self.desired.labels(*key).set(workload.decision.replicas)
            self.active.labels(*key).set(workload.decision.active)
        if isinstance(rule, Rule):
            self.minimum.labels(*key).set(rule.min_replicas)
            self.maximum.labels(*key).set(rule.max_replicas)
            formula = {} if rule.modifiers is None else {rule.modifiers.name: "formula"}
            self._keep_triggers(key, formula | {trigger.name: trigger.type for trigger in rule.triggers})

    def decided(self, key: Key, decision: Decision, polled: Set[str]) -> None:
        """What the triggers said in a decision; `polled` names those that were read for it."""
        types = self._triggers.get(key, {})
        for step in decision.steps:
            if isinstance(step, Proposal | Value):
                labels = (*key, step.trigger, types[step.trigger])
                self.value.labels(*labels).set(step.value)
                if isinstance(step, Proposal):
                    self.target.labels(*labels).set(step.target)
            elif isinstance(step, Failure) and step.trigger in polled:
                self.errors.labels(*key, step.trigger, types[step.trigger]).inc()

    def forget(self, key: Key) -> None:
        """Remove every series of a rule."""
        # Not by `remove_by_labels`, which looks at every series there is.
        for gauge in (self.replicas, self.desired, self.minimum, self.maximum, self.active):
            gauge.remove(*key)
        for gauge in (self.paused, self.fallback, self.ready):
            gauge.remove(*key)
        for direction in ("up", "down"):
            self.actions.remove(*key, direction)
        self._keep_triggers(key, {})
        self._count(key, None)
        del self._triggers[key]

    def _keep_triggers(self, key: Key, types: dict[str, str]) -> None:
        former = self._triggers.get(key, {})
        if types == former and key in self._triggers:
            return
        for name, kind in former.items():
            if types.get(name) != kind:
                for family in (self.value, self.target, self.errors):
                    family.remove(*key, name, kind)
        for name, kind in types.items():
            self.errors.labels(*key, name, kind)
        self._triggers[key] = types

    def _count(self, key: Key, state: str | None) -> None:
        before = self._states.pop(key, None)
        if before == state and state is not None:
            self._states[key] = state
            return
        if before is not None:
            self.rules.labels(before).dec()
        if state is not None:
            self._states[key] = state
            self.rules.labels(state).inc()
