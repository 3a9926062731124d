"""YAML and JSON of strangers as plain data: whatever is in a text, it ends as data or as one kind of error."""

import base64
import json
import re
from datetime import date
from typing import Any, Final

import yaml

_BASE: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DEPTH: Final = 60
_NODES: Final = 200_000
#: All that PyYAML's constructors raise on values that do not fit their tag.
_MISFITS: Final = (yaml.YAMLError, ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError)


def load(text: str) -> list[Any]:
    """The documents of a text as JSON has data, without keys that hold nothing. Raises ValueError."""
    try:
        return [_Plain().of(each) for each in _loaded(text)]
    except _MISFITS as error:
        raise ValueError(" ".join(str(error).split())[:300]) from error


class _Loader(_BASE):  # type: ignore[misc]
    """YAML's core schema, which is what Kubernetes reads: `12:30`, `no` and `2026-01-31` are texts."""


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?(0|[1-9][0-9]*)", "-+0123456789"),
    ("float", r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?", "-+0123456789."),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("merge", r"<<", "<"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"^(?:{_pattern})$"), list(_first))


def _loaded(text: str) -> list[Any]:
    if text.lstrip()[:1] in ("{", "["):
        try:
            return [json.loads(text)]
        except ValueError:
            pass
    depth = 0
    # The loader calls itself by depth, and its time grows with the square of it.
    for event in yaml.parse(text, Loader=_BASE):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEPTH:
            raise ValueError(f"nested deeper than {_DEPTH} levels")
    return list(yaml.load_all(text, Loader=_Loader))


class _Plain:
    """Copies data as JSON has it; what aliases blow up, or close to a circle, ends as an error."""

    def __init__(self) -> None:
        self._nodes = 0

    def of(self, value: Any, depth: int = 0) -> Any:
        self._nodes += 1
        if self._nodes > _NODES or depth > _DEPTH:
            raise ValueError("too large, or nested too deep")
        if isinstance(value, dict):
            pairs = ((_text(key), self.of(each, depth + 1)) for key, each in value.items())
            return {key: each for key, each in pairs if each is not None}
        if isinstance(value, list | tuple | set):
            return [self.of(each, depth + 1) for each in value]
        return value if value is None or isinstance(value, bool | int | float) else _text(value)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    # Half of a character that JSON wrote in two could not be printed.
    return str(value).encode("utf-8", "replace").decode()
