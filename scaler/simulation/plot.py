"""A simulation as a picture to put in a pull request: depths, replicas and what held them back, over the same time."""

import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from scaler.simulation.axis import Clock
from scaler.simulation.page import page
from scaler.simulation.paint import STYLE, rule_colour
from scaler.simulation.panels import draw_depths, draw_holds, draw_replicas, highest_count
from scaler.simulation.run import Run
from scaler.simulation.summary import Summary

SUFFIXES: Final = (".svg", ".png", ".html")
_WIDTH, _DPI = 10.0, 150


class NoPlot(Exception):
    """A picture that cannot be made, and the cure."""


def check(path: Path) -> None:
    """Raise NoPlot now rather than after the simulation."""
    if path.suffix not in SUFFIXES:
        raise NoPlot(f"{path}: a plot ends in {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}")
    if not path.absolute().parent.is_dir():
        raise NoPlot(f"{path}: there is no such folder")
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise NoPlot("a plot needs matplotlib: pip install 'scalerule[plot]'") from error


def save(runs: Sequence[Run], summaries: Sequence[Summary], path: Path) -> None:
    """Write the picture, or the page around it. Raises NoPlot."""
    picture = drawn(runs, summaries, "png" if path.suffix == ".png" else "svg")
    try:
        if path.suffix == ".html":
            path.write_text(page(picture.decode(), summaries, _title(summaries)), encoding="utf-8")
        else:
            path.write_bytes(picture)
    except OSError as error:
        raise NoPlot(f"{path}: {error.strerror}") from error


def drawn(runs: Sequence[Run], summaries: Sequence[Summary], form: str) -> bytes:
    """The picture as `svg` or `png`. The same runs give the same bytes."""
    from matplotlib import rc_context

    picture = io.BytesIO()
    with rc_context(STYLE):
        _figure(runs, summaries).savefig(picture, format=form, dpi=_DPI, metadata=_METADATA[form])
    return _shortened(picture.getvalue()) if form == "svg" else picture.getvalue()


def _figure(runs: Sequence[Run], summaries: Sequence[Summary]) -> Any:
    from matplotlib.figure import Figure

    heights = [2.1, *([1.4] * len(runs)), 0.1 + 0.22 * len(runs)]
    figure = Figure(figsize=(_WIDTH, sum(heights) + 1.2 + 0.35 * len(runs)))
    figure.set_layout_engine("constrained", w_pad=0.1, h_pad=0.06)
    depths, *replicas, holds = figure.subplots(len(heights), 1, sharex=True, height_ratios=heights)
    clock, highest = Clock(runs[0].trace), highest_count(runs, summaries)
    draw_depths(depths, runs, clock)
    for index, (axes, run, each) in enumerate(zip(replicas, runs, summaries, strict=True)):
        draw_replicas(axes, run, each, rule_colour(index), highest, clock)
    draw_holds(holds, runs, clock)
    clock.label(holds)
    figure.align_ylabels([depths, *replicas])
    figure.suptitle(_title(summaries), x=0.012, ha="left", fontsize=12, fontweight="bold")
    return figure


#: Without the date, and without the version of the library.
_METADATA: Final = {"svg": {"Date": None, "Creator": None}, "png": {"Software": None}}


def _title(summaries: Sequence[Summary]) -> str:
    return summaries[0].rule if len(summaries) == 1 else f"{len(summaries)} rules on one trace"


def _shortened(svg: bytes) -> bytes:
    """A hundredth of a point is finer than anybody sees: half the size."""
    return _PLACES.sub(lambda places: _LONG.sub(lambda number: b"%.2f" % float(number[0]), places[0]), svg)


_PLACES: Final = re.compile(rb' (?:d|x|y|width|height|transform)="[^"]*"')
_LONG: Final = re.compile(rb"-?\d+\.\d{3,}")
