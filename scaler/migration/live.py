"""A migration beside its cluster: what would change, and what else scales the same target. Reads only."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from scaler.kube import FIELD_MANAGER, Kube, KubeError, Object
from scaler.migration.outcome import Outcome, Where
from scaler.migration.source import section, word
from scaler.migration.text import printable
from scaler.target import PREFIX, STATUS, target

_KINDS: Final = {"Deployment": "deployments", "StatefulSet": "statefulsets", "ReplicaSet": "replicasets"}
_HPA: Final = "/apis/autoscaling/v2/namespaces/{}/horizontalpodautoscalers"
_SCALED_OBJECT: Final = "/apis/keda.sh/v1alpha1/namespaces/{}/scaledobjects"
_OWNED: Final = "KEDA's, deleted together with ScaledObject {}"


@dataclass(frozen=True, slots=True)
class Rival:
    """Something else that scales a target, and what to do about it."""

    kind: str
    name: str
    cure: str


@dataclass(frozen=True, slots=True)
class Live:
    """A target as the cluster has it. `missing` says why there is none."""

    annotations: Mapping[str, str]
    rivals: tuple[Rival, ...] = ()
    replicas: int | None = None
    writer: str | None = None
    missing: str = ""

    def lines(self, found: Outcome) -> Iterator[str]:
        """For people: how its annotations would change, and who else is there."""
        yield printable(f"# {found.where.kind} {found.where.key}")
        if self.missing:
            yield printable(f"# {self.missing}")
            return
        changed = [line for name in found.annotations for line in self._diff(name, found)]
        yield from changed or ["# nothing would change"]
        yield from (f"# {name} stays" for name in self.annotations if name not in found.annotations)
        yield from (f"# also scaled by {each.kind} {each.name}: {each.cure}" for each in self.rivals)
        if self.replicas is not None:
            by = f", set last by {self.writer}" if self.writer else ""
            yield f"# spec.replicas is {self.replicas}{by}"
            if self.writer not in (None, FIELD_MANAGER):
                yield "# take spec.replicas out of what is applied, or every apply sets the count back"

    def _diff(self, name: str, found: Outcome) -> Iterator[str]:
        before, after = (each.get(name, "").splitlines() for each in (self.annotations, found.annotations))
        return difflib.unified_diff(before, after, f"{name} (as it is)", f"{name} (as it would be)", lineterm="")

    def as_json(self, found: Outcome) -> dict[str, Any]:
        """A line of `-o json`: the outcome's, and what is there."""
        rivals = [{"kind": each.kind, "name": each.name, "message": each.cure} for each in self.rivals]
        there = {"annotations": dict(self.annotations), "replicas": self.replicas, "writer": self.writer}
        live = {"missing": self.missing} if self.missing else {**there, "scaledBy": rivals}
        return {**found.as_json(), "live": live}


async def look(kube: Kube, outcomes: Sequence[Outcome]) -> list[Live]:
    """Each target in the cluster. Raises KubeError."""
    namespaces = {found.where.key.namespace for found in outcomes if not found.where.wrong}
    rivals = {each: await _rivals(kube, each) for each in namespaces}
    return [await _live(kube, found, rivals) for found in outcomes]


async def _live(kube: Kube, found: Outcome, rivals: Mapping[str, Sequence[tuple[str, Object]]]) -> Live:
    where = found.where
    if where.wrong or where.kind not in _KINDS or where.api_version != "apps/v1":
        return Live({}, missing=f"not looked at: {where.kind} of {where.api_version}")
    path = f"/apis/apps/v1/namespaces/{quote(where.key.namespace)}/{_KINDS[where.kind]}/{quote(where.key.name)}"
    try:
        seen = target(await kube.read(path))
    except KubeError as error:
        if error.status != 404:
            raise
        return Live({}, missing="not in this cluster")
    ours = {name: text for name, text in seen.annotations.items() if name.startswith(PREFIX) and name != STATUS}
    there = tuple(_rival(kind, each) for kind, each in rivals[where.key.namespace] if _aims_at(each, where))
    return Live(ours, there, seen.replicas, seen.writer)


async def _rivals(kube: Kube, namespace: str) -> list[tuple[str, Object]]:
    found = [("ScaledObject", each) for each in await _listed(kube, _SCALED_OBJECT.format(quote(namespace)))]
    return found + [("HorizontalPodAutoscaler", each) for each in await _listed(kube, _HPA.format(quote(namespace)))]


async def _listed(kube: Kube, path: str) -> list[Object]:
    """Empty where there is no such kind."""
    try:
        items: list[Object] = (await kube.read(path))["items"]
    except KubeError as error:
        if error.status != 404:
            raise
        return []
    return items


def _aims_at(item: Object, where: Where) -> bool:
    reference = section(section(item.get("spec")).get("scaleTargetRef"))
    return (reference.get("kind") or "Deployment", reference.get("name")) == (where.kind, where.key.name)


def _rival(kind: str, item: Object) -> Rival:
    metadata = section(item.get("metadata"))
    name = word(metadata.get("name"))
    owner = next((each["name"] for each in metadata.get("ownerReferences", []) if each["kind"] == "ScaledObject"), None)
    if kind == "ScaledObject":
        return Rival(kind, name, "pause it before the rule is applied, delete it afterwards")
    return Rival(kind, name, _OWNED.format(owner) if owner else "delete it before the rule is applied")
