"""The text of an annotation as plain data, read strictly: what a person may misread is refused, not guessed.

YAML's event stream shows what its loaders hide: anchors, tags, duplicate keys, the text that a value was written as.
"""

import math
import re
from collections.abc import Iterator
from typing import Any, Final, TypeAlias

import yaml

from scalers.problem import Invalid, Problem

MAX_BYTES: Final = 64 * 1024
MAX_DEPTH: Final = 20
MAX_KEY: Final = 256
#: Of keys and values: twenty triggers that write every parameter need 3,000.
MAX_NODES: Final = 4000

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER: Final = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_LEADING_ZERO: Final = re.compile(r"[-+]?0[0-9]")
_WORDS: Final[dict[str, bool | None]] = {
    "": None,
    "~": None,
    **dict.fromkeys(("null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}

_Path: TypeAlias = tuple[str | int, ...]
_Events: TypeAlias = Iterator[Any]


def document(text: str) -> Any:
    """Mappings, lists and scalars of one YAML or JSON document. Raises Invalid.

    Plain scalars follow YAML 1.2's core schema (`no`, `12:30` and `0123` are text); under `triggers[].metadata` every
    scalar keeps the text that it was written as.
    """
    if len(text.encode("utf-8", "replace")) > MAX_BYTES:
        raise _invalid("", f"longer than {MAX_BYTES // 1024} KiB: split the work over several Deployments")
    try:
        # Event by event: libyaml's time grows with the square of the depth, so the depth is refused while it grows.
        return _single(_bounded(yaml.parse(text, Loader=_LOADER)))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise _invalid("", f"not YAML: {where}{error.problem or error.context}") from None
    except (yaml.YAMLError, UnicodeError, RecursionError) as error:
        raise _invalid("", f"not YAML: {' '.join(str(error).split())}") from None


def show(path: _Path) -> str:
    """A path as a user writes it: `triggers[0].metadata.queueName`."""
    shown = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return shown.removeprefix(".")


def _bounded(events: _Events) -> _Events:
    """Every unknown key costs a look at all that are known: many would hold up whoever reads the rule."""
    nodes = 0
    for event in events:
        nodes += isinstance(event, yaml.NodeEvent)
        if nodes > MAX_NODES:
            raise _invalid("", f"more than {MAX_NODES} keys and values: split the work over several Deployments")
        yield event


def _single(events: _Events) -> Any:
    data: Any = None
    documents = 0
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise _invalid("", "more than one document: a rule is one; remove what follows ---")
            data = _node(next(events), events, ())
    return data


def _node(event: Any, events: _Events, path: _Path) -> Any:
    _refuse(event, path)
    if isinstance(event, yaml.MappingStartEvent):
        return _mapping(events, path)
    if isinstance(event, yaml.SequenceStartEvent):
        items: list[Any] = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            items.append(_node(event, events, (*path, len(items))))
        return items
    return _scalar(event, path)


def _refuse(event: Any, path: _Path) -> None:
    if isinstance(event, yaml.AliasEvent):
        raise _invalid(path, f"the alias *{event.anchor} is not allowed: write the value itself")
    if event.anchor is not None:
        raise _invalid(path, f"the anchor &{event.anchor} is not allowed: write the value itself, where it is needed")
    if event.tag is not None:
        raise _invalid(path, f"the tag {event.tag} is not allowed: leave it out")
    if len(path) > MAX_DEPTH:
        raise _invalid(path[:3], f"nested deeper than {MAX_DEPTH} levels")


def _mapping(events: _Events, path: _Path) -> dict[str, Any]:
    data: dict[str, Any] = {}
    while not isinstance(event := next(events), yaml.MappingEndEvent):
        if not isinstance(event, yaml.ScalarEvent) or not event.value:
            raise _invalid(path, "a key must be a word")
        _refuse(event, path)
        key = event.value
        if len(key) > MAX_KEY:
            # Every mistake below it would repeat it in its path.
            raise _invalid(path, f"a key longer than {MAX_KEY} characters")
        if key in data:
            raise _invalid((*path, key), "written twice: keep one")
        data[key] = _node(next(events), events, (*path, key))
    return data


def _scalar(event: Any, path: _Path) -> Any:
    text: str = event.value
    if len(path) >= 4 and path[0] == "triggers" and path[2] == "metadata":
        return "" if event.implicit[0] and text in ("~", "null", "Null", "NULL") else text
    if not event.implicit[0]:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text) and len(text) < 20:
        return int(text)
    if _FLOAT.fullmatch(text) and not _LEADING_ZERO.match(text):
        number = float(text)
        return number if math.isfinite(number) else text
    return text


def _invalid(path: _Path | str, message: str) -> Invalid:
    return Invalid([Problem(path if isinstance(path, str) else show(path), message)])
