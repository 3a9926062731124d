"""Events on the Deployment: what `kubectl describe` shows at three in the morning, repeated ones counted."""

import uuid
from dataclasses import dataclass, field
from typing import Any

from scaler.status import timestamp
from scaler.target import Key, Target

#: An event that recurs within so many seconds counts the first one up.
AGGREGATE = 600.0
#: More than so many different messages of one reason in that time are combined into one event.
DISTINCT = 10
_MESSAGE = 1000


@dataclass(frozen=True)
class EventWrite:
    """A POST of a new event, or (with `name`) a PATCH that counts a former one up."""

    namespace: str
    name: str | None
    body: dict[str, Any]


@dataclass
class _Series:
    """The events of one Deployment and reason."""

    began: float
    names: dict[str, str] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)


class EventBook:
    """Turns happenings into writes. Bounded: a Deployment has one series per reason, and few names in it."""

    def __init__(self, instance: str) -> None:
        self._instance = instance
        self._series: dict[Key, dict[str, _Series]] = {}

    def event(self, target: Target, reason: str, message: str, warning: bool, now: float) -> EventWrite:
        """The write that makes this known. `now` is wall time in seconds."""
        of_target = self._series.setdefault(target.key, {})
        series = of_target.get(reason)
        if series is None or now - series.began > AGGREGATE:
            series = of_target[reason] = _Series(now)
        text = message[:_MESSAGE]
        known = text
        if text not in series.names and len(series.names) >= DISTINCT:
            # The last event of the series stands for all further ones.
            known = next(reversed(series.names))
            text = f"(combined from similar events): {text}"[:_MESSAGE]
        if known in series.names:
            series.counts[known] += 1
            body = {"count": series.counts[known], "lastTimestamp": timestamp(now), "message": text}
            return EventWrite(target.key.namespace, series.names[known], body)
        name = f"{target.location[2][:200]}.{uuid.uuid4().hex[:16]}"
        series.names[known], series.counts[known] = name, 1
        return EventWrite(target.key.namespace, None, self._body(target, name, reason, text, warning, now))

    def forget(self, key: Key) -> None:
        """Drop the series of a Deployment that is gone."""
        self._series.pop(key, None)

    def _body(self, target: Target, name: str, reason: str, message: str, warning: bool, now: float) -> dict[str, Any]:
        resource, namespace, owner = target.location
        return {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": name, "namespace": namespace},
            "involvedObject": {
                "apiVersion": resource.api_version,
                "kind": target.kind,
                "namespace": namespace,
                "name": owner,
                "uid": target.uid,
            },
            "reason": reason,
            "message": message,
            "type": "Warning" if warning else "Normal",
            "source": {"component": "scalerule"},
            "reportingComponent": "scalerule.dev/scaler",
            "reportingInstance": self._instance,
            "firstTimestamp": timestamp(now),
            "lastTimestamp": timestamp(now),
            "count": 1,
        }
