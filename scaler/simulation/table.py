"""A trace as a CSV file: read with every mistake named by its line and column, and written."""

import csv
import math
import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn, TextIO

from scaler.answer import Answer
from scaler.simulation.trace import ARRIVALS, DEPARTURES, EMPTY, ERROR, TIME, Trace, TraceError, timestamp
from scalers import Reading, ScalerError
from scalers.problem import nearest

_SHOWN_MISTAKES = 10
_LONGEST_ECHO = 40


def read_table(path: str, triggers: Collection[str], *, flows: bool) -> Trace:
    """Read a file (`-`: standard input) with columns for these triggers. Raises TraceError.

    With `flows` the columns `arrivals` and `departures` are messages, not triggers.
    """
    with _opened(path) as file:
        return _Reader(path, file, triggers, flows).read()


def write_table(trace: Trace, path: Path) -> None:
    """Write the trace so that `read_table` gives it back. Raises TraceError."""
    flows = {ARRIVALS: trace.arrivals, DEPARTURES: trace.departures}
    numbers = [[f"{number:.15g}" for number in column] for column in flows.values() if column]
    readings = [[_cell(answer) for answer in column] for column in trace.readings.values()]
    header = [TIME, *trace.readings, *(name for name, column in flows.items() if column)]
    times = [str(trace.moment(at)) for at in trace.times]
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(header)
            writer.writerows(zip(times, *readings, *numbers, strict=True))
    except OSError as error:
        raise TraceError(f"{path}: {error.strerror}") from error


def _cell(answer: Answer) -> str:
    if isinstance(answer, ScalerError):
        return "" if answer is EMPTY else "error"
    return f"{answer.value:.15g}"


@contextmanager
def _opened(path: str) -> Iterator[TextIO]:
    try:
        if path == "-":
            yield sys.stdin
        else:
            with Path(path).open(encoding="utf-8-sig", newline="") as file:
                yield file
    except OSError as error:
        raise TraceError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise TraceError(f"{path}: not text in UTF-8") from error
    except csv.Error as error:
        raise TraceError(f"{path}: not CSV: {error}") from error


@dataclass
class _Reader:
    """Reads on after a mistake, so that all of them are told at once; `line` is where it is."""

    path: str
    file: Iterable[str]
    triggers: Collection[str]
    flows: bool
    line: int = 1
    last: float = -1.0
    dated: bool | None = None
    mistakes: list[str] = field(default_factory=list)

    def read(self) -> Trace:
        rows = csv.reader(self.file)
        header = [name.strip().removeprefix("\ufeff") for name in next(rows, [])]
        self._check_header(header)
        columns: dict[str, list[Any]] = {name: [] for name in header}
        for row in rows:
            self.line = rows.line_num
            if len(row) == len(header):
                for (name, column), cell in zip(columns.items(), row, strict=True):
                    column.append(self._cell(name, cell.strip()))
            elif "".join(row).strip():
                self._wrong("", f"has {_cells(len(row))} where the header has {_cells(len(header))}")
        self._check_rows(columns[TIME])
        times = columns.pop(TIME)
        arrivals, departures = (columns.pop(name, []) if self.flows else [] for name in (ARRIVALS, DEPARTURES))
        return Trace(times, columns, arrivals, departures, dated=bool(self.dated))

    def _cell(self, name: str, text: str) -> Any:
        if name == TIME:
            return self._time_after(text)
        if self.flows and name in (ARRIVALS, DEPARTURES):
            return self._number(name, text, "a number of messages, 0 or more")
        return self._reading(name, text)

    def _time_after(self, text: str) -> float:
        at = self._time(text)
        if at <= self.last:
            said = "is there twice" if at == self.last else "is before that of the row above: rows go forward in time"
            self._wrong(TIME, f"{_echo(text)} {said}")
        if not math.isnan(at):
            self.last = at
        return at

    def _time(self, text: str) -> float:
        try:
            at, dated = float(text), False
            if not 0 <= at < math.inf:
                raise ValueError
        except ValueError:
            try:
                at, dated = timestamp(text), True
            except (ValueError, OverflowError):
                self._wrong(TIME, f"must be seconds or ISO 8601 such as 2026-01-31T12:00:00Z, not {_echo(text)}")
                return math.nan
        if self.dated is None:
            self.dated = dated
        if dated != self.dated:
            self._wrong(TIME, f"must be {'ISO 8601' if self.dated else 'seconds'} as in the first row, not {text!r}")
            return math.nan
        return at

    def _reading(self, name: str, text: str) -> Answer:
        if not text:
            return EMPTY
        if text.lower() == "error":
            return ERROR
        value = self._number(name, text, "a number of at least 0, `error`, or empty for a reading that failed")
        return Reading(value, value)

    def _number(self, name: str, text: str, allowed: str) -> float:
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not 0 <= number < math.inf or "_" in text:
            self._wrong(name, f"must be {allowed}, not {_echo(text)}")
            return 0.0
        return number

    def _check_header(self, header: Sequence[str]) -> None:
        if not header:
            raise TraceError(f"{self.path}: empty; the first line names the columns: {', '.join(self._known())}")
        if len(header) == 1 and any(mark in header[0] for mark in ";\t"):
            self._wrong("", "the columns must be separated by commas")
            self._fail()
        for name in dict.fromkeys(header):
            if header.count(name) > 1:
                self._wrong(name, "this column is there twice")
            if name not in self._known():
                self._wrong("", self._unknown(name))
        missing = [TIME] if TIME not in header else []
        if self.flows and ARRIVALS not in header:
            missing.append(ARRIVALS)
        for name in missing:
            self._wrong("", f"no column {name!r}; there must be one")
        if self.mistakes:
            self._fail()

    def _unknown(self, name: str) -> str:
        if name in (ARRIVALS, DEPARTURES):
            return f"{name!r} counts messages: it needs --service-rate, or must be the name of a trigger"
        return f"unknown column {name!r}; {nearest(name, self._known())}"

    def _known(self) -> list[str]:
        return [TIME, *sorted(self.triggers), *([ARRIVALS, DEPARTURES] if self.flows else [])]

    def _check_rows(self, times: Sequence[float]) -> None:
        if self.mistakes:
            self._fail()
        if len(times) < 2:
            raise TraceError(f"{self.path}: must have at least two rows below the header, has {len(times)}")

    def _wrong(self, column: str, message: str) -> None:
        self.mistakes.append(f"{self.path}:{self.line}: {column + ': ' if column else ''}{message}")

    def _fail(self) -> NoReturn:
        more = len(self.mistakes) - _SHOWN_MISTAKES
        told = [*self.mistakes[:_SHOWN_MISTAKES], *([f"{self.path}: and {more} more mistakes"] if more > 0 else [])]
        raise TraceError("\n".join(told))


def _cells(count: int) -> str:
    return f"{count} cell{'' if count == 1 else 's'}"


def _echo(text: str) -> str:
    said = repr(text) if text else "nothing"
    return said if len(said) <= _LONGEST_ECHO else said[: _LONGEST_ECHO - 1] + "…"
