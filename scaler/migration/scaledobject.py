"""A ScaledObject, field by field in its own order."""

from collections.abc import Callable
from typing import Any, Final

from scaler.migration.behavior import behavior
from scaler.migration.credential import Credentials
from scaler.migration.draft import Draft
from scaler.migration.note import error, ignored, info, warning
from scaler.migration.outcome import Outcome, outcome, refusal
from scaler.migration.pause import held
from scaler.migration.source import Item, entries, section, word
from scaler.migration.trigger import Triggers
from scaler.migration.whereabouts import where

_COPIED: Final = frozenset(
    {"pollingInterval", "cooldownPeriod", "initialCooldownPeriod", "minReplicaCount", "maxReplicaCount"}
)
SPEC: Final = _COPIED | {"scaleTargetRef", "idleReplicaCount", "triggers", "fallback", "advanced"}
ADVANCED: Final = frozenset({"restoreToOriginalReplicaCount", "horizontalPodAutoscalerConfig", "scalingModifiers"})
_MODIFIERS: Final = frozenset({"formula", "target", "activationTarget", "metricType"})
_FALLBACK: Final = frozenset({"failureThreshold", "replicas", "behavior"})
_FIRST_SIGHT: Final = (
    "not written: KEDA's 0 takes a workload without messages to zero at first sight, here it is kept for "
    "cooldownPeriod; write `initialCooldownPeriod: 0` for KEDA's"
)
_NO_BEHAVIOR: Final = (
    "not written: the count goes up at once to what the queue asks for, where KEDA's HPA doubles it every 15 s; "
    "write `behavior: {scaleUp: {}}` for the HPA's limits"
)
_RESTORED: Final = (
    "make it false in the ScaledObject before you delete that, else KEDA sets the count back; the original count here "
    "is the one that the scaler finds at first sight"
)
_OLD: Final = "of KEDA 1: bring it to keda.sh/v1alpha1 first (https://keda.sh/docs/latest/migration/)"


def migrated(item: Item, credentials: Credentials, namespace: str) -> Outcome:
    """What becomes of it; `namespace` is that of objects which name none."""
    if item.group != "keda.sh":
        return refusal(where(item, {}, namespace), error("apiVersion", _OLD))
    return _Translation(item, credentials, namespace).outcome()


class _Translation:
    def __init__(self, item: Item, credentials: Credentials, namespace: str) -> None:
        self._item = item
        self._draft = Draft()
        reference = section(item.spec.get("scaleTargetRef"))
        self._where = where(item, reference, namespace)
        container = word(reference.get("envSourceContainerName"))
        self._triggers = Triggers(self._draft, credentials, self._where.key.namespace, container)

    def outcome(self) -> Outcome:
        spec = self._item.spec
        self._draft.notes += ignored(spec, SPEC, "spec")
        sections: dict[str, Callable[[Any], None]] = {
            "scaleTargetRef": self._target,
            "idleReplicaCount": self._idle,
            "triggers": self._list,
            "fallback": self._fallback,
            "advanced": self._advanced,
        }
        for key, value in spec.items():
            if key in _COPIED:
                self._draft.put(key, value, f"spec.{key}")
            elif key in sections:
                sections[key](value)
        self._differences()
        annotations, notes = held(section(self._item.metadata.get("annotations")))
        self._draft.notes += notes
        return outcome(self._where, self._draft, annotations, tuple(self._triggers.shared))

    def _target(self, reference: Any) -> None:
        if container := word(section(reference).get("envSourceContainerName")):
            self._draft.put("envSourceContainerName", container, "spec.scaleTargetRef.envSourceContainerName")
        if self._where.kind != "Deployment":
            cure = "the annotation is the same, for a scaler that looks after that kind too (`scaler run --kinds`)"
            self._draft.notes.append(warning("spec.scaleTargetRef.kind", f"{self._where.kind}: {cure}"))

    def _idle(self, value: Any) -> None:
        if type(value) is int and value == 0 and self._item.spec.get("minReplicaCount", 0) == 0:
            why = "left out: resting at 0 is what minReplicaCount 0 says already"
            self._draft.notes.append(info("spec.idleReplicaCount", why))
        else:
            self._draft.put("idleReplicaCount", value, "spec.idleReplicaCount")

    def _list(self, written: Any) -> None:
        self._draft.put("triggers", [], "spec.triggers")
        for index, trigger in enumerate(entries(written)):
            self._triggers.take(trigger, f"spec.triggers[{index}]")

    def _fallback(self, written: Any) -> None:
        fallback = {key: value for key, value in section(written).items() if key in _FALLBACK}
        threshold = fallback.get("failureThreshold")
        if type(threshold) is int and threshold >= 0:
            fallback["failureThreshold"] = max(threshold, 1)
            there = f"KEDA begins with failure {threshold + 1}, polls and the HPA's reads counted together"
            here = f"here it begins with failed poll {max(threshold, 1)}"
            self._draft.notes.append(info("spec.fallback.failureThreshold", f"{there}; {here}"))
        self._draft.notes += ignored(section(written), _FALLBACK, "spec.fallback")
        self._draft.put("fallback", fallback if isinstance(written, dict) else written, "spec.fallback")

    def _advanced(self, written: Any) -> None:
        advanced = section(written)
        self._draft.notes += ignored(advanced, ADVANCED, "spec.advanced")
        for key, value in advanced.items():
            path = f"spec.advanced.{key}"
            if key == "scalingModifiers" and value != {}:
                kept = {name: each for name, each in section(value).items() if name in _MODIFIERS}
                self._draft.notes += ignored(section(value), _MODIFIERS, path)
                self._draft.put(key, kept if isinstance(value, dict) else value, path)
            elif key == "restoreToOriginalReplicaCount" and value is not False:
                self._draft.put(key, value, path)
                self._draft.notes.append(warning(path, _RESTORED))
            elif key == "horizontalPodAutoscalerConfig":
                self._autoscaler(section(value), path)

    def _autoscaler(self, config: dict[str, Any], path: str) -> None:
        self._draft.notes += ignored(config, frozenset({"name", "behavior"}), path)
        if "name" in config:
            self._draft.notes.append(info(f"{path}.name", "left out: there is no HPA"))
        if "behavior" in config:
            self._draft.put("behavior", behavior(config["behavior"]), f"{path}.behavior")

    def _differences(self) -> None:
        rule, rests = self._draft.rule, self._item.spec.get("minReplicaCount", 0) == 0
        if "initialCooldownPeriod" not in rule and (rests or "idleReplicaCount" in rule):
            self._draft.notes.append(info("spec.initialCooldownPeriod", _FIRST_SIGHT))
        if "behavior" not in rule:
            self._draft.notes.append(info("spec.advanced.horizontalPodAutoscalerConfig.behavior", _NO_BEHAVIOR))
