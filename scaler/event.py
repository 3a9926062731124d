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


@dataclass(slots=True)
class _Known:
    """An event that was made."""

    name: str
    first: float
    count: int = 0


@dataclass(slots=True, frozen=True)
class EventWrite:
    """What happened, small enough for thousands to wait. Where `again`, an event of this name was made before."""

    target: Target
    name: str
    reason: str
    message: str
    warning: bool
    instance: str
    first: float
    last: float
    count: int

    @property
    def again(self) -> bool:
        return self.count > 1

    @property
    def namespace(self) -> str:
        return self.target.key.namespace

    def body(self) -> dict[str, Any]:
        """The Event, whole."""
        resource, namespace, owner = self.target.location
        return {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": self.name, "namespace": namespace},
            "involvedObject": {
                "apiVersion": resource.api_version,
                "kind": self.target.kind,
                "namespace": namespace,
                "name": owner,
                "uid": self.target.uid,
            },
            "reason": self.reason,
            "message": self.message,
            "type": "Warning" if self.warning else "Normal",
            "source": {"component": "scalerule"},
            "reportingComponent": "scalerule.dev/scaler",
            "reportingInstance": self.instance,
            "firstTimestamp": timestamp(self.first),
            "lastTimestamp": timestamp(self.last),
            "count": self.count,
        }


@dataclass(slots=True)
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
        return EventWrite(target, known.name, reason, text, warning, self._instance, known.first, now, known.count)

    def forget(self, key: Key) -> None:
        """Drop the series of a Deployment that is gone."""
        self._series.pop(key, None)
