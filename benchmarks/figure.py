"""One row of the table: a figure in several runs, what it is held against, and what was aimed at."""

import statistics
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

_HEAD: Final = ("figure", "median", "spread", "held against", "ratio", "aim", "met")


class Figure(NamedTuple):
    """`values` of the runs in `unit`; `beside` names the alternative of the same runs and has its values.

    `aim` is the most that the median may be, or (`ratio`) that the ratio to the alternative may be.
    """

    name: str
    unit: str
    values: Sequence[float]
    beside: tuple[str, Sequence[float]] | None = None
    aim: float | None = None
    ratio: bool = False

    @property
    def median(self) -> float:
        """Of the runs."""
        return statistics.median(self.values)

    @property
    def quotient(self) -> float | None:
        """Of the medians; None without an alternative, or one that is nothing."""
        other = statistics.median(self.beside[1]) if self.beside else 0.0
        return self.median / other if other else None

    @property
    def met(self) -> bool | None:
        """Whether the aim is; None without one."""
        reached = self.quotient if self.ratio else self.median
        return None if self.aim is None or reached is None else reached <= self.aim

    def cells(self) -> list[str]:
        """The row."""
        lowest, highest = min(self.values), max(self.values)
        spread = f"{_short(lowest)} to {_short(highest)}, {len(self.values)} runs" if len(self.values) > 1 else "1 run"
        against = f"{self.beside[0]}: {_short(statistics.median(self.beside[1]))} {self.unit}" if self.beside else ""
        quotient = "" if self.quotient is None else f"{self.quotient:.2f}"
        aim = "" if self.aim is None else f"≤ {_short(self.aim)}{' times' if self.ratio else f' {self.unit}'}"
        met = {None: "", True: "yes", False: "no"}[self.met]
        return [self.name, f"{_short(self.median)} {self.unit}", spread, against, quotient, aim, met]


def markdown(figures: Iterable[Figure]) -> str:
    """A table of them."""
    rows = [list(_HEAD), ["---"] * len(_HEAD), *(figure.cells() for figure in figures)]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
