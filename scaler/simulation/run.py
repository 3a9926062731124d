"""One rule over a whole trace: it polls, decides by `scaler.decide` and nothing else, and its pods follow."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from scaler.answer import Answer
from scaler.decide import Decision, Reason, Replicas, decide
from scaler.history import History
from scaler.simulation.candidate import Candidate
from scaler.simulation.pods import Pods
from scaler.simulation.queue import Queue
from scaler.simulation.record import Record
from scaler.simulation.trace import ARRIVALS, Trace, TraceError
from scalers import Reading
from scalers.problem import nearest

#: More would take minutes; it is nearly always two kinds of time in one trace.
MOST_POLLS: Final = 5_000_000


class Row(NamedTuple):
    """One poll: what was read, and the count and the working pods right after the decision.

    `why` is the computation in words where the count changed, else empty.
    """

    time: float
    readings: Mapping[str, Answer]
    replicas: int
    ready: int
    reason: Reason
    why: str


@dataclass(frozen=True, slots=True)
class Setting:
    """What a simulation assumes: seconds until a pod works, and messages per second that one serves.

    `rate` is None where the trace has depths and no arrivals. A row of the trace holds for `hold` seconds, None: as
    long as `Trace.hold` says.
    """

    startup: float = 0.0
    rate: float | None = None
    hold: float | None = None


@dataclass(slots=True)
class Run:
    """What a rule made of a trace. `queue` is there for arrivals only, and closed. A row held for `hold` seconds."""

    candidate: Candidate
    trace: Trace
    hold: float
    rows: list[Row] = field(default_factory=list)
    queue: Queue | None = None


def simulate(candidate: Candidate, trace: Trace, setting: Setting) -> Run:
    """Poll from the first row of the trace to the last. Raises TraceError where it lacks a trigger of the rule."""
    rule, start, interval = candidate.rule, trace.start, candidate.rule.polling_interval
    pods = Pods(candidate.replicas, setting.startup)
    hold = trace.hold(interval) if setting.hold is None else setting.hold
    world = _World(candidate, trace, setting.rate, hold, pods)
    run = Run(candidate, trace, hold, queue=world.queue)
    found, history = candidate.replicas, History.begin(candidate.replicas, start)
    for poll in range(_polls(trace, interval)):
        now = start + poll * interval
        readings = world.read(now)
        decision = decide(rule, readings, Replicas(found, pods.ready), history, now)
        history = decision.history
        if decision.replicas != found:
            pods.scale(found, decision.replicas, now)
        run.rows.append(_row(now, readings, decision, found, pods.ready))
        found = decision.replicas
    world.end()
    return run


def _row(now: float, readings: Mapping[str, Answer], decision: Decision, found: int, ready: int) -> Row:
    why = decision.why() if decision.replicas != found else ""
    return Row(now, readings, decision.replicas, ready, decision.reason, why)


def _polls(trace: Trace, interval: float) -> int:
    polls = math.floor((trace.end - trace.start) / interval + 1e-9) + 1
    if polls > MOST_POLLS:
        days = (trace.end - trace.start) / 86400
        raise TraceError(f"the trace lasts {days:,.0f} days, {polls:,} polls; at most {MOST_POLLS:,} are simulated")
    return polls


class _World:
    """What the rule looks at: columns of the trace, and the queue that its own pods work on."""

    def __init__(self, candidate: Candidate, trace: Trace, rate: float | None, hold: float, pods: Pods) -> None:
        recorded, self._fed = _sources(candidate, trace, rate is not None)
        self._record = Record(trace, recorded, hold) if recorded else None
        self._pods, self._end = pods, trace.end
        self.queue = None if rate is None else Queue(trace, rate, pods)

    def read(self, now: float) -> Mapping[str, Answer]:
        """The readings of a poll, once time has passed until then."""
        recorded = {} if self._record is None else self._record.read(now)
        if self.queue is None:
            self._pods.settle(now)
            return recorded
        self.queue.advance(now)
        self._pods.settle(now)
        depth = float(self.queue.depth)
        return {**recorded, self._fed: Reading(depth, depth)}

    def end(self) -> None:
        if self.queue is not None:
            self.queue.advance(self._end)
            self.queue.close()


def _sources(candidate: Candidate, trace: Trace, flows: bool) -> tuple[list[str], str]:
    """The triggers that read a column, and the one (or "") that reads the queue."""
    triggers = [trigger.name for trigger in candidate.rule.triggers]
    recorded = [name for name in triggers if name in trace.readings]
    rest = [name for name in triggers if name not in trace.readings]
    if flows and len(rest) == 1:
        return recorded, rest[0]
    if flows:
        without = f"{', '.join(rest)} have none" if rest else "all of them have one"
        raise TraceError(
            f"{candidate.label}: {ARRIVALS!r} feeds the one trigger that has no column of its own, but {without}"
        )
    if rest:
        raise TraceError(
            f"{candidate.label}: the trace has no column {rest[0]!r} for the trigger of that name; "
            f"{nearest(rest[0], trace.readings)}"
        )
    return recorded, ""
