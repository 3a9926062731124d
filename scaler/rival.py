"""Other autoscalers on the same target: where there is one we do not scale, because the two would undo each other."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from scaler.kube import Object
from scaler.resource import AUTOSCALERS
from scaler.target import Key, Target


class Ref(NamedTuple):
    """What a `scaleTargetRef` names. Its version does not matter: it is the same object in each."""

    group: str
    kind: str
    namespace: str
    name: str

    @classmethod
    def of(cls, target: Target) -> "Ref":
        """What would name this one."""
        _, namespace, name = target.location
        return cls(target.resource.group, target.kind, namespace, name)


class Rival(NamedTuple):
    """A HorizontalPodAutoscaler, what it scales, and what to call it."""

    own: Key
    target: Ref
    words: str


class Rivals:
    """Follows HorizontalPodAutoscalers. KEDA's ScaledObjects are among them: each has one of its own.

    `changed(ref)` tells of a target whose rival came, went or became another.
    """

    resource = AUTOSCALERS

    def __init__(self) -> None:
        self.changed: Callable[[Ref], None] = lambda ref: None
        self._rivals: dict[Key, Rival] = {}
        self._words: dict[Ref, dict[Key, str]] = {}

    def of(self, target: Target) -> str | None:
        """Who else scales it, in words; None where nobody does."""
        return self._first(Ref.of(target))

    def read(self, body: Object) -> Rival:
        """What matters of one."""
        metadata = body["metadata"]
        target = _target(body["spec"]["scaleTargetRef"], metadata["namespace"])
        return Rival(Key(metadata["namespace"], metadata["name"]), target, _words(metadata))

    def take(self, item: Rival) -> None:
        """It is there; perhaps with another target than before."""
        former = self._rivals.get(item.own)
        if former is not None and former.target != item.target:
            self.lose(former)
        self._rivals[item.own] = item
        before = self._first(item.target)
        self._words.setdefault(item.target, {})[item.own] = item.words
        self._tell(item.target, before)

    def lose(self, item: Rival) -> None:
        """It is gone."""
        known = self._rivals.pop(item.own, None)
        if known is None:
            return
        before = self._first(known.target)
        del self._words[known.target][known.own]
        if not self._words[known.target]:
            del self._words[known.target]
        self._tell(known.target, before)

    async def listed(self, items: Sequence[Rival], namespace: str | None) -> None:
        """These are all."""
        there = {item.own for item in items}
        for gone in [each for own, each in self._rivals.items() if own not in there]:
            self.lose(gone)
        for item in items:
            self.take(item)

    def _first(self, target: Ref) -> str | None:
        return next(iter(self._words.get(target, {}).values()), None)

    def _tell(self, target: Ref, before: str | None) -> None:
        if self._first(target) != before:
            self.changed(target)


def _target(ref: dict[str, Any], namespace: str) -> Ref:
    group, slash, _ = str(ref.get("apiVersion") or "").rpartition("/")
    return Ref(group if slash else "", ref["kind"], namespace, ref["name"])


def _words(metadata: dict[str, Any]) -> str:
    owners = metadata.get("ownerReferences") or []
    scaled = next((owner["name"] for owner in owners if owner.get("kind") == "ScaledObject"), None)
    if scaled is not None:
        return f"the KEDA ScaledObject {scaled!r}"
    return f"the HorizontalPodAutoscaler {metadata['name']!r}"
