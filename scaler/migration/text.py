"""YAML as a person would write it, with remarks in it. What it writes reads back as the same data in any reader."""

import json
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

_PLAIN: Final = re.compile(r"[A-Za-z_/][A-Za-z0-9_./@+-]*")
_WORDS: Final = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
_UNPRINTABLE: Final = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
_WIDTH: Final = 110


class Remark:
    """Stands in a mapping (as a key) or a list where something has no equal, and is printed as comment."""

    def __init__(self, *lines: str) -> None:
        self.lines = tuple(printable(line) for line in lines)

    @classmethod
    def why(cls, message: str, was: Mapping[str, Any] | Sequence[Any] = ()) -> "Remark":
        """A reason, and below it what was there."""
        return cls(*textwrap.wrap(message, _WIDTH, break_on_hyphens=False), *(f"  {line}" for line in _lines(was, "")))


class Block(str):
    """A text of several lines that is printed as they are."""


def rendered(tree: Mapping[Any, Any]) -> str:
    """A mapping as YAML."""
    return "".join(f"{line}\n" for line in _lines(tree, ""))


def _lines(tree: Any, pad: str) -> Iterator[str]:
    if isinstance(tree, Mapping):
        for key, value in tree.items():
            yield from _remarked(key, pad) if isinstance(key, Remark) else _pair(key, value, pad)
    else:
        for value in tree:
            yield from _remarked(value, pad) if isinstance(value, Remark) else _element(value, pad)


def _pair(key: str, value: Any, pad: str) -> Iterator[str]:
    if isinstance(value, Block):
        yield f"{pad}{_scalar(key)}: |"
        yield from (f"{pad}  {line}" if line else "" for line in value.splitlines())
    elif _is_tree(value):
        yield f"{pad}{_scalar(key)}:" + ("" if _is_live(value) else f" {_empty(value)}")
        yield from _lines(value, pad + "  ")
    else:
        yield f"{pad}{_scalar(key)}: {_scalar(value)}"


def _element(value: Any, pad: str) -> Iterator[str]:
    if not _is_tree(value):
        yield f"{pad}- {_scalar(value)}"
    elif not _is_live(value):
        yield f"{pad}- {_empty(value)}"
        yield from _lines(value, pad + "  ")
    else:
        inner = list(_lines(value, pad + "  "))
        first = next(index for index, line in enumerate(inner) if not line.lstrip().startswith("#"))
        inner[first] = f"{pad}- {inner[first].removeprefix(pad + '  ')}"
        yield from inner


def _remarked(remark: Remark, pad: str) -> Iterator[str]:
    for line in remark.lines:
        yield f"{pad}# {line}".rstrip()


def _is_tree(value: Any) -> bool:
    return isinstance(value, Mapping | list | tuple)


def _is_live(tree: Any) -> bool:
    return any(not isinstance(each, Remark) for each in tree)


def _empty(tree: Any) -> str:
    return "{}" if isinstance(tree, Mapping) else "[]"


def _scalar(value: Any) -> str:
    """What could be taken for anything but a text is quoted as JSON does, which YAML reads too."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if not isinstance(value, str):
        return str(value)
    if _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return value
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))


def printable(line: str) -> str:
    """One line for a terminal, whatever somebody wrote."""
    return "".join(each if each.isprintable() else "?" for each in line)
