"""A managed Deployment as the loop knows it: what was seen, what was read, what was decided."""

import asyncio
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from scaler.answer import Answer, Repeated
from scaler.contest import Contest
from scaler.decide import Decision, Replicas, decide
from scaler.history import History, recommended
from scaler.kube import FIELD_MANAGER
from scaler.record import Record
from scaler.rule import InvalidRule, Rule
from scaler.step import Writer
from scaler.target import Target
from scalers import ScalerError


@dataclass(slots=True, eq=False)
class Workload:
    """One Deployment with a rule.

    `answers` holds the last answer of every trigger, `due` when the last of them was due (loop seconds); `polled` names
    those that no decision has seen yet, `counted` those whose failure the present decision counts. `before` and
    `readings` are the history and the answers that the present decision was made from: a conflict decides again from
    them. `original` is the count at first sight. `rival` names another autoscaler of the same target, beside which we
    do not scale. `gone_at` is when the rule disappeared (loop seconds), None while it is there. `tried` is a count that
    was asked for and may have been set without an answer so far. `patching` ends with the write that is under way.
    `stale`: something was read or seen since the present decision, so that it must not be written any more. `rollback`
    looks whether the last change of annotations was one, `rolled_back` says it was.
    """

    target: Target
    rule: Rule | InvalidRule
    history: History
    ready: int
    before: History
    original: int
    answers: dict[str, Answer] = field(default_factory=dict)
    polled: set[str] = field(default_factory=set)
    counted: set[str] = field(default_factory=set)
    readings: Mapping[str, Answer] = field(default_factory=dict)
    decision: Decision | None = None
    due: float | None = None
    contest: Contest = field(default_factory=Contest)
    rival: str | None = None
    writer: Writer | None = None
    patching: asyncio.Future[None] | None = None
    tried: int | None = None
    stale: bool = False
    gone_at: float | None = None
    rollback: asyncio.Task[None] | None = None
    rolled_back: bool = False

    @classmethod
    def begin(cls, target: Target, rule: Rule | InvalidRule, now: float, record: Record | None) -> "Workload":
        """A first sight; with a record the first of this process only."""
        interval = rule.polling_interval if isinstance(rule, Rule) else 0.0
        history = record.restored(target.replicas, now, interval) if record else History.begin(target.replicas, now)
        original = record.original if record else target.replicas
        return cls(target, rule, history, target.ready or 0, history, original)

    @property
    def record(self) -> Record:
        """What must outlive the process. Failures that no fallback waits for would change it with every poll."""
        fallback = self.rule.fallback if isinstance(self.rule, Rule) else None
        most = 0 if fallback is None else fallback.threshold
        past = self.history
        if past.failures:
            failures = {name: min(count, most) for name, count in past.failures.items() if most}
            past = past._replace(failures=failures)
        return Record(self.target.key, self.original, past, restores=isinstance(self.rule, Rule) and self.rule.restore)

    def see(self, target: Target, now: float) -> bool:
        """Take in a newer version of the Deployment; tells whether its rule is to be read again.

        An older version changes nothing.
        """
        if target.older_than(self.target):
            return False
        former, self.target = self.target, target
        self.stale = True
        if target.ready is not None:
            self.ready = target.ready
        if target.replicas != former.replicas and not self._wrote(target):
            self._note_writer(former.replicas, now)
        return target.managed and target.written != former.written

    def follow(self, rule: Rule | InvalidRule) -> None:
        """From now on this is the rule. What was read from elsewhere is forgotten."""
        former, self.rule = self.rule, rule
        kept = _places(former).items() & _places(rule).items()
        self.answers = {name: self.answers[name] for name, _ in kept if name in self.answers}
        self.stale = True
        if not self.decidable:
            self.decision = None

    def hear(self, answers: Mapping[str, Answer], due: float) -> None:
        """Take in what was read."""
        self.answers.update(answers)
        self.polled.update(answers)
        self.due = due
        self.stale = True

    @property
    def complete(self) -> bool:
        """Whether every trigger of the rule has an answer."""
        return isinstance(self.rule, Rule) and all(trigger.name in self.answers for trigger in self.rule.triggers)

    @property
    def decidable(self) -> bool:
        """Whether a decision needs nothing that is not here: a paused or invalid rule needs no reading."""
        if isinstance(self.rule, InvalidRule) and not self.rule.unread:
            return True
        pause = self.rule.pause
        return pause.paused or pause.replicas is not None or self.complete

    def decide(self, now: float) -> Decision:
        """Decide on what is known."""
        self.before = self.history
        self.counted = set()
        return self._decide(now)

    def decide_again(self, now: float) -> Decision:
        """Decide on the same readings for a target that changed meanwhile."""
        self.history = self.before
        return self._decide(now)

    def _decide(self, now: float) -> Decision:
        replicas = Replicas(self.target.replicas, self.ready)
        self.counted |= self.polled
        self.polled.clear()
        self.readings = self._readings()
        decision = decide(self.rule, self.readings, replicas, self.history, now)
        if self.writer is not None:
            decision = replace(decision, steps=(self.writer, *decision.steps))
        self.decision, self.history, self.stale = decision, decision.history, False
        return decision

    def _readings(self) -> dict[str, Answer]:
        """One poll may be decided on several times, but it fails only once."""
        return {
            name: Repeated(*answer.args) if isinstance(answer, ScalerError) and name not in self.counted else answer
            for name, answer in self.answers.items()
        }

    @property
    def wants_write(self) -> bool:
        """Whether the decision differs from what is there."""
        return self.decision is not None and self.decision.replicas != self.target.replicas and not self.target.deleting

    def scaled(self, decision: Decision, version: str, now: float) -> None:
        """The count was set as decided; `version` is the object's new one."""
        self.target = replace(self.target, replicas=decision.replicas, version=version, writer=FIELD_MANAGER)
        self.contest.wrote(now)
        self.writer = None
        self.tried = None

    def not_scaled(self) -> None:
        """The count could not be set: what the history took as made was not."""
        self.history = self.history._replace(scale_ups=self.before.scale_ups, scale_downs=self.before.scale_downs)

    def _wrote(self, target: Target) -> bool:
        """Whether the count seen is of our making: a watch may be faster than the answer to the write."""
        return target.writer == FIELD_MANAGER or (target.writer is None and target.replicas == self.tried)

    def _note_writer(self, before: int, now: float) -> None:
        """Somebody else's count is held like a recommendation of ours, for the scale-down window."""
        manager = self.target.writer or "an unnamed writer"
        self.contest.undone(manager, now)
        self.writer = Writer(manager, before, self.target.replicas)
        self.history = _with_writer(self.history, self.target.replicas, now)
        self.before = _with_writer(self.before, self.target.replicas, now)


def _with_writer(history: History, replicas: int, now: float) -> History:
    """The cooldown starts anew too: a count that somebody set by hand is not taken to zero at once."""
    return history._replace(
        recommendations=recommended(history.recommendations, replicas, now, math.inf),
        inactive_since=None if history.inactive_since is None else now,
    )


def _places(rule: Rule | InvalidRule) -> dict[str, tuple[object, object]]:
    """Where each trigger is read: an answer from elsewhere says nothing of it."""
    if isinstance(rule, InvalidRule):
        return {}
    return {trigger.name: (trigger.source, trigger.queue) for trigger in rule.triggers}
