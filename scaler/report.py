"""A changed decision becomes metrics, an event, a status annotation and one log line; an unchanged one, nothing."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, Final

from scaler.condition import Condition, Conditions, conditions, failing
from scaler.decide import Decision
from scaler.event import EventBook, EventWrite
from scaler.kube import Kube, KubeError
from scaler.metrics import Metrics
from scaler.outbox import Outbox, Urgency
from scaler.resource import EVENTS, Resource
from scaler.rule import Rule
from scaler.shard import Shares
from scaler.status import StatusBook, render, timestamp
from scaler.step import Proposal, Value
from scaler.target import PREFIX, STATUS, Key, Target
from scaler.workload import Workload

_log = logging.getLogger("scaler")

#: The conditions whose change people wait for.
_URGENT = ("Ready", "Fallback", "Paused")

#: So many events may wait to be written, some 30 MB: twice as many as the rules that may scale at once.
MOST_EVENTS: Final = 20_000

#: No answer, too many requests, a server in trouble: the same write may succeed later.
_PASSING = (0, 429, 500, 503, 504)


@dataclass
class _Told:
    """What was last reported of a rule; `basis` is all that it was made from."""

    target: Target
    basis: tuple[object, ...] = ()
    conditions: Conditions = field(default_factory=dict)
    since: dict[str, float] = field(default_factory=dict)
    failing: dict[str, str] = field(default_factory=dict)
    last: dict[str, Any] | None = None
    facts: dict[str, Any] = field(default_factory=dict)


class Report:
    """Remembers what was told of every rule, and tells only what is new."""

    def __init__(
        self, kube: Kube, outbox: Outbox, shares: Shares, metrics: Metrics, clock: Callable[[], float], instance: str
    ) -> None:
        self._kube = kube
        self._shares = shares
        self._outbox = outbox
        self._metrics = metrics
        self._clock = clock
        self._events = EventBook(instance)
        self._crowded = False
        # Rendered when it is written: in a burst the patches of counts go first.
        self._status = StatusBook(lambda key: outbox.put(Urgency.STATUS, lambda: self._write_status(key)))
        self._told: dict[Key, _Told] = {}
        # Custom resources take no annotation by way of their status: that is seen, and not tried again.
        self._mute: set[Resource] = set()

    def state(self, workload: Workload) -> None:
        """A rule was seen or decided on: tell which conditions changed."""
        key, now = workload.target.key, self._clock()
        told = self._told.get(key)
        if told is None:
            told = self._told[key] = _Told(workload.target)
        basis = _basis(workload, now)
        if basis == told.basis:
            return
        told.basis, told.target, told.facts = basis, workload.target, _facts(workload)
        current = conditions(workload, now)
        self._metrics.series.seen(workload, current["Ready"].status == "True", current["Paused"].status == "True")
        if workload.decision is not None:
            self._tell_triggers(told, workload, now)
        changed = [name for name, condition in current.items() if condition[:2] != told.conditions.get(name, ())[:2]]
        first, before, told.conditions = not told.conditions, told.conditions, current
        for name in changed:
            told.since[name] = now
            self._tell_condition(told, name, before.get(name), current[name], now)
        if changed and not (first and not workload.decidable):
            soon = any(name in _URGENT for name in changed)
            self._status.changed(key, soon)

    def decided(self, workload: Workload, decision: Decision, lag: float) -> None:
        """A poll was decided on, `lag` seconds after it was due."""
        self._metrics.lag.observe(lag)
        self._metrics.series.decided(workload, decision)

    def scaled(self, workload: Workload, decision: Decision, before: int, reaction: float | None) -> None:
        """The count was set; `reaction` in seconds since the poll was due."""
        key, now = workload.target.key, self._clock()
        told = self._told.setdefault(key, _Told(workload.target))
        after = decision.replicas
        self._metrics.series.scaled(workload, before, after)
        if reaction is not None:
            self._metrics.reaction.observe(reaction)
        reason = "ScaleTargetActivated" if before == 0 else "ScaleTargetDeactivated" if after == 0 else "Scaled"
        self._emit(told.target, reason, f"from {before} to {after} replicas: {decision.why()}", False, now)
        told.last = {
            "at": timestamp(now),
            "from": before,
            "to": after,
            "reason": str(decision.reason),
            "why": decision.why(),
        }
        self._status.changed(key, soon=True)
        _log.info("scaled", extra={"rule": str(key), "from": before, "to": after, "why": decision.why()})

    def scale_failed(self, workload: Workload, error: KubeError) -> None:
        """The count could not be set; the next poll decides anew."""
        self._metrics.scale_errors.labels(str(error.status or "unreachable")).inc()
        _log.warning("not scaled", extra={"rule": str(workload.target.key), "error": str(error)})

    def conflict(self) -> None:
        """Somebody changed the Deployment between decision and write."""
        self._metrics.scale_errors.labels("409").inc()

    def let_go(self, key: Key) -> None:
        """The Deployment is gone, or has no rule any more."""
        if key in self._told:
            _log.info("let go", extra={"rule": str(key)})
        self.forget(key)

    def forget(self, key: Key) -> None:
        """It is not ours to tell of: its series go."""
        if self._told.pop(key, None) is None:
            return
        self._metrics.series.forget(key)
        self._events.forget(key)
        self._status.forget(key)

    def clear_status(self, target: Target) -> None:
        """Remove our annotation from a Deployment that has no rule any more."""
        self._status.forget(target.key)
        self._outbox.put(Urgency.STATUS, lambda: self._remove_status(target))

    def restored(self, target: Target, replicas: int) -> None:
        """The rule is gone, and the count is that of before it."""
        message = f"from {target.replicas} to {replicas} replicas: as before the rule, which is gone"
        self._emit(target, "Scaled", message, False, self._clock())

    def rolled_back(self, target: Target, replica_set: str, names: Sequence[str]) -> None:
        """Annotations of a user's came back with an old pod template."""
        what = ", ".join(f"{PREFIX}{name}" for name in names)
        message = f"the rollback to ReplicaSet {replica_set} brought back the annotations of that time: {what} changed"
        self._emit(target, "RuleRolledBack", message, True, self._clock())

    def rows(self) -> list[dict[str, Any]]:
        """Every rule as `scaler status` shows it, ordered by name; may be asked from another thread."""
        return [_row(key, told) for key, told in sorted(self._told.copy().items(), key=itemgetter(0))]

    def row(self, key: Key) -> dict[str, Any] | None:
        """That of one rule; None for one that is not ours."""
        told = self._told.get(key)
        return None if told is None else _row(key, told)

    def _tell_triggers(self, told: _Told, workload: Workload, now: float) -> None:
        current = failing(workload)
        names = {trigger.name for trigger in workload.rule.triggers} if isinstance(workload.rule, Rule) else set()
        for name in current.keys() - told.failing.keys():
            self._emit(told.target, "TriggerFailed", f"{name}: {current[name]}; {_consequence(workload)}", True, now)
        for name in (told.failing.keys() - current.keys()) & names:
            self._emit(told.target, "TriggerRecovered", f"{name} answers again", False, now)
        told.failing = current

    def _tell_condition(self, told: _Told, name: str, before: Condition | None, after: Condition, now: float) -> None:
        target, message = told.target, after.message
        if name == "Ready":
            self._log_ready(target.key, after)
            if after.reason in ("RuleInvalid", "AnnotationInvalid"):
                self._emit(target, "ScaleRuleInvalid", message, True, now)
            elif after.status == "True" and _is_news(target, before):
                self._emit(target, "ScaleRuleReady", message, False, now)
        elif name == "Paused" and after.status == "True":
            self._emit(target, "Paused", message, False, now)
        elif name == "Paused" and before is not None:
            self._emit(target, "Resumed", "no pause annotation any more: the rule decides again", False, now)
        elif name == "Fallback" and after.status == "True":
            self._emit(target, "FallbackStarted", message, True, now)
        elif name == "Fallback" and before is not None:
            self._emit(target, "FallbackEnded", "no trigger needs the fallback any more", False, now)
        elif name == "Contested" and after.status == "True":
            self._emit(target, "Conflict", message, True, now)

    def _log_ready(self, key: Key, condition: Condition) -> None:
        level = logging.WARNING if condition.status == "False" else logging.INFO
        extra = {"rule": str(key), "ready": condition.status, "reason": condition.reason, "detail": condition.message}
        if condition.status != "Unknown":
            _log.log(level, "rule state", extra=extra)

    def _emit(self, target: Target, reason: str, message: str, warning: bool, now: float) -> None:
        if self._outbox.waiting(Urgency.EVENT) >= MOST_EVENTS:
            self._leave_out()
            return
        self._crowded = False
        write = self._events.event(target, reason, message, warning, now)

        async def send() -> None:
            if self._shares.holds(target.key):
                await self._write_event(write)

        self._outbox.put(Urgency.EVENT, send)

    def _leave_out(self) -> None:
        """An API server that is behind gets no further events: they would fill our memory and come too late."""
        if not self._crowded:
            _log.warning("the API server is behind: events are left out", extra={"waiting": MOST_EVENTS})
        self._crowded = True

    async def _write_event(self, write: EventWrite) -> None:
        if write.again:
            try:
                await self._kube.patch(EVENTS, write.namespace, write.name, write.body())
                return
            except KubeError as error:
                # The API server keeps events for an hour or less, and may never have got that one.
                if error.status != 404:
                    raise
        await self._kube.create(EVENTS, write.namespace, write.body())

    async def _write_status(self, key: Key) -> None:
        told = self._told.get(key)
        if told is None or told.target.resource in self._mute:
            return
        if not self._shares.holds(key):
            # Ours but for the Lease at this moment, or else `forget` would have been called.
            self._status.changed(key, soon=True)
            return
        text = render(told.conditions, told.since, told.last)
        if told.target.status == text:
            return
        try:
            await self._patch_status(told.target, text)
        except KubeError as error:
            if error.status in _PASSING:
                self._status.changed(key, soon=False)
            raise

    async def _remove_status(self, target: Target) -> None:
        if self._shares.holds(target.key):
            await self._patch_status(target, None)

    async def _patch_status(self, target: Target, text: str | None) -> None:
        try:
            answer = await self._kube.patch_status(*target.location, target.uid, {STATUS: text})
        except KubeError as error:
            if error.status not in (404, 409):
                raise
            return
        if text is not None and STATUS not in answer["metadata"].get("annotations", {}):
            self._mute.add(target.resource)


