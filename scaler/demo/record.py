"""What happened in a demo, as samples and scalings, and what it comes to."""

import logging
import time
from dataclasses import dataclass, field
from typing import NamedTuple


class Sample(NamedTuple):
    """One look: seconds since the start, messages not done yet, spec.replicas, ready pods."""

    at: float
    depth: int
    replicas: int
    ready: int


class Scaling(NamedTuple):
    """One change of the count, with the scaler's own reason."""

    at: float
    before: int
    after: int
    why: str


@dataclass
class Record(logging.Handler):
    """Also a log handler: the scaler's own lines say when it scaled, and why."""

    started: float = field(default_factory=time.monotonic)
    samples: list[Sample] = field(default_factory=list)
    bursts: list[tuple[float, int]] = field(default_factory=list)
    scalings: list[Scaling] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    published: int = 0
    processed: int = 0
    left: int = 0

    def __post_init__(self) -> None:
        super().__init__()

    def __hash__(self) -> int:
        return id(self)

    @property
    def now(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.started

    def emit(self, record: logging.LogRecord) -> None:
        """Take in a line of the scaler's log."""
        fields = vars(record)
        if record.getMessage() == "scaled":
            self.scalings.append(Scaling(self.now, fields["from"], fields["to"], fields["why"]))
        elif record.levelno >= logging.WARNING:
            self.warnings.append(f"{record.getMessage()} {fields.get('error') or fields.get('detail') or ''}".strip())

    @property
    def lost(self) -> int:
        """Messages that were published, not done, and are not in the queue either."""
        return self.published - self.processed - self.left

    def reactions(self) -> list[float]:
        """Seconds from each burst to the next scale-up."""
        ups = [scaling.at for scaling in self.scalings if scaling.after > scaling.before]
        return [min(later) - at for at, _ in self.bursts if (later := [up for up in ups if up >= at])]

    def full_circle(self) -> bool:
        """Whether it went from 0 to N and back to 0, and every message was done."""
        counts = [sample.replicas for sample in self.samples]
        return bool(counts) and max(counts) > 0 and counts[-1] == 0 and self.processed == self.published
