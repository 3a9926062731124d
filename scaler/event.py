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
    """A whole event; where `again` one of this name was made before, and a PATCH counts it up."""

    namespace: str
    name: str
    body: dict[str, Any]
    again: bool


@dataclass
class _Known:
    """An event that was made."""

    name: str
    first: float
    count: int = 0


@dataclass
class _Series:
    """The events of one Deployment and reason, by their message."""

    began: float
    known: dict[str, _Known] = field(default_factory=dict)


class EventBook:
    """Turns happenings into writes. Bounded: a Deployment has one series per reason, and few events in it."""

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
        known = series.known.get(text)
        if known is None and len(series.known) >= DISTINCT:
            # The last event of the series stands for all further ones.
            known = series.known[next(reversed(series.known))]
            text = f"(combined from similar events): {text}"[:_MESSAGE]
        if known is None:
            name = f"{target.location[2][:200]}.{uuid.uuid4().hex[:16]}"
            known = series.known[text] = _Known(name, now)
        known.count += 1
        body = self._body(target, known, reason, text, warning, now)
        return EventWrite(target.key.namespace, known.name, body, known.count > 1)

    def forget(self, key: Key) -> None:
        """Drop the series of a Deployment that is gone."""
        self._series.pop(key, None)

    def _body(
        self, target: Target, known: _Known, reason: str, message: str, warning: bool, now: float
    ) -> dict[str, Any]:
        resource, namespace, owner = target.location
        return {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": known.name, "namespace": namespace},
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
            "firstTimestamp": timestamp(known.first),
            "lastTimestamp": timestamp(now),
            "count": known.count,
        }
