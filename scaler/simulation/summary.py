"""What a rule costs and what it gives, in numbers that can be compared."""

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from scaler.decide import Reason
from scaler.simulation.queue import Queue
from scaler.simulation.run import Row, Run
from scalers import Reading

#: The reasons for a count that is not where the readings of its poll would take it.
HELD_BACK: Final = (
    Reason.STABILIZED,
    Reason.RATE_LIMITED,
    Reason.COOLDOWN,
    Reason.HELD,
    Reason.FALLBACK,
    Reason.TOO_MANY,
    Reason.PAUSED,
)


@dataclass(frozen=True, slots=True)
class Summary:
    """Of one rule. Times in seconds, waits in seconds, `backlog_area` in message-seconds.

    `arrived` to `left` and the waits are None where only depths are known: who waited how long cannot be told from
    them.
    """

    rule: str
    file: str
    namespace: str
    name: str
    seconds: float
    polls: int
    replica_seconds: float
    replica_hours: float
    peak_replicas: int
    scale_ups: int
    scale_downs: int
    seconds_at_zero: float
    peak_depth: float
    backlog_area: float
    arrived: float | None
    served: float | None
    departed: float | None
    left: float | None
    longest_wait: float | None
    mean_wait: float | None
    p95_wait: float | None
    held_back: dict[str, int]

    def as_json(self) -> dict[str, Any]:
        """With the names that the other commands print."""
        return {_camel(name): _rounded(value) for name, value in asdict(self).items()}


def summary(run: Run) -> Summary:
    """Of a run that has ended."""
    candidate, rows, queue = run.candidate, run.rows, run.queue
    counts = [candidate.replicas, *(row.replicas for row in rows)]
    spans = _spans(rows, run.trace.end)
    replica_seconds = sum(row.replicas * span for row, span in zip(rows, spans, strict=True))
    reasons = Counter(row.reason for row in rows)
    return Summary(
        rule=candidate.label,
        file=candidate.file,
        namespace=candidate.key.namespace,
        name=candidate.key.name,
        seconds=run.trace.end - run.trace.start,
        polls=len(rows),
        replica_seconds=replica_seconds,
        replica_hours=replica_seconds / 3600,
        peak_replicas=max(counts[1:]),
        scale_ups=sum(after > before for before, after in itertools.pairwise(counts)),
        scale_downs=sum(after < before for before, after in itertools.pairwise(counts)),
        seconds_at_zero=sum((span for row, span in zip(rows, spans, strict=True) if row.replicas == 0), 0.0),
        held_back={str(reason): reasons[reason] for reason in HELD_BACK if reasons[reason]},
        **(_recorded(run) if queue is None else _served(queue)),
    )


def _spans(rows: Sequence[Row], end: float) -> list[float]:
    """For how long each count was there."""
    return [after - row.time for row, after in zip(rows, [*(row.time for row in rows[1:]), end], strict=True)]


def _served(queue: Queue) -> dict[str, Any]:
    return {
        "peak_depth": queue.peak,
        "backlog_area": queue.area,
        "arrived": queue.arrived,
        "served": queue.served,
        "departed": queue.departed,
        "left": queue.backlog,
        "longest_wait": queue.waits.longest if queue.waits.count else None,
        "mean_wait": queue.waits.mean,
        "p95_wait": queue.waits.below(0.95),
    }


def _recorded(run: Run) -> dict[str, Any]:
    """Depths alone: the peak and the area are the trace's own, whatever the rule did."""
    trace = run.trace
    ends = [*trace.times[1:], trace.end]
    spans = [min(after - at, run.hold) for at, after in zip(trace.times, ends, strict=True)]
    area, peak = 0.0, 0.0
    for trigger in run.candidate.rule.triggers:
        for answer, span in zip(trace.readings[trigger.name], spans, strict=True):
            if isinstance(answer, Reading):
                area, peak = area + answer.value * span, max(peak, answer.value)
    unknown = ("arrived", "served", "departed", "left", "longest_wait", "mean_wait", "p95_wait")
    return {"peak_depth": peak, "backlog_area": area, **dict.fromkeys(unknown)}


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _rounded(value: Any) -> Any:
    return round(value, 3) if isinstance(value, float) else value
