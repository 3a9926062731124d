"""The last hour of a rule as lines: what each trigger read, the replicas, and when something held them."""

import math
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import chain, groupby
from typing import Final, NamedTuple

from scaler.trace import Past, Sample

#: Seconds shown; and the drawing's own units, which the page stretches.
SPAN: Final = 3600.0
WIDTH: Final = 720.0
HEIGHT: Final = 100.0
#: Triggers that get a graph each; what all of them read is in the table.
PANELS: Final = 6
#: The newest rows of the table.
ROWS: Final = 60


class Line(NamedTuple):
    """`path` is SVG's; `latest` the value in words."""

    name: str
    path: str
    latest: str


class Band(NamedTuple):
    """From `x` on, for `width`, in the drawing's units: the trigger could not be read, or something held the count."""

    x: float
    width: float
    words: str


class Panel(NamedTuple):
    """Lines over one scale from 0 to `top`."""

    title: str
    top: str
    lines: list[Line]
    bands: list[Band]

    @property
    def words(self) -> str:
        """What the picture shows, for who does not see it."""
        lines = "; ".join(f"{line.name} now {line.latest}" for line in self.lines)
        return f"{self.title}, the last hour, 0 to {self.top}: {lines}"


class Change(NamedTuple):
    """One row of the table."""

    at: str
    values: list[str]
    replicas: str
    ready: str
    held: str


class Graph(NamedTuple):
    """All of it; `shaded` is what the bands stand for and for how long, `ticks` are the times below from the left,
    `more` the triggers without a panel.
    """

    panels: list[Panel]
    shaded: list[tuple[str, str]]
    ticks: list[str]
    triggers: tuple[str, ...]
    more: int
    changes: list[Change]


class _Piece(NamedTuple):
    """A sample and the part of the drawing that it holds for."""

    x: float
    end: float
    sample: Sample


def graph(past: Past, now: float) -> Graph:
    """The hour until `now` (wall time, seconds)."""
    pieces = list(_pieces(past, now))
    panels = [_trigger(place, name, pieces) for place, name in enumerate(past.triggers[:PANELS])]
    ticks = [_clock(now - SPAN + quarter * SPAN / 4) for quarter in range(5)]
    changes = [_change(each.sample) for each in reversed(pieces)][:ROWS]
    panels.append(_replicas(pieces))
    return Graph(panels, _shaded(panels), ticks, past.triggers, len(past.triggers[PANELS:]), changes)


def _pieces(past: Past, now: float) -> Iterable[_Piece]:
    """What of the past is shown."""
    ends = chain((each.at for each in past.samples[1:]), [past.until])
    for sample, until in zip(past.samples, ends, strict=False):
        x, end = _x(sample.at, now), _x(until, now)
        if end > 0 or until >= now - SPAN:
            x = min(max(x, 0.0), WIDTH)
            yield _Piece(x, min(max(end, x), WIDTH), sample)


def _trigger(place: int, name: str, pieces: Sequence[_Piece]) -> Panel:
    values = [each.sample.values[place] for each in pieces]
    top = _top(values)
    unread = [each.sample.replicas is not None and math.isnan(each.sample.values[place]) for each in pieces]
    bands = _bands(pieces, [f"{name} could not be read" if each else "" for each in unread])
    return Panel(name, number(top), [Line("reading", _path(pieces, values, top), _latest(values, "an error"))], bands)


def _replicas(pieces: Sequence[_Piece]) -> Panel:
    decided = [math.nan if each.sample.replicas is None else float(each.sample.replicas) for each in pieces]
    ready = [math.nan if each.sample.replicas is None else float(each.sample.ready) for each in pieces]
    top = _top([*decided, *ready])
    lines = [
        Line(name, _path(pieces, values, top), _latest(values, "unknown"))
        for name, values in (("ready", ready), ("decided", decided))
    ]
    held = _bands(pieces, [f"held by {each.sample.held}" if each.sample.held else "" for each in pieces])
    return Panel("replicas", number(top), lines, held)


def _bands(pieces: Sequence[_Piece], words: Sequence[str]) -> list[Band]:
    """Pieces side by side with the same words are one band; those without any are none."""
    runs = groupby(zip(pieces, words, strict=True), key=lambda each: each[1])
    spans = [(said, [piece for piece, _ in run]) for said, run in runs if said]
    return [Band(run[0].x, run[-1].end - run[0].x, said) for said, run in spans]


def _latest(values: Sequence[float], otherwise: str) -> str:
    return otherwise if not values or math.isnan(values[-1]) else number(values[-1])


def _path(pieces: Sequence[_Piece], values: Sequence[float], top: float) -> str:
    """Steps, broken off where there is no number."""
    path, drawn = [], False
    for piece, value in zip(pieces, values, strict=True):
        if math.isnan(value):
            drawn = False
            continue
        y = HEIGHT - HEIGHT * (value / top)
        path.append(f"{'L' if drawn else 'M'}{piece.x:.1f} {y:.1f}H{piece.end:.1f}")
        drawn = True
    return "".join(path)


def _top(values: Iterable[float]) -> float:
    """A round number that none is above: 1, 2 or 5 with zeros."""
    most = max((value for value in values if not math.isnan(value)), default=0.0)
    if most <= 1.0:
        return 1.0
    ten = 10.0 ** math.floor(math.log10(most))
    return min(next((ten * step for step in (1, 2, 5) if ten * step >= most), ten * 10), sys.float_info.max)


def _x(at: float, now: float) -> float:
    return WIDTH * (at - now + SPAN) / SPAN


def _shaded(panels: Sequence[Panel]) -> list[tuple[str, str]]:
    widths: dict[str, float] = {}
    for band in (band for panel in panels for band in panel.bands):
        widths[band.words] = widths.get(band.words, 0.0) + band.width
    return [(words, _long(width * SPAN / WIDTH)) for words, width in widths.items()]


def _long(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 60 else f"{seconds:.0f} s"


def _change(sample: Sample) -> Change:
    values = ["error" if math.isnan(value) else number(value) for value in sample.values]
    if sample.replicas is None:
        return Change(_clock(sample.at, seconds=True), ["" for _ in values], "nobody looked", "", "")
    return Change(_clock(sample.at, seconds=True), values, str(sample.replicas), str(sample.ready), sample.held or "")


def number(value: float) -> str:
    """Short, and never wrong by more than a hair: `1200`, `0.25`, `3.4e+07`."""
    return str(int(value)) if value == int(value) and abs(value) < 1e9 else f"{value:.4g}"


def _clock(at: float, seconds: bool = False) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S" if seconds else "%H:%M")
