"""What there is to say of the parameters of a broker type, for the reference page and the JSON Schema."""

from typing import Any, Final, NamedTuple

from pydantic.fields import FieldInfo

from scalers.parameters import Parameters, adapter, origin
from scalers.source import From

__all__ = ["Description", "describe"]

_KEPT: Final = ("type", "enum", "minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum")


class Description(NamedTuple):
    """One parameter. `default` is None where there is none; `schema` is the JSON Schema of its value."""

    name: str
    origin: From
    required: bool
    default: Any
    schema: dict[str, Any]
    text: str

    @property
    def allowed(self) -> str:
        """What may be written, in a few words."""
        if "enum" in self.schema:
            return ", ".join(map(str, self.schema["enum"]))
        bounds = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
        words = [f"{sign} {self.schema[name]:g}" for name, sign in bounds.items() if name in self.schema]
        return " ".join([str(self.schema.get("format", self.schema["type"])), *words])


def describe(model: type[Parameters[Any, Any]]) -> list[Description]:
    """Every parameter, in the order of the model."""
    return [_described(model, key, field) for key, field in model.model_fields.items()]


def _described(model: type[Parameters[Any, Any]], key: str, field: FieldInfo) -> Description:
    required = field.is_required()
    default = None if required else field.default
    shown = str(default).lower() if isinstance(default, bool) else default
    text = " ".join((field.description or "").split())
    return Description(str(field.alias), origin(field), required, shown, _schema(model, key), text)


def _schema(model: type[Parameters[Any, Any]], key: str) -> dict[str, Any]:
    found = adapter(model, key).json_schema()
    outer = {name: found[name] for name in _KEPT if name in found}
    kind = next((each for each in found.get("anyOf", []) if each.get("type") != "null"), found)
    kept = {name: kind[name] for name in _KEPT if name in kind}
    return outer | kept | ({"format": "duration"} if kind.get("format") == "duration" else {})
