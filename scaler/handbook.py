"""`scaler schema`: what a rule may hold, for editors and for people, from the very models that parse it."""

from collections.abc import Iterator
from typing import Any

from scaler.schema import RuleSchema
from scalers import known, load
from scalers.description import Description, describe

_PLACES = {"m": "metadata", "a": "authentication", "e": "…FromEnv"}


def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of the annotation, the parameters of every installed trigger type included."""
    schema = RuleSchema.model_json_schema(by_alias=True)
    trigger = schema["$defs"]["TriggerSchema"]
    trigger["properties"]["type"] = {"enum": known()}
    trigger["allOf"] = [_for_type(kind) for kind in known()]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "scalerule.dev/rule", **schema}


def parameters_page() -> str:
    """The reference of every installed trigger type, in Markdown."""
    lines = [
        "# Trigger parameters",
        "",
        "Written by `scaler schema --docs`. Names and defaults are KEDA's. A value is looked for in the places named,",
        "in this order: the trigger's `metadata`, its `authentication`, a variable of the container that",
        "`<name>FromEnv` in `metadata` names.",
    ]
    for kind in known():
        lines += ["", f"## {kind}", "", " ".join((load(kind).Parameters.__doc__ or "").split()), "", parameters(kind)]
    return "\n".join(lines) + "\n"


def parameters(kind: str) -> str:
    """The parameters of one trigger type, as a table in Markdown."""
    model = load(kind).Parameters
    lines = ["| parameter | from | default | allowed | meaning |", "|---|---|---|---|---|"]
    lines += [_row(each) for each in describe(model)]
    if model.providers:
        lines += ["", f"Pod identities: {', '.join(f'`{name}`' for name in model.providers)}."]
    return "\n".join(lines)


def _for_type(kind: str) -> dict[str, Any]:
    parameters = describe(load(kind).Parameters)
    properties = dict(entry for each in parameters for entry in _properties(each))
    metadata: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False}
    required = [
        each.name for each in parameters if each.required and each.origin.sources == "m" and not each.origin.also
    ]
    if required:
        metadata["required"] = required
    condition = {"properties": {"type": {"const": kind}}}
    return {"if": condition, "then": {"properties": {"metadata": metadata}}}


def _properties(parameter: Description) -> Iterator[tuple[str, dict[str, Any]]]:
    for name in (parameter.name, *parameter.origin.also):
        if "m" in parameter.origin.sources:
            yield name, _written(parameter)
        if "e" in parameter.origin.sources:
            yield f"{name}FromEnv", {"type": "string", "description": f"The variable that holds {name}."}


def _written(parameter: Description) -> dict[str, Any]:
    """A parameter is text, as in KEDA; plain numbers and booleans count as the text that they were written as."""
    schema = {"description": parameter.text}
    if parameter.default is not None:
        schema["default"] = parameter.default
    kind = parameter.schema["type"]
    if "enum" in parameter.schema:
        return {**schema, "enum": parameter.schema["enum"]}
    return {**schema, "type": ["string", "number", "boolean"] if kind == "string" else [kind, "string"]}


def _row(parameter: Description) -> str:
    names = " or ".join(f"`{name}`" for name in (parameter.name, *parameter.origin.also))
    places = ", ".join(_PLACES[source] for source in parameter.origin.sources)
    default = "required" if parameter.required else "" if parameter.default is None else _plain(parameter.default)
    return f"| {names} | {places} | {default} | {parameter.allowed} | {parameter.text.replace('|', '&#124;')} |"


def _plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
