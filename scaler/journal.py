"""The last decisions of every rule, for whoever asks why: those that changed the count, and those that held it back."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from scaler.answer import Answer
from scaler.decide import FREE, Decision, Replicas
from scaler.excerpt import excerpt
from scaler.history import History
from scaler.rule import InvalidRule
from scaler.state import State, decision_json, state_json
from scaler.step import Writer, as_json
from scaler.target import RULE, Key
from scaler.trace import Past, Trace
from scaler.workload import Workload

#: So many decisions of one rule, and of all rules together.
OF_ONE: Final = 100
OF_ALL: Final = 20_000


@dataclass(slots=True)
class Entry:
    """One decision, or several in a row that came to the same: then what is kept is the latest of them.

    `since` is when the first was made, `polls` how many there were. Times are wall time in seconds.
    """

    since: float
    polls: int
    now: float
    annotations: Mapping[str, str]
    valid: bool
    readings: Mapping[str, Answer]
    replicas: Replicas
    before: History
    decision: Decision
    writer: Writer | None

    @classmethod
    def of(cls, workload: Workload, decision: Decision) -> "Entry":
        """What a decision was made from, and what came of it."""
        now = decision.history.last_poll
        assert now is not None
        # Who changed the count is told by the loop, before all else; it is no step of the decision itself.
        writer = decision.steps[0] if decision.steps and isinstance(decision.steps[0], Writer) else None
        found = Replicas(workload.target.replicas, workload.ready)
        valid = not isinstance(workload.rule, InvalidRule)
        readings, marks = workload.readings, workload.target.annotations
        return cls(now, 1, now, marks, valid, readings, found, workload.before, decision, writer)

    @property
    def telling(self) -> bool:
        """Whether it changed the count or held it back, or somebody else had changed it."""
        free = self.decision.reason in FREE and self.decision.replicas == self.replicas.found
        return not free or self.writer is not None

    def continues(self, other: "Entry") -> bool:
        """Whether it came to the same as the one before, from the same: a count that cannot be set is one entry too."""
        mine, theirs = self.decision, other.decision
        same = (mine.replicas, mine.reason, mine.active) == (theirs.replicas, theirs.reason, theirs.active)
        return same and self.replicas.found == other.replicas.found and self.writer == other.writer

    def as_json(self) -> dict[str, Any]:
        """A pair of state and decision, which `explain --state` takes back."""
        marks = {name: text for name, text in self.annotations.items() if name != RULE}
        rule = excerpt(self.annotations.get(RULE, "")) if self.valid else {}
        state = State(rule, marks, self.readings, self.replicas, self.before, self.now)
        steps = tuple(step for step in self.decision.steps if not isinstance(step, Writer))
        decision = Decision(
            self.decision.replicas, self.decision.reason, self.decision.active, steps, self.decision.history
        )
        return {
            "since": self.since,
            "polls": self.polls,
            "writer": None if self.writer is None else as_json(self.writer),
            "state": state_json(state),
            "decision": decision_json(decision),
        }


class Journal:
    """Remembers the telling decisions and the present one, from `begun` on (wall time, seconds), and the last hour."""

    def __init__(self, begun: float) -> None:
        self._begun = begun
        self._entries: dict[Key, deque[Entry]] = {}
        self._present: dict[Key, Entry] = {}
        self._cut: set[Key] = set()
        self._traces: dict[Key, Trace] = {}
        self._count = 0

    def note(self, workload: Workload) -> None:
        """A rule was decided on."""
        if workload.decision is None:
            return
        key = workload.target.key
        entry, before = Entry.of(workload, workload.decision), self._present.get(key)
        if before is not None and entry.continues(before):
            entry.since, entry.polls = before.since, before.polls + 1
        self._present[key] = entry
        self._traces.setdefault(key, Trace()).note(workload, workload.decision, entry.now)
        if entry.telling:
            self._keep(key, entry, before)

    def forget(self, key: Key) -> None:
        """The rule is gone."""
        self._present.pop(key, None)
        self._cut.discard(key)
        self._traces.pop(key, None)
        self._count -= len(self._entries.pop(key, ()))

    def told(self, key: Key) -> dict[str, Any] | None:
        """All that is remembered of a rule, oldest first, and since when; None for a rule that is not known."""
        if key not in self._present:
            return None
        entries = list(self._entries.get(key, ()))
        if not entries or entries[-1] is not self._present[key]:
            entries.append(self._present[key])
        return {
            "namespace": key.namespace,
            "name": key.name,
            "memorySince": entries[0].since if key in self._cut else self._begun,
            "decisions": [entry.as_json() for entry in entries],
        }

    def past(self, key: Key) -> Past | None:
        """The last hour of a rule; None for one that is not known."""
        trace = self._traces.get(key)
        return None if trace is None else trace.past()

    def _keep(self, key: Key, entry: Entry, before: Entry | None) -> None:
        kept = self._entries.setdefault(key, deque())
        if kept and kept[-1] is before and entry.polls > 1:
            kept[-1] = entry
            return
        kept.append(entry)
        self._count += 1
        if len(kept) > OF_ONE:
            self._drop(key)
        if self._count > OF_ALL:
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        """A tenth of all at once, so that it is seldom done."""
        oldest = sorted((entry.now, key) for key, kept in self._entries.items() for entry in kept)
        for _, key in oldest[: OF_ALL // 10]:
            self._drop(key)

    def _drop(self, key: Key) -> None:
        self._entries[key].popleft()
        self._count -= 1
        self._cut.add(key)
