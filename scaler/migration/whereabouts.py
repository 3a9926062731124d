"""Which workload an object scales."""

from typing import Any

from scaler.migration.outcome import Where
from scaler.migration.source import Item, word
from scaler.target import Key


def where(item: Item, reference: dict[str, Any], namespace: str) -> Where:
    """The target that a `scaleTargetRef` names; without one the object itself."""
    named = word(item.metadata.get("namespace"))
    home = named or namespace
    source = f"{item.file}: {item.kind} {home}/{item.name}"
    if not reference:
        return Where(source, Key(home, item.name), bool(named), word(item.data.get("apiVersion")), item.kind)
    kind = word(reference.get("kind")) or "Deployment"
    api_version = word(reference.get("apiVersion")) or "apps/v1"
    return Where(source, Key(home, word(reference.get("name"))), bool(named), api_version, kind)
