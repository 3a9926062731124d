"""`scaler simulate`: what is asked for, put together from trace, rules and runs."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scaler.kinds import seconds
from scaler.simulation.candidate import Candidate, candidates
from scaler.simulation.prometheus import Range, ask
from scaler.simulation.run import Run, Setting, simulate
from scaler.simulation.table import read_table, write_table
from scaler.simulation.trace import Trace, timestamp

#: What is asked of a Prometheus unless told otherwise, in seconds: the last day, by Prometheus' own usual interval.
DAY, STEP = 86_400.0, 15.0


class BadUsage(Exception):
    """Options that do not go together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a user typed. Times are seconds of the Unix epoch."""

    files: tuple[str, ...]
    trace: str | None = None
    service_rate: float | None = None
    startup: float = 0.0
    replicas: int | None = None
    hold: float | None = None
    url: str | None = None
    query: str | None = None
    start: float | None = None
    end: float | None = None
    step: float | None = None
    save_trace: Path | None = None
    namespace: str = "default"


def perform(options: Options) -> list[Run]:
    """Every rule over the trace. Raises BadUsage, ManifestError, NoCandidate and TraceError."""
    _check(options)
    rules = candidates(options.files, options.namespace, options.replicas)
    trace = _trace(options, rules)
    if options.save_trace is not None:
        write_table(trace, options.save_trace)
    setting = Setting(options.startup, options.service_rate, options.hold)
    return [simulate(each, trace, setting) for each in rules]


def _check(options: Options) -> None:
    if (options.trace is None) == (options.url is None):
        raise BadUsage("give either --trace FILE or --from-prometheus URL with --query")
    asking = ("query", "start", "end", "step", "save_trace")
    given = [f"--{name.replace('_', '-')}" for name in asking if getattr(options, name) is not None]
    if options.url is None and given:
        raise BadUsage(f"{', '.join(given)}: only with --from-prometheus")
    if options.url is not None and options.query is None:
        raise BadUsage("--from-prometheus needs --query, what to ask it for")
    if [*options.files, options.trace].count("-") > 1:
        raise BadUsage("only one file can be - (standard input)")


def _trace(options: Options, rules: list[Candidate]) -> Trace:
    triggers = dict.fromkeys(trigger.name for each in rules for trigger in each.rule.triggers)
    flows = options.service_rate is not None
    if options.trace is not None:
        return read_table(options.trace, triggers, flows=flows)
    return ask(_range(options), triggers, flows=flows)


def _range(options: Options) -> Range:
    end = time.time() if options.end is None else options.end
    start = end - DAY if options.start is None else options.start
    step = STEP if options.step is None else options.step
    if not start < end - step:
        raise BadUsage("--start must be before --end, by more than a --step")
    return Range(options.url or "", options.query or "", start, end, step)


def moment(text: str) -> float:
    """A time as typed: seconds of the Unix epoch, or ISO 8601. Raises ValueError with a sentence."""
    try:
        return float(text)
    except ValueError:
        try:
            return timestamp(text)
        except ValueError:
            raise ValueError(f"{text!r} is neither ISO 8601 such as 2026-01-31T12:00:00Z nor Unix seconds") from None


def duration(text: str) -> float:
    """A duration as typed: `15`, `15s`, `5m`. Raises ValueError with a sentence."""
    value: Any = seconds(0.001).check(text)
    return float(value)
