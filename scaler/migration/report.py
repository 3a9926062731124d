"""What a person reads about a migration: note by note, then one line on all of it."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import Final

from scaler.migration.live import Live
from scaler.migration.note import Note
from scaler.migration.outcome import Outcome
from scaler.migration.patch import patch
from scaler.migration.secret import secrets
from scaler.migration.text import printable

_NAMED: Final = 3


def printed(outcomes: Sequence[Outcome], live: Sequence[Live], form: str) -> str:
    """What goes to standard output; with `live`, how the cluster has it."""
    pairs = list(zip_longest(outcomes, live))
    if form == "json":
        rows = (found.as_json() if there is None else there.as_json(found) for found, there in pairs)
        return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    if live:
        return "".join(f"{line}\n" for found, there in pairs for line in there.lines(found))
    return _patches(outcomes)


def _patches(outcomes: Sequence[Outcome]) -> str:
    """All patches as YAML documents; below them, as comments, what an operator has to make."""
    text, more = "", False
    for found in outcomes:
        text += "---\n" * more + patch(found)
        more = more or found.patches
    return text + secrets(use for each in outcomes for use in each.shared)


def nothing(files: Iterable[str]) -> str:
    """What to say where there is no target."""
    return f"nothing to migrate in {', '.join(files)}: no ScaledObject, HorizontalPodAutoscaler or function.json"


def report(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Target by target what has no equal and what is left to do; then, once each, what works differently."""
    return map(printable, _report(outcomes))


def _report(outcomes: Sequence[Outcome]) -> Iterator[str]:
    hints: dict[Note, list[str]] = {}
    for found in outcomes:
        key, notes = found.where.key, [note for note in found.notes if note.severity != "info"]
        if notes:
            yield f"{found.where.kind} {key}, from {found.where.source}:"
            yield from (f"  {note.severity:7}  {note}" for note in notes)
        for note in found.notes:
            if note.severity == "info":
                hints.setdefault(note, []).append(str(key))
    if hints:
        yield "What works differently:"
        yield from (f"  {note} ({_listed(keys)})" for note, keys in hints.items())
    yield summary(outcomes)


def summary(outcomes: Sequence[Outcome]) -> str:
    """One line."""
    counts = Counter[str](note.severity for each in outcomes for note in each.notes)
    mapped = sum(each.mapped for each in outcomes)
    targets = f"{len(outcomes)} target{'s' * (len(outcomes) != 1)}"
    told = (("error", "without an equal"), ("warning", "to see to"), ("info", "different"))
    parts = [f"{counts[severity]} {words}" for severity, words in told if counts[severity]]
    return f"{mapped} of {targets} mapped" + (f"; {', '.join(parts)}" if parts else "")


def _listed(keys: Sequence[str]) -> str:
    more = f" and {len(keys) - _NAMED} more" if len(keys) > _NAMED else ""
    return ", ".join(keys[:_NAMED]) + more
