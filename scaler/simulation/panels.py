"""The three parts of the picture: depths, replicas, and what held them back."""

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Any, Final

from scaler.decide import Reason
from scaler.rule import Rule
from scaler.simulation.axis import Clock
from scaler.simulation.paint import HOLDS, MUTED, depth_colour, rule_colour
from scaler.simulation.run import Run
from scaler.simulation.summary import Summary
from scaler.simulation.thin import Bars, Points, corners, merged, thinned
from scalers import Reading

#: So many parts of the width are told apart.
SLICES: Final = 600
#: A maximum that is so many times the highest count would flatten everything else.
_FAR: Final = 1.5


def draw_depths(axes: Any, runs: Sequence[Run], clock: Clock) -> None:
    """Recorded depths by trigger; simulated ones by rule."""
    recorded = runs[0].queue is None
    lines = list(_recorded(runs[0]) if recorded else _simulated(runs))
    for label, colour, points in lines:
        times, values = zip(*clock.points(points), strict=True)
        axes.plot(times, values, color=colour, linewidth=1.1, alpha=0.85, label=label)
        if len(lines) == 1:
            axes.fill_between(times, values, color=colour, alpha=0.2, linewidth=0)
    names = ", ".join(label for label, *_ in lines)
    _head(axes, f"recorded depth: {names}" if recorded else "depth of the queue")
    if len(lines) > 1:
        _legend(axes, len(lines))
    axes.set_ylabel("messages")
    _frame(axes, max((value for *_, points in lines for _, value in points if not math.isnan(value)), default=1.0))


def _simulated(runs: Sequence[Run]) -> Iterator[tuple[str, str, Points]]:
    """What each rule's pods left in the queue: the one reading that no column of the trace gives."""
    for index, run in enumerate(runs):
        (fed,) = (name for name in run.rows[0].readings if name not in run.trace.readings)
        answers = ((row.time, row.readings[fed]) for row in run.rows)
        points = [(at, answer.value) for at, answer in answers if isinstance(answer, Reading)]
        yield run.candidate.label, rule_colour(index), thinned(points, SLICES)


def _recorded(run: Run) -> Iterator[tuple[str, str, Points]]:
    """Every row of the trace, also those that no poll met. Where no reading holds, the line is broken."""
    for index, (name, answers) in enumerate(run.trace.readings.items()):
        rows = zip(run.trace.times, answers, strict=True)
        points = [(at, answer.value) for at, answer in rows if isinstance(answer, Reading)]
        yield name, depth_colour(index), _broken(points, run.hold, run.trace.end - run.trace.start)


def _broken(points: Points, hold: float, length: float) -> Points:
    line: Points = []
    breaks = [at for at, (before, after) in enumerate(itertools.pairwise(points), 1) if after[0] - before[0] > hold]
    for start, end in itertools.pairwise([0, *breaks, len(points)]):
        part = points[start:end]
        share = (part[-1][0] - part[0][0]) / length if part else 0.0
        line += [*thinned(part, max(round(share * SLICES), 1)), *([(part[-1][0], math.nan)] if part else [])]
    return line or [(0.0, math.nan)]


def draw_replicas(axes: Any, run: Run, summary: Summary, colour: str, highest: int, clock: Clock) -> None:
    """The steps of one rule up to `highest`, what they cost, and its bounds as far as they are near."""
    polled = [(row.time, float(row.replicas)) for row in run.rows]
    steps = thinned(corners([*polled, (run.trace.end, polled[-1][1])]), SLICES)
    times, counts = zip(*clock.points(steps), strict=True)
    axes.fill_between(times, counts, step="post", color=colour, alpha=0.15, linewidth=0)
    axes.step(times, counts, where="post", color=colour, linewidth=1.1)
    _head(axes, f"{_short(summary.rule, 80)}: {summary.replica_hours:,.1f} replica-hours")
    axes.set_ylabel("replicas")
    _frame(axes, highest)
    _draw_bounds(axes, run.candidate.rule, highest)


def highest_count(runs: Sequence[Run], summaries: Sequence[Summary]) -> int:
    """The top of all replica scales: the highest count, and a maximum that is not far above it."""
    peak = max(1, *(each.peak_replicas for each in summaries))
    return max([peak, *(each for run in runs if (each := run.candidate.rule.max_replicas) <= _FAR * peak)])


def _draw_bounds(axes: Any, rule: Rule, highest: int) -> None:
    """Dashed lines; a maximum far above all counts is only told."""
    told = f"min {rule.min_replicas:,}, max {rule.max_replicas:,}"
    axes.set_title(told, loc="right", fontsize=8, color=MUTED)
    for count in (rule.min_replicas, rule.max_replicas):
        if 0 < count <= highest:
            axes.axhline(count, color=MUTED, linewidth=0.8, linestyle=(0, (4, 3)))


def draw_holds(axes: Any, runs: Sequence[Run], clock: Clock) -> None:
    """A lane for each rule: when its count was not what the readings asked for, and why."""
    used = set()
    for lane, run in enumerate(runs):
        for reason, (words, colour) in HOLDS.items():
            bars = _bars(run, reason)
            label = None if reason in used or not bars else words
            axes.broken_barh(clock.bars(bars), (lane - 0.36, 0.72), facecolor=colour, linewidth=0, label=label)
            used |= {reason} if bars else set()
    axes.set_ylim(len(runs) - 0.5, -0.5)
    names = [_short(run.candidate.label, 24) for run in runs] if len(runs) > 1 else [""]
    axes.set_yticks(range(len(runs)), names)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_title("held back" if used else "never held back", loc="left", fontsize=9.5)
    if used:
        axes.legend(
            loc="lower right", bbox_to_anchor=(1, 1), ncols=len(used), fontsize=8, handlelength=1, borderpad=0.2
        )


def _bars(run: Run, reason: Reason) -> Bars:
    ends = [*(row.time for row in run.rows[1:]), run.trace.end]
    held = [(row.time, end) for row, end in zip(run.rows, ends, strict=True) if row.reason == reason]
    return merged(held, (run.trace.end - run.trace.start) / SLICES / 2)


def _head(axes: Any, text: str) -> None:
    axes.set_title(_short(text, 110), loc="left", fontsize=9.5)


def _legend(axes: Any, columns: int, **more: Any) -> None:
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=columns, fontsize=8, borderpad=0.2, **more)


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _frame(axes: Any, highest: float) -> None:
    """From zero up, with room above the highest point, whole numbers at the side."""
    from matplotlib.ticker import MaxNLocator, StrMethodFormatter

    axes.set_ylim(0, max(highest, 1.0) * 1.12)
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.grid(axis="y")
