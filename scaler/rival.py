"""Other autoscalers on the same target: where there is one we do not scale, because the two would undo each other."""

from collections.abc import Callable, Sequence
from typing import Final

from scaler.kube import Object
from scaler.target import Key

_DEPLOYMENT: Final = ("apps/v1", "Deployment")


class Rivals:
    """Follows HorizontalPodAutoscalers. KEDA's ScaledObjects are among them: each has one of its own.

    `changed(key)` tells of a Deployment whose rival came, went or became another.
    """

    resource = "horizontalpodautoscalers"

    def __init__(self) -> None:
        self.changed: Callable[[Key], None] = lambda key: None
        self._targets: dict[Key, Key] = {}
        self._words: dict[Key, dict[Key, str]] = {}

    def of(self, key: Key) -> str | None:
        """Who else scales a Deployment, in words; None where nobody does."""
        return next(iter(self._words.get(key, {}).values()), None)

    def take(self, body: Object) -> None:
        """It is there; perhaps with another target than before."""
        own, target = _key(body), _target(body)
        if self._targets.get(own) != target:
            self.lose(body)
        if target is None:
            return
        self._targets[own] = target
        before, words = self.of(target), self._words.setdefault(target, {})
        words[own] = _words(body)
        if self.of(target) != before:
            self.changed(target)

    def lose(self, body: Object) -> None:
        """It is gone."""
        own = _key(body)
        target = self._targets.pop(own, None)
        if target is None:
            return
        before = self.of(target)
        del self._words[target][own]
        if not self._words[target]:
            del self._words[target]
        if self.of(target) != before:
            self.changed(target)

    def listed(self, bodies: Sequence[Object], namespace: str | None) -> None:
        """These are all."""
        there = {_key(body) for body in bodies}
        for own in list(self._targets.keys() - there):
            self.lose({"metadata": own._asdict()})
        for body in bodies:
            self.take(body)


def _key(body: Object) -> Key:
    return Key(body["metadata"]["namespace"], body["metadata"]["name"])


def _target(body: Object) -> Key | None:
    ref = body["spec"]["scaleTargetRef"]
    if (ref.get("apiVersion"), ref["kind"]) != _DEPLOYMENT:
        return None
    return Key(body["metadata"]["namespace"], ref["name"])


def _words(body: Object) -> str:
    owners = body["metadata"].get("ownerReferences") or []
    scaled = next((owner["name"] for owner in owners if owner.get("kind") == "ScaledObject"), None)
    if scaled is not None:
        return f"the KEDA ScaledObject {scaled!r}"
    return f"the HorizontalPodAutoscaler {body['metadata']['name']!r}"
