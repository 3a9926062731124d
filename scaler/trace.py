"""The last hour of a rule, for its graph: what each trigger read, what was wanted, what was ready, and what held it."""

import math
import struct
from collections.abc import Sequence
from typing import Final, NamedTuple

from scaler.answer import checked
from scaler.decide import FREE, Decision, Reason, unobserved
from scaler.rule import InvalidRule, Rule
from scaler.workload import Workload
from scalers import Reading

#: Seconds that one sample stands for at least, and how many there are: an hour.
SLOT: Final = 15.0
SLOTS: Final = 240

_REASONS: Final = tuple(Reason)
_NOTHING: Final = 0xFFFF_FFFF


class Sample(NamedTuple):
    """What held from `at` on (wall time, seconds) until the next one.

    `values` are those of the triggers, NaN where one could not be read. `replicas` is what was decided; None where
    nobody looked. `held` says what kept the count from what the queues ask for.
    """

    at: float
    values: tuple[float, ...]
    replicas: int | None
    ready: int
    held: Reason | None


class Past(NamedTuple):
    """Samples, oldest first; the last one holds `until` (wall time, seconds)."""

    triggers: tuple[str, ...]
    samples: list[Sample]
    until: float


class Trace:
    """Grows by a sample only where something changed, 15 s at most finely; one in `SLOT` keeps the highest reading.

    A sample takes 17 bytes and 8 a trigger, so the busiest rule of one trigger takes 6 KB. Who reads it may be in
    another thread: what is packed is replaced, never changed.
    """

    __slots__ = ("_last", "_packed", "_rule", "_until")

    def __init__(self) -> None:
        self._packed: tuple[tuple[str, ...], bytes] = (), b""
        self._last: Sample | None = None
        self._rule: Rule | InvalidRule | None = None
        self._until = 0.0

    def note(self, workload: Workload, decision: Decision, now: float) -> None:
        """A rule was decided on."""
        if workload.rule is not self._rule:
            self._follow(workload.rule)
        interval = 0.0 if isinstance(workload.rule, InvalidRule) else workload.rule.polling_interval
        if self._last is not None and unobserved(now - self._until, interval):
            self._add(self._last._replace(at=self._until, values=self._unread(), replicas=None, held=None))
        values = tuple([_value(workload, name) for name in self._packed[0]])
        held = None if decision.reason in FREE else decision.reason
        self._add(Sample(now, values, _count(decision.replicas), _count(workload.ready), held))
        self._until = now

    def past(self) -> Past:
        """All of it."""
        (triggers, packed), last = self._packed, self._last
        samples = [] if last is None else [*_unpack(len(triggers), packed), last]
        return Past(triggers, [each for each in samples if len(each.values) == len(triggers)], self._until)

    def _follow(self, rule: Rule | InvalidRule) -> None:
        """What was read of the triggers that stay is kept; a mistake in the rule changes none."""
        self._rule = rule
        former, packed = self._packed
        triggers = former if isinstance(rule, InvalidRule) else tuple(trigger.name for trigger in rule.triggers)
        if former == triggers:
            return
        kept = [former.index(name) if name in former else -1 for name in triggers]
        samples = [_pick(each, kept) for each in _unpack(len(former), packed)]
        self._last = None if self._last is None else _pick(self._last, kept)
        self._packed = triggers, b"".join(_pack(each) for each in samples)

    def _add(self, sample: Sample) -> None:
        last = self._last
        if last is None:
            self._last = sample
        elif last[1:] == sample[1:]:
            return
        elif sample.at // SLOT == last.at // SLOT and None not in (last.replicas, sample.replicas):
            self._last = sample._replace(at=last.at, values=tuple(map(_higher, last.values, sample.values)))
        else:
            triggers, packed = self._packed
            room = (SLOTS - 2) * _layout(len(triggers)).size
            self._packed, self._last = (triggers, packed[-room:] + _pack(last)), sample

    def _unread(self) -> tuple[float, ...]:
        return (math.nan,) * len(self._packed[0])


def _value(workload: Workload, trigger: str) -> float:
    answer = checked(workload.answers.get(trigger))
    # One and the same NaN, so that two samples that hold it are equal.
    return answer.value if isinstance(answer, Reading) else math.nan


def _count(found: int) -> int:
    """Custom resources say what they like."""
    return min(max(found, 0), _NOTHING - 1)


def _higher(former: float, value: float) -> float:
    return value if math.isnan(former) or math.isnan(value) else max(former, value)


def _pick(sample: Sample, kept: Sequence[int]) -> Sample:
    return sample._replace(values=tuple(sample.values[place] if place >= 0 else math.nan for place in kept))


def _layout(triggers: int) -> struct.Struct:
    return struct.Struct(f"<d{triggers}dIIB")


def _pack(sample: Sample) -> bytes:
    held = len(_REASONS) if sample.held is None else _REASONS.index(sample.held)
    replicas = _NOTHING if sample.replicas is None else sample.replicas
    return _layout(len(sample.values)).pack(sample.at, *sample.values, replicas, sample.ready, held)


def _unpack(triggers: int, packed: bytes) -> list[Sample]:
    return [
        Sample(
            at,
            tuple(math.nan if math.isnan(value) else value for value in values),
            None if replicas == _NOTHING else replicas,
            ready,
            None if held == len(_REASONS) else _REASONS[held],
        )
        for at, *values, replicas, ready, held in _layout(triggers).iter_unpack(packed)
    ]
