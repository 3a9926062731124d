"""How the text of a parameter becomes a value. KEDA's rules, so that a KEDA trigger block means the same here."""

import re
from typing import Annotated, Final

from pydantic import BeforeValidator, WithJsonSchema

__all__ = ["Duration", "Flag", "Number", "Whole"]

_NUMBER: Final = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_WHOLE: Final = re.compile(r"-?(0|[1-9][0-9]*)")
_TRUE: Final = frozenset({"1", "t", "T", "TRUE", "true", "True"})
_FALSE: Final = frozenset({"0", "f", "F", "FALSE", "false", "False"})
_SECONDS: Final = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART: Final = re.compile(r"([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)")
_LONGEST: Final = 2**63 / 1e9  # what Go's time.Duration holds


def _number(text: str) -> float:
    if not _NUMBER.fullmatch(text) or abs(float(text)) == float("inf"):
        raise ValueError("must be a number as in JSON (5, 2.5, 1e3)")
    return float(text)


def _whole(text: str) -> int:
    # The length is bounded because Python refuses to read numbers of thousands of digits.
    if not _WHOLE.fullmatch(text) or len(text) > 19:
        raise ValueError("must be a whole number as in JSON (5, -1)")
    return int(text)


def _flag(text: str) -> bool:
    if text not in _TRUE | _FALSE:
        raise ValueError("must be true or false")
    return text in _TRUE


def _duration(text: str) -> float:
    parts = _PART.findall(text)
    if parts and "".join(number + unit for number, unit in parts) == text.removeprefix("+"):
        seconds = sum(float(number) * _SECONDS[unit] for number, unit in parts)
    elif _WHOLE.fullmatch(text):
        seconds = float(text) / 1000
    else:
        raise ValueError("must be a duration (3s, 1m30s, 500ms) or a whole number of milliseconds")
    if not 0 <= seconds < _LONGEST:
        raise ValueError("must be a duration of at least 0 and below 292 years")
    return seconds


Number = Annotated[float, BeforeValidator(_number)]
Whole = Annotated[int, BeforeValidator(_whole)]
Flag = Annotated[bool, BeforeValidator(_flag)]
Duration = Annotated[float, BeforeValidator(_duration), WithJsonSchema({"type": "string", "format": "duration"})]
"""Seconds."""
