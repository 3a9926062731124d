"""The time axis: dates where the trace has them, else a unit that suits its length."""

import math
from collections.abc import Iterable
from typing import Any, Final

from scaler.simulation.trace import Trace

_DAY: Final = 86_400.0
#: Up to so many seconds a unit is used, and its length.
_UNITS: Final = ((300.0, 1.0, "seconds"), (3 * 3600.0, 60.0, "minutes"), (3 * _DAY, 3600.0, "hours"))


class Clock:
    """Turns times of a trace into places on the axis."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self._origin, self._unit, self._name = (0.0, _DAY, "") if trace.dated else (trace.start, *_unit(trace))

    def points(self, points: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
        """The same points, their times as places."""
        return [((at - self._origin) / self._unit, value) for at, value in points]

    def bars(self, bars: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
        """The same starts and lengths, as places."""
        return [((start - self._origin) / self._unit, length / self._unit) for start, length in bars]

    def label(self, axes: Any) -> None:
        """Ticks, their labels and the unit."""
        from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
        from matplotlib.ticker import MaxNLocator

        (start, _), (end, _) = self.points([(self._trace.start, 0), (self._trace.end, 0)])
        axes.set_xlim(start, end)
        if self._trace.dated:
            locator = AutoDateLocator(tz="UTC", minticks=4, maxticks=10)
            axes.xaxis.set_major_locator(locator)
            axes.xaxis.set_major_formatter(ConciseDateFormatter(locator, tz="UTC"))
            axes.set_xlabel("time (UTC)")
        else:
            axes.xaxis.set_major_locator(MaxNLocator(10, steps=_steps(self._unit), integer=end - start >= 4))
            axes.set_xlabel(f"{self._name} since the start of the trace")


def _unit(trace: Trace) -> tuple[float, str]:
    length = trace.end - trace.start
    return next(((unit, name) for most, unit, name in _UNITS if length <= most), (_DAY, "days"))


def _steps(unit: float) -> list[float]:
    """Hours and minutes are counted by sixes."""
    return [1, 1.5, 3, 6, 10] if unit in (60.0, 3600.0) and not math.isclose(unit, _DAY) else [1, 2, 5, 10]
