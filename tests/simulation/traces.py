"""Traces and candidates for tests."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scaler.rule import Rule
from scaler.simulation.candidate import Candidate
from scaler.simulation.trace import EMPTY, ERROR, Trace
from scaler.target import Key
from scalers import Reading
from tests.rules import annotations, rule

#: A reading as a test writes it: a depth, or what a cell of a trace may say instead.
Cell = float | str


def trace(step: float = 10, start: float = 0, **columns: Sequence[Cell]) -> Trace:
    """Rows `step` seconds apart; `error` and `` are failed readings."""
    length = len(next(iter(columns.values())))
    times = [start + step * row for row in range(length)]
    return Trace(times, {name: [_answer(cell) for cell in column] for name, column in columns.items()})


def _answer(cell: Cell) -> Any:
    if isinstance(cell, str):
        return ERROR if cell == "error" else EMPTY
    return Reading(cell, cell)


def arrivals(*counts: float, step: float = 10, departures: Sequence[float] = ()) -> Trace:
    """Messages that arrive, `step` seconds between the rows."""
    return Trace([step * row for row in range(len(counts))], {}, list(counts), list(departures))


def candidate(of: Rule | None = None, replicas: int = 0, label: str = "shop/worker") -> Candidate:
    """A rule that polls every 10 s unless told otherwise."""
    return Candidate(label, "worker.yaml", Key("shop", "worker"), of or rule(pollingInterval=10), replicas)


def manifest(path: Path, *triggers: dict[str, Any], spec: dict[str, Any] | None = None, **fields: Any) -> Path:
    """A file with one Deployment, `shop/worker`."""
    metadata = {"name": "worker", "namespace": "shop", "annotations": annotations(*triggers, **fields)}
    path.write_text(json.dumps({"kind": "Deployment", "metadata": metadata, "spec": spec or {}}))
    return path
