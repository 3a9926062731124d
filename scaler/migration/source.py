"""What a user has: YAML or JSON in files, any number of documents each, read so that nothing in them can do harm."""

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scaler.migration.reader import load


class SourceError(Exception):
    """A file that cannot be read, with its name and the reason."""


@dataclass(frozen=True, slots=True)
class Item:
    """One object of one file: plain data as JSON has it, without keys that hold nothing."""

    file: str
    data: dict[str, Any]

    @property
    def kind(self) -> str:
        """As Kubernetes calls it; empty for what is none of its objects."""
        return word(self.data.get("kind"))

    @property
    def group(self) -> str:
        """Of its API, without the version."""
        return word(self.data.get("apiVersion")).rpartition("/")[0]

    @property
    def metadata(self) -> dict[str, Any]:
        return section(self.data.get("metadata"))

    @property
    def spec(self) -> dict[str, Any]:
        return section(self.data.get("spec"))

    @property
    def name(self) -> str:
        return word(self.metadata.get("name"))


def read(paths: Iterable[str]) -> list[Item]:
    """Every object of some files (`-`: standard input), lists taken apart. Raises SourceError."""
    return [Item(path, each) for path in paths for document in _documents(path) for each in _objects(document)]


def section(value: Any) -> dict[str, Any]:
    """The mapping that is there, else an empty one."""
    return value if isinstance(value, dict) else {}


def entries(value: Any) -> list[Any]:
    """The list that is there, else an empty one."""
    return value if isinstance(value, list) else []


def word(value: Any) -> str:
    """A scalar as text, true and false as YAML has them; empty where there is none."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int | float) else ""


def _documents(path: str) -> list[Any]:
    try:
        text = sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8-sig")
    except IsADirectoryError as error:
        raise SourceError(f"{path}: a folder; name the files in it") from error
    except OSError as error:
        raise SourceError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SourceError(f"{path}: not text in UTF-8") from error
    try:
        return load(text)
    except ValueError as error:
        raise SourceError(f"{path}: not YAML: {error}") from error


def _objects(document: Any) -> Iterator[dict[str, Any]]:
    if isinstance(document, list):
        for each in document:
            yield from _objects(each)
    elif isinstance(document, dict):
        if word(document.get("kind")).endswith("List") and isinstance(document.get("items"), list):
            yield from _objects(document["items"])
        else:
            yield document
