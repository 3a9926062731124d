"""Whether a change of our annotations came with a rollback: `kubectl rollout undo` brings back those of that time."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from scaler.target import PREFIX, STATUS, Target, fingerprint

_HASH: Final = "pod-template-hash"


def changed(before: Target, after: Target) -> list[str]:
    """The annotations of a user's that changed, without our prefix."""
    names = (before.annotations.keys() | after.annotations.keys()) - {STATUS}
    return sorted(
        name.removeprefix(PREFIX) for name in names if before.annotations.get(name) != after.annotations.get(name)
    )


def came_back(target: Target, replica_sets: Iterable[Mapping[str, Any]]) -> str | None:
    """The ReplicaSet whose template the Deployment has again; None where the template is new.

    A new template's ReplicaSet is made after the change, an old one's was there before.
    """
    for each in replica_sets:
        metadata = each["metadata"]
        owners = {owner.get("uid") for owner in metadata.get("ownerReferences") or []}
        if target.uid not in owners or fingerprint(_plain(each["spec"]["template"])) != target.template:
            continue
        if metadata["creationTimestamp"] < target.templated_at:
            return str(metadata["name"])
    return None


def _plain(template: Mapping[str, Any]) -> dict[str, Any]:
    """Without the label that the Deployment controller adds."""
    metadata = template.get("metadata") or {}
    labels = {name: text for name, text in (metadata.get("labels") or {}).items() if name != _HASH}
    return {**template, "metadata": {**metadata, "labels": labels}}
