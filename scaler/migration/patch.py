"""A strategic-merge patch for one target: its name and our annotations, and nothing else of it."""

from typing import Any

from scaler.migration.outcome import Outcome
from scaler.migration.text import Block, Remark, rendered
from scaler.target import RULE


def patch(found: Outcome) -> str:
    """With a comment wherever something has no equal; comments alone where there is nothing to apply."""
    notes = [Remark.why(f"{note.severity}: {note}") for note in found.header]
    tree: dict[Any, Any] = {Remark(f"from {found.where.source}"): None, **dict.fromkeys(notes)}
    if found.patches:
        tree |= {"apiVersion": found.where.api_version, "kind": found.where.kind, "metadata": _metadata(found)}
    return rendered(tree)


def _metadata(found: Outcome) -> dict[Any, Any]:
    annotations: dict[Any, Any] = {}
    for name, text in found.annotations.items():
        if name in found.remarks:
            annotations[Remark.why(found.remarks[name])] = None
        annotations[name] = Block(text) if "\n" in text else text
    if found.skeleton:
        annotations[Remark(f"{RULE}: |", *(f"  {line}" for line in found.skeleton.splitlines()))] = None
    key = found.where.key
    named = {"name": key.name} | ({"namespace": key.namespace} if found.where.namespaced else {})
    return {**named, "annotations": annotations}
