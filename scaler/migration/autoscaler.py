"""A HorizontalPodAutoscaler: its bounds and behavior are ours too; its metrics do not say which queue they are of."""

from typing import Any, Final

from scaler.migration.behavior import behavior
from scaler.migration.draft import Draft
from scaler.migration.note import Note, error, info
from scaler.migration.outcome import Outcome, outcome
from scaler.migration.source import Item, entries, section, word
from scaler.migration.text import Remark
from scaler.migration.whereabouts import where
from scalers import known

_OWNER: Final = "scaledobject.keda.sh/name"
_RESOURCE: Final = "no queue, so it has no equal: leave it out, or keep this HPA and give the target no rule"


def is_one(item: Item) -> bool:
    """Whether it is an HPA."""
    return item.kind == "HorizontalPodAutoscaler" and item.group == "autoscaling"


def made_by(item: Item) -> str:
    """The ScaledObject whose HPA this is; empty where it is a user's own."""
    return word(section(item.metadata.get("labels")).get(_OWNER))


def migrated(item: Item, namespace: str) -> Outcome:
    """A skeleton of a rule; `namespace` is that of objects which name none."""
    spec = item.spec
    draft = Draft()
    draft.put("minReplicaCount", spec.get("minReplicas", 1), "spec.minReplicas")
    draft.put("maxReplicaCount", spec.get("maxReplicas", 100), "spec.maxReplicas")
    if "behavior" in spec:
        draft.put("behavior", behavior(spec["behavior"]), "spec.behavior")
    if owner := made_by(item):
        draft.notes.append(error("metadata.labels", f"KEDA made this HPA: migrate ScaledObject {owner!r} instead"))
    elif item.data.get("apiVersion") == "autoscaling/v1":
        draft.notes.append(error("apiVersion", f"autoscaling/v1 knows the CPU only: {_RESOURCE}"))
    else:
        draft.put("triggers", [], "spec.metrics")
        for index, metric in enumerate(entries(spec.get("metrics"))):
            note = _note(section(metric), f"spec.metrics[{index}]")
            draft.triggers.append(_trigger(section(metric), note))
            draft.notes.append(note)
            draft.shown.append(note)
        draft.notes.append(info("spec.minReplicas", "0 is possible too: then the target rests without messages"))
    return outcome(where(item, section(spec.get("scaleTargetRef")), namespace), draft, {})


def _note(metric: dict[str, Any], path: str) -> Note:
    kind = word(metric.get("type"))
    if kind != "External":
        return error(path, f"{kind or 'no type'}: {_RESOURCE}")
    external = section(metric.get("external"))
    named, target = section(external.get("metric")), section(external.get("target"))
    labels = section(section(named.get("selector")).get("matchLabels"))
    chosen = ", ".join(f"{key}={word(value)}" for key, value in labels.items())
    more = " and matchExpressions" if section(named.get("selector")).get("matchExpressions") else ""
    selector = f" with {chosen}{more}" if chosen or more else ""
    wanted = f"{word(target.get('type'))} {word(target.get('averageValue')) or word(target.get('value'))}"
    what = f"external metric {word(named.get('name'))!r}{selector}, target {wanted}"
    return error(path, f"{what}: it does not say which queue that is: name the queue in a trigger")


def _trigger(metric: dict[str, Any], note: Note) -> Remark:
    """What to fill in."""
    if metric.get("type") != "External":
        return Remark.why(f"error: {note.message}", [metric])
    target = section(section(metric.get("external")).get("target"))
    metric_type = "Value" if target.get("type") == "Value" else "AverageValue"
    entry = {"type": "|".join(known()), "metricType": metric_type, "metadata": {}}
    return Remark.why(f"error: {note.message}", [entry])
