"""A simulation in words and numbers: every poll for machines, for people what matters side by side."""

import csv
import io
import itertools
import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

import click

from scaler import output
from scaler.answer import Answer
from scaler.decide import Reason
from scaler.simulation.run import Row, Run
from scaler.simulation.summary import HELD_BACK, Summary
from scalers import ScalerError

#: How many changes and holds a person is shown for each rule.
SHOWN_EVENTS: Final = 30

EVENTS: Final = ("time", "polls", "readings", "replicas", "ready", "reason", "why")
_CHUNK: Final = 1000


def print_json(runs: Sequence[Run], summaries: Sequence[Summary]) -> None:
    """A document per poll, rule after rule, and the summary of all as the last one."""
    _print(json.dumps(_as_json(run, row), ensure_ascii=False) for run in runs for row in run.rows)
    output.print_json([{"summary": [each.as_json() for each in summaries]}])


def print_csv(runs: Sequence[Run]) -> None:
    """A line per poll, rule after rule; a column for each trigger of any rule."""
    triggers = list(dict.fromkeys(name for run in runs for name in run.rows[0].readings))
    _print([_line(["rule", "time", *triggers, "replicas", "ready", "reason"])])
    _print(_line(_csv_cells(run, row, triggers)) for run in runs for row in run.rows)


def print_tables(runs: Sequence[Run], summaries: Sequence[Summary]) -> None:
    """The numbers side by side; then, for each rule, where its count changed or was held back."""
    header, rows = summary_table(summaries)
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    for cells in (header, *rows):
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip())
    for run in runs:
        told, more = events(run)
        click.echo()
        if len(runs) > 1:
            click.echo(run.candidate.label)
        output.print_table(EVENTS, told)
        if more:
            click.echo(f"and {more:,} more; -o json or -o csv print every poll")


def _as_json(run: Run, row: Row) -> dict[str, Any]:
    return {
        "rule": run.candidate.label,
        "time": run.trace.moment(row.time),
        "readings": {name: _value(answer) for name, answer in row.readings.items()},
        "replicas": row.replicas,
        "ready": row.ready,
        "reason": row.reason,
    }


def _value(answer: Answer) -> float | dict[str, str]:
    return {"error": str(answer)} if isinstance(answer, ScalerError) else answer.value


def _csv_cells(run: Run, row: Row, triggers: Sequence[str]) -> list[Any]:
    readings = [_csv_cell(row.readings.get(name)) for name in triggers]
    return [run.candidate.label, run.trace.moment(row.time), *readings, row.replicas, row.ready, str(row.reason)]


def _csv_cell(answer: Answer | None) -> Any:
    return "error" if isinstance(answer, ScalerError) else "" if answer is None else f"{answer.value:.15g}"


def _line(cells: Sequence[Any]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(cells)
    return text.getvalue()


def _print(lines: Iterable[str]) -> None:
    """Many lines at a time: printing each by itself takes longer than deciding."""
    iterator = iter(lines)
    while chunk := list(itertools.islice(iterator, _CHUNK)):
        click.echo("\n".join(chunk))


def summary_table(summaries: Sequence[Summary]) -> tuple[list[str], list[list[str]]]:
    """Header and rows: a column per rule."""
    measures: list[tuple[str, list[str]]] = [
        ("simulated", [f"{span(each.seconds)}, {each.polls:,} polls" for each in summaries]),
        ("cost", [f"{each.replica_hours:,.2f} replica-hours" for each in summaries]),
        ("peak replicas", [f"{each.peak_replicas:,}" for each in summaries]),
        ("scale changes", [f"{each.scale_ups:,} up, {each.scale_downs:,} down" for each in summaries]),
        ("time at zero", [_part(each.seconds_at_zero, each.seconds) for each in summaries]),
        ("peak depth", [_messages(each.peak_depth) for each in summaries]),
        ("backlog area", [f"{each.backlog_area:,.0f} message-seconds" for each in summaries]),
        ("longest wait", [span(each.longest_wait) for each in summaries]),
        ("mean wait", [span(each.mean_wait) for each in summaries]),
        ("95 % waited at most", [span(each.p95_wait) for each in summaries]),
        ("messages arrived", [_messages(each.arrived) for each in summaries]),
        ("left at the end", [_messages(each.left) for each in summaries]),
    ]
    reasons = [str(reason) for reason in HELD_BACK if any(str(reason) in each.held_back for each in summaries)]
    measures += [(f"held: {name}", [_held(each, name) for each in summaries]) for name in reasons]
    return ["", *(each.rule for each in summaries)], [[name, *cells] for name, cells in measures]


def _part(seconds: float, of: float) -> str:
    return f"{span(seconds)} ({seconds / of:.0%})"


def _messages(count: float | None) -> str:
    return "-" if count is None else f"{count:,.0f}"


def _held(summary: Summary, reason: str) -> str:
    return f"{summary.held_back.get(reason, 0):,} polls"


def span(seconds: float | None) -> str:
    """A duration for people."""
    if seconds is None:
        return "-"
    for limit, unit, name in ((120, 1, "s"), (7200, 60, "min"), (172_800, 3600, "h")):
        if seconds < limit:
            return f"{seconds / unit:.1f}".removesuffix(".0") + f" {name}"
    return f"{seconds / 86400:,.1f}".removesuffix(".0") + " days"


def events(run: Run) -> tuple[list[list[str]], int]:
    """Rows for people, and how many more there are: each change of the count, and what held the count until the next.

    A reason that holds one count at many polls is a single row with their number.
    """
    found = [event for period in _periods(run.rows) for event in period.values()]
    return [_cells(run, row, polls) for row, polls in found[:SHOWN_EVENTS]], max(len(found) - SHOWN_EVENTS, 0)


def _periods(rows: Sequence[Row]) -> list[dict[Reason, tuple[Row, int]]]:
    """For each stretch without a change: the first poll of every reason that is told, and how many there were."""
    periods: list[dict[Reason, tuple[Row, int]]] = [{}]
    for row in rows:
        if row.why:
            periods.append({row.reason: (row, 1)})
        elif row.reason in periods[-1]:
            first, polls = periods[-1][row.reason]
            periods[-1][row.reason] = first, polls + 1
        elif row.reason in HELD_BACK:
            periods[-1][row.reason] = row, 1
    return periods


def _cells(run: Run, row: Row, polls: int) -> list[str]:
    readings = (f"{name}={_shown(answer)}" for name, answer in row.readings.items())
    count = f"{row.replicas:,}", f"{row.ready:,}"
    moment = str(run.trace.moment(row.time))
    return [moment, f"{polls:,}", ", ".join(readings), *count, str(row.reason), row.why]


def _shown(answer: Answer) -> str:
    return "error" if isinstance(answer, ScalerError) else f"{answer.value:.6g}"
