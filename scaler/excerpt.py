"""A rule as it was written, without what may be secret in it: for whoever asks why a count is what it is."""

from typing import Any, get_args

from pydantic import SecretStr

from scaler.document import document
from scalers import known, load
from scalers.parameters import Parameters, hide_credentials, origin
from scalers.problem import Invalid

_HIDDEN = "***"


def excerpt(text: str) -> dict[str, Any]:
    """Of a valid rule; nothing of one that cannot be read, because nobody knows what is secret there."""
    try:
        data = document(text)
    except Invalid:
        return {}
    if not isinstance(data, dict) or not isinstance(data.get("triggers"), list):
        return {}
    return data | {"triggers": [_trigger(each) for each in data["triggers"] if isinstance(each, dict)]}


def _trigger(trigger: dict[str, Any]) -> dict[str, Any]:
    kind, metadata = trigger.get("type"), trigger.get("metadata")
    if not isinstance(metadata, dict) or kind not in known():
        return {name: value for name, value in trigger.items() if name != "metadata"}
    model = load(str(kind)).Parameters
    return trigger | {"metadata": {name: _value(model, name, str(text)) for name, text in metadata.items()}}


def _value(model: type[Parameters[Any, Any]], name: str, text: str) -> str:
    for field in model.model_fields.values():
        place = origin(field)
        if name in (field.alias, *place.also) and SecretStr in (field.annotation, *get_args(field.annotation)):
            return hide_credentials(text) if place.url else _HIDDEN
    return hide_credentials(text)
