"""Whether a change of our annotations came with a rollback: `kubectl rollout undo` brings back those of that time."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from scaler.resource import DEPLOYMENTS
from scaler.target import PREFIX, Target, fingerprint

_HASH: Final = "pod-template-hash"


class Revision(NamedTuple):
    """What matters of a ReplicaSet: whose it is, the fingerprint of its pod template, when it was made."""

    name: str
    owners: frozenset[str]
    template: int
    made: str

    @classmethod
    def of(cls, replica_set: Mapping[str, Any]) -> "Revision":
        """From a ReplicaSet as the API has it."""
        metadata = replica_set["metadata"]
        owners = frozenset(owner["uid"] for owner in metadata.get("ownerReferences") or [])
        template = fingerprint(_plain(replica_set["spec"]["template"]))
        return cls(metadata["name"], owners, template, metadata["creationTimestamp"])


def possible(before: Target, after: Target) -> bool:
    """Whether it may have been one. Of a StatefulSet no annotations are kept that could come back."""
    return after.resource == DEPLOYMENTS and after.template != before.template and bool(changed(before, after))


def changed(before: Target, after: Target) -> list[str]:
    """The annotations of a user's that changed, without our prefix."""
    names = before.annotations.keys() | after.annotations.keys()
    return sorted(
        name.removeprefix(PREFIX) for name in names if before.annotations.get(name) != after.annotations.get(name)
    )


def came_back(target: Target, revisions: Iterable[Revision]) -> str | None:
    """The ReplicaSet whose template the Deployment has again; None where the template is new.

    A new template's ReplicaSet is made after the change, an old one's was there before.
    """
    same = (each for each in revisions if target.uid in each.owners and each.template == target.template)
    return next((each.name for each in same if each.made < target.templated_at), None)


def _plain(template: Mapping[str, Any]) -> dict[str, Any]:
    """Without the label that the Deployment controller adds."""
    metadata = template.get("metadata") or {}
    labels = {name: text for name, text in (metadata.get("labels") or {}).items() if name != _HASH}
    return {**template, "metadata": {**metadata, "labels": labels}}
