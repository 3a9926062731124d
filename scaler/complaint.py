"""What pydantic finds wrong, in sentences that a tired person understands: what was written, what is allowed."""

from collections.abc import Iterator
from typing import Any, Final

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from scaler.document import show
from scaler.schema import TRIGGERS, RuleSchema
from scalers import known, load
from scalers.parameters import hide_credentials
from scalers.problem import Problem, nearest

_LONGEST_ECHO: Final = 40


def told(error: ValidationError, data: Any) -> Iterator[Problem]:
    """One problem per error, in the order of the schema."""
    for details in error.errors(include_url=False):
        if details["type"] == "too_short" and details["input"]:
            # What is in it is wrong, and told by itself.
            continue
        yield Problem(show(_real(details["loc"], data)), _message(details, data))


def _real(location: tuple[int | str, ...], data: Any) -> tuple[int | str, ...]:
    """The location without what pydantic adds for its own kinds of value."""
    real: list[int | str] = []
    for part in location:
        inside = part in data if isinstance(data, dict) else isinstance(data, list) and isinstance(part, int)
        if not inside and part is not location[-1]:
            continue
        real.append(part)
        data = data[part] if inside else None
    return tuple(real)


def _message(details: ErrorDetails, data: Any) -> str:
    kind, value = details["type"], details["input"]
    if kind == "extra_forbidden":
        return f"unknown; {_misplaced(details['loc'], data) or _nearest(details['loc'])}"
    if kind == "missing":
        return "required"
    if kind == "value_error":
        said = str(details["ctx"]["error"])
        return f"{said}, not {echo(value)}" if said.startswith("must") else said
    if kind in ("model_type", "dict_type", "model_attributes_type"):
        return f"must be a mapping, not {echo(value)}"
    if kind in ("list_type", "tuple_type"):
        return f"must be a list, not {echo(value)}"
    if kind in ("too_short", "too_long"):
        most = f"{TRIGGERS} at most" if kind == "too_long" else "at least one"
        return f"must hold {most}"
    return f"{details['msg']}, not {echo(value)}"


def _nearest(location: tuple[int | str, ...]) -> str:
    return nearest(str(location[-1]), _known(location[:-1]))


def _misplaced(location: tuple[int | str, ...], data: Any) -> str | None:
    """Where to write a parameter that stands beside `metadata`, or right below `authentication`."""
    match location:
        case ("triggers", int(index), *inside, str(key)) if inside in ([], ["authentication"]):
            kind = data["triggers"][index].get("type")
            model = load(kind).Parameters if kind in known() else None
            if model is None:
                return None
            if inside and key in model.secrets():
                return f"write it below parameters: {key}: {{secret: {{name: …, key: …}}}}"
            return cure if (cure := model.cure(key, [])).startswith("write ") else None
    return None


def _known(location: tuple[int | str, ...]) -> list[str]:
    """The keys that are known at a location."""
    model: Any = RuleSchema
    for part in location:
        field = next((each for each in model.model_fields.values() if each.alias == part), None)
        model = _section(field.annotation) if field is not None else model
    return [str(field.alias) for field in model.model_fields.values()]


def _section(annotation: Any) -> Any:
    """The model inside `X | None`, `list[X]` or `tuple[X, ...]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = (_section(each) for each in getattr(annotation, "__args__", ()))
    return next((each for each in inner if each is not None), None)


def echo(value: Any) -> str:
    """What was written, short enough for a line."""
    if value is None:
        return "nothing"
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    text = str(value).lower() if isinstance(value, bool) else repr(_open(value))
    return text if len(text) <= _LONGEST_ECHO else text[: _LONGEST_ECHO - 1] + "…"


def _open(value: Any) -> Any:
    """A URL in the wrong place may still hold a password."""
    return hide_credentials(value) if isinstance(value, str) else value
