"""What a queue, or several that a pattern matches, is doing, and what each mode makes of it. The rules are KEDA's."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple

from scalers import Reading

__all__ = ["RATES", "Mode", "Operation", "Stats", "Uncounted"]

Mode = Literal[
    "QueueLength", "MessageRate", "DeliverGetRate", "PublishedToDeliveredRatio", "ExpectedQueueConsumptionTime"
]
Operation = Literal["sum", "max", "avg"]

RATES: Final = frozenset[str](
    {"MessageRate", "DeliverGetRate", "PublishedToDeliveredRatio", "ExpectedQueueConsumptionTime"}
)
"""The modes that need the broker's statistics, which it samples every 5 s."""


class Uncounted(ValueError):
    """The broker names a queue, but not how many messages it holds."""


class Stats(NamedTuple):
    """Messages, and messages a second."""

    messages: float
    publish: float = 0.0
    deliver: float = 0.0

    @classmethod
    def of(cls, row: Mapping[str, Any], ready_only: bool, rates: bool) -> "Stats":
        """Of one row of a listing. Raises Uncounted. A queue without statistics had no traffic since it began."""
        count = row.get("messages_ready" if ready_only else "messages")
        if type(count) is not int or count < 0:
            raise Uncounted
        return cls(count, _rate(row, "publish_details"), _rate(row, "deliver_get_details")) if rates else cls(count)

    @classmethod
    def together(cls, several: Sequence["Stats"], operation: Operation) -> "Stats":
        """Of several queues; none at all do nothing."""
        if not several:
            return cls(0)
        joined = (_JOIN[operation](values) for values in zip(*several, strict=True))
        messages, publish, deliver = joined
        return cls(math.floor(messages), publish, deliver)

    def reading(self, mode: Mode, activation: float) -> Reading:
        """What the mode measures. `activation` stands for a ratio or a time that cannot be told."""
        match mode:
            case "QueueLength":
                return Reading(self.messages, self.messages)
            case "MessageRate":
                # A queue that nobody publishes to any more may still hold work.
                return Reading(self.publish, max(self.publish, self.messages))
            case "DeliverGetRate":
                return Reading(self.deliver, self.deliver)
            case "PublishedToDeliveredRatio":
                return self._ratio(activation)
            case "ExpectedQueueConsumptionTime":
                return self._time(activation)

    def _ratio(self, activation: float) -> Reading:
        if self.publish and not self.deliver:
            return _surely_active(activation)
        ratio = self.publish / self.deliver if self.deliver else 0.0
        return Reading(ratio, ratio)

    def _time(self, activation: float) -> Reading:
        if not self.messages:
            return Reading(0, 0)
        if not self.deliver:
            return _surely_active(activation)
        # Below zero where a queue drains faster than it fills: it is as good as consumed.
        time = max((self.publish - self.deliver + self.messages) / self.deliver, 0.0)
        return Reading(time, time)


def _surely_active(activation: float) -> Reading:
    """Nothing is delivered, so there is no number; the rule is active all the same."""
    return Reading(max(activation, 0.0), math.nextafter(activation, math.inf))


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


_JOIN: Final[Mapping[Operation, Callable[[Sequence[float]], float]]] = {"sum": sum, "avg": _mean, "max": max}


def _rate(row: Mapping[str, Any], name: str) -> float:
    rate: Any = row.get("message_stats", {})
    for key, default in ((name, {}), ("rate", 0.0)):
        # Erlang's empty object is an empty list.
        if rate != [] and not isinstance(rate, dict):
            raise Uncounted
        rate = rate.get(key, default) if rate else default
    if type(rate) not in (int, float) or not 0 <= rate < math.inf:
        raise Uncounted
    return float(rate)
