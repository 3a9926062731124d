"""What a person has to know about one field that was mapped, or was not."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Severity: TypeAlias = Literal["error", "warning", "info"]


@dataclass(frozen=True, slots=True)
class Note:
    """`path` is that of the field in its source; `message` says what becomes of it and what to do.

    error: it could not be mapped. warning: it was, and something is left to do. info: it was, and works differently.
    """

    path: str
    message: str
    severity: Severity

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


def error(path: str, message: str) -> Note:
    """It could not be mapped."""
    return Note(path, message, "error")


def warning(path: str, message: str) -> Note:
    """Something is left to do."""
    return Note(path, message, "warning")


def info(path: str, message: str) -> Note:
    """It works differently."""
    return Note(path, message, "info")


def ignored(section: Mapping[str, Any], known: frozenset[str], path: str) -> list[Note]:
    """A warning for each key that its owner does not know either."""
    why = "unknown there too, so it was without effect: left out"
    return [warning(f"{path}.{key}", why) for key in section if key not in known]