def _row(key: Key, told: _Told) -> dict[str, Any]:
    """What is told is replaced, never changed, but for `since`."""
    return {
        "namespace": key.namespace,
        "name": key.name,
        "replicas": told.target.replicas,
        **told.facts,
        "conditions": {name: condition._asdict() for name, condition in told.conditions.items()},
        "lastDecision": told.last,
    }


def _consequence(workload: Workload) -> str:
    """What a trigger that fails means for the count."""
    if workload.decision is not None and workload.decision.fallback:
        return "the fallback decides"
    fallback = workload.rule.fallback if isinstance(workload.rule, Rule) else None
    if fallback is not None:
        return f"the count is held; the fallback begins with failed poll {fallback.threshold} in a row"
    return "the count is held"


def _is_news(target: Target, before: Condition | None) -> bool:
    """Not after an outage, which has an event of its own, and not after a mere restart of ours."""
    first = before is None or before.reason == "NotReadYet"
    return target.status is None if first else before is not None and before.reason != "TriggerFailing"


def _basis(workload: Workload, now: float) -> tuple[object, ...]:
    """What conditions, facts and series of a rule depend on; most parts stay the same objects."""
    decision = workload.decision
    decided = None if decision is None else (decision.replicas, decision.reason, decision.active, decision.steps)
    contested = workload.contest.contested(now), workload.contest.manager
    return workload.target, workload.rule, workload.ready, workload.complete, workload.rival, contested, decided


def _facts(workload: Workload) -> dict[str, Any]:
    """The ready replicas, the bounds and the readings of a rule."""
    rule, decision = workload.rule, workload.decision
    steps = decision.steps if decision else ()
    return {
        "ready": workload.ready,
        "min": rule.min_replicas if isinstance(rule, Rule) else None,
        "max": rule.max_replicas if isinstance(rule, Rule) else None,
        "readings": {step.trigger: step.value for step in steps if isinstance(step, Proposal | Value)},
    }


def lost(error: BaseException) -> None:
    """A write that failed in the outbox: said once, here, since nobody waits for it."""
    _log.warning("a write to Kubernetes failed", extra={"error": str(error) or type(error).__name__})
