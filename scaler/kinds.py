"""The kinds of value that a rule is made of, each with a sentence that says what is allowed."""

import difflib
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, TypeAlias

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

#: The longest time that a rule can name, in seconds.
LONGEST: Final = 31 * 24 * 3600.0

_NUMBER: Final = re.compile(r"^[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?$")
_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_WRITTEN: Final = re.compile(r"^([0-9]+(\.[0-9]+)?|([0-9]+(\.[0-9]+)?(ms|s|m|h|d))+)$")
_PART: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d)")


@dataclass(frozen=True, eq=False)
class Kind:
    """A check that raises ValueError with a sentence, and the JSON Schema of what passes it."""

    check: Callable[[Any], Any]
    schema: Mapping[str, Any]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return dict(self.schema)


def whole(low: int, high: int = 2**31 - 1) -> Kind:
    """A whole number from `low` to `high`, not written as text."""
    allowed = f"of at least {low}" if high == 2**31 - 1 else f"from {low} to {high}"

    def check(value: Any) -> Any:
        if type(value) is not int or not low <= value <= high:
            hint = " (without quotes)" if isinstance(value, str) and value.strip("-").isdigit() else ""
            raise ValueError(f"must be a whole number {allowed}{hint}")
        return value

    return Kind(check, {"type": "integer", "minimum": low, "maximum": high})


def number(low: float, *, above: bool = False) -> Kind:
    """A number of at least (or, with `above`, above) `low`."""

    def check(value: Any) -> Any:
        good = type(value) in (int, float) and math.isfinite(value) and (value > low if above else value >= low)
        if not good:
            raise ValueError(f"must be a number {'above' if above else 'of at least'} {low:g}")
        return float(value)

    return Kind(check, {"type": "number", "exclusiveMinimum" if above else "minimum": low})


def decimal(low: float = -math.inf, *, above: bool = False) -> Kind:
    """A number of at least (or, with `above`, above) `low` that may be written as text, `2.5` or `"2.5"`."""
    bound = "" if low == -math.inf else f" {'above' if above else 'of at least'} {low:g}"

    def check(value: Any) -> Any:
        written = _NUMBER.fullmatch(value.strip()) if isinstance(value, str) and len(value) < 40 else None
        found = float(written[0]) if written else float(value) if type(value) in (int, float) else math.nan
        if not math.isfinite(found) or not (found > low if above else found >= low):
            raise ValueError(f"must be a number{bound}")
        return found

    limit = {} if low == -math.inf else {"exclusiveMinimum" if above else "minimum": low}
    return Kind(check, {"anyOf": [{"type": "number", **limit}, {"type": "string", "pattern": _NUMBER.pattern}]})


def seconds(low: float) -> Kind:
    """A duration of at least `low` seconds: `30`, `"30s"`, `"1m30s"`."""

    def check(value: Any) -> Any:
        duration = float(value) if type(value) in (int, float) else _duration(value)
        if duration is None or not low <= duration <= LONGEST:
            raise ValueError(f'must be a duration such as 30, "30s" or "1m30s", from {low:g} s to 31 days')
        return duration

    return Kind(check, {"type": ["number", "string"], "minimum": low, "maximum": LONGEST, "pattern": _WRITTEN.pattern})


def one_of(*words: str) -> Kind:
    """One of some words."""

    def check(value: Any) -> Any:
        if value not in words:
            near = difflib.get_close_matches(str(value).capitalize(), words, n=1)
            hint = f" (did you mean {near[0]}?)" if near else ""
            raise ValueError(f"must be one of {', '.join(words)}{hint}")
        return value

    return Kind(check, {"enum": list(words)})


def _duration(value: Any) -> float | None:
    text = str(value) if isinstance(value, str) else ""
    if re.fullmatch(r"[0-9]{1,10}(\.[0-9]{1,10})?", text):
        return float(text)
    parts = _PART.findall(text[:40])
    if not parts or "".join(amount + unit for amount, unit in parts) != text:
        return None
    return float(sum(float(amount) * _UNITS[unit] for amount, unit in parts))


def _flag(value: Any) -> Any:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def _text(value: Any) -> Any:
    if not isinstance(value, str) or not value.strip() or len(value) > 253:
        raise ValueError("must be a text of 1 to 253 characters")
    return value


Flag: TypeAlias = Annotated[bool, Kind(_flag, {"type": "boolean"})]
Text: TypeAlias = Annotated[str, Kind(_text, {"type": "string", "minLength": 1, "maxLength": 253})]
