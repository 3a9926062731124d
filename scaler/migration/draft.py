"""A rule in the making: what has been mapped so far, and a remark wherever something has no equal."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from scaler.migration.note import Note, error
from scaler.migration.text import Remark


@dataclass
class Draft:
    """`rule` is the annotation, with remarks; `origins` tells where in its source each entry of its triggers was.

    `whole` is false once the rule would scale by less than its source did; `shown` are the notes that its remarks show.
    """

    paths: dict[str, str] = field(default_factory=dict)
    rule: dict[Any, Any] = field(default_factory=dict)
    origins: list[str] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    shown: list[Note] = field(default_factory=list)
    whole: bool = True

    @property
    def triggers(self) -> list[Any]:
        """Entries and remarks, in the order of the source."""
        found: list[Any] = self.rule.setdefault("triggers", [])
        return found

    def live(self) -> list[int]:
        """The places of the triggers that are left."""
        return [place for place, each in enumerate(self.triggers) if not isinstance(each, Remark)]

    def put(self, name: str, value: Any, path: str) -> None:
        """A field of the rule, and where it was written."""
        self.rule[name] = value
        self.paths[name] = path

    def remark(self, note: Note, was: Any = ()) -> None:
        """A note that is also seen in the rule, right here."""
        self._show([note])
        self.rule[Remark.why(f"{note.severity}: {note.message}", was)] = None

    def add(self, entry: dict[Any, Any], origin: str) -> None:
        """A trigger."""
        self.triggers.append(entry)
        self.origins.append(origin)

    def miss(self, entry: dict[str, Any], origin: str, message: str) -> None:
        """A trigger that has no equal."""
        self.add(entry, origin)
        self.lose(len(self.triggers) - 1, [error(origin, message)])

    def lose(self, place: int, notes: list[Note]) -> None:
        """Turn a trigger into a remark."""
        messages = "; ".join(note.message for note in notes)
        self._show(notes)
        self.triggers[place] = Remark.why(f"error: {messages}", [self.triggers[place]])
        self.whole = False

    def drop(self, name: str, notes: list[Note]) -> None:
        """Turn a field of the rule into a remark."""
        messages = "; ".join(note.message for note in notes)
        self._show(notes)
        self.rule = dict(replaced(self.rule, name, f"error: {messages}"))

    def leave_out(self, place: int, key: str, note: Note) -> None:
        """Turn one of a trigger's metadata into a remark."""
        entry = self.triggers[place]
        entry["metadata"] = dict(replaced(entry["metadata"], key, note.message))
        self._show([note])

    def _show(self, notes: list[Note]) -> None:
        self.notes += notes
        self.shown += notes


def replaced(section: dict[Any, Any], name: str, message: str) -> Iterator[tuple[Any, Any]]:
    """The pairs of a mapping, one of them as a remark at its place."""
    for key, value in section.items():
        yield (Remark.why(message, {key: value}), None) if key == name else (key, value)
