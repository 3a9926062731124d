"""What the trace lets a rule read at a time."""

from collections.abc import Mapping, Sequence

from scaler.answer import Answer
from scaler.simulation.trace import Trace
from scalers import ScalerError

#: A poll finds a row that is due within a microsecond: sums of floats are off by less.
_SOON = 1e-6


class Record:
    """The readings of some triggers, asked for at times that go forward.

    A row holds until the next one, but no longer than `hold` seconds: after that every reading is missing.
    """

    def __init__(self, trace: Trace, triggers: Sequence[str], hold: float) -> None:
        self._times = trace.times
        self._columns = [trace.readings[name] for name in triggers]
        self._triggers = triggers
        self._hold = hold
        self._row = 0
        self._answers = self._at(0)
        missing = ScalerError(f"the trace has no row for more than {hold:g} s")
        self._gap: dict[str, Answer] = dict.fromkeys(triggers, missing)

    def read(self, now: float) -> Mapping[str, Answer]:
        """The last reading of every trigger."""
        row, times = self._row, self._times
        while row + 1 < len(times) and times[row + 1] <= now + _SOON:
            row += 1
        if row != self._row:
            self._row, self._answers = row, self._at(row)
        return self._answers if now - times[row] <= self._hold + _SOON else self._gap

    def _at(self, row: int) -> dict[str, Answer]:
        return {name: column[row] for name, column in zip(self._triggers, self._columns, strict=True)}
