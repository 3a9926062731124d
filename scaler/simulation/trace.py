"""What a simulation is fed: readings over time, or messages that arrive."""

import itertools
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from scaler.answer import Answer
from scalers import ScalerError

#: The columns with a meaning of their own; every other one is named after a trigger.
TIME, ARRIVALS, DEPARTURES = "time", "arrivals", "departures"

#: A cell that is empty, and one that says `error`: both are failed readings.
EMPTY: Final = ScalerError("the trace has no reading here")
ERROR: Final = ScalerError("the trace says error here")

#: A reading holds for so many steps of the trace, or so many polling intervals, whichever is longer.
HELD_STEPS, HELD_INTERVALS = 3, 2


class TraceError(Exception):
    """A trace that cannot be used: where, what is written there, what is allowed."""


@dataclass(frozen=True, slots=True)
class Trace:
    """Rows in order of time (seconds; of the Unix epoch where `dated`).

    `readings` by trigger; `arrivals` and `departures` count messages since the row before, both empty without them.
    """

    times: Sequence[float]
    readings: dict[str, list[Answer]]
    arrivals: list[float] = field(default_factory=list)
    departures: list[float] = field(default_factory=list)
    dated: bool = False

    @property
    def start(self) -> float:
        return self.times[0]

    @property
    def end(self) -> float:
        return self.times[-1]

    @property
    def step(self) -> float:
        """The usual distance of two rows, in seconds: the median."""
        return statistics.median(after - before for before, after in itertools.pairwise(self.times))

    def hold(self, interval: float) -> float:
        """For how long a row stays the last reading of a rule with this polling interval, in seconds."""
        return max(HELD_STEPS * self.step, HELD_INTERVALS * interval)

    def moment(self, at: float) -> float | str:
        """A time as the trace writes it: seconds, or ISO 8601."""
        return iso(at) if self.dated else int(at) if at == int(at) else round(at, 6)


def iso(at: float) -> str:
    """A time of the Unix epoch in UTC, with parts of a second only where there are any."""
    moment = datetime.fromtimestamp(round(at, 3), UTC)
    return moment.isoformat(timespec="milliseconds" if moment.microsecond else "seconds").replace("+00:00", "Z")


def timestamp(text: str) -> float:
    """ISO 8601 as seconds of the Unix epoch; UTC where no zone is written. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
