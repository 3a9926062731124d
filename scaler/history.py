"""What a decision must know of the past, as a value: times in seconds, on the clock that `now` is read from."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

_NONE: Final[Mapping[str, int]] = MappingProxyType({})


class Recommendation(NamedTuple):
    """What the triggers asked for at a time, before windows, rate limits and bounds."""

    at: float
    replicas: int


class Change(NamedTuple):
    """How far the count was moved at a time; never negative."""

    at: float
    change: int


class History(NamedTuple):
    """The past of one rule.

    `inactive_since` is None while the rule is active, or while a failed poll leaves that open. `recommendations` keeps
    only those that can still be the highest or the lowest of a window, so its size is bounded by the counts in use.
    `failures` counts the failed polls in a row of the triggers that fail.
    """

    first_seen: float
    last_poll: float | None = None
    inactive_since: float | None = None
    recommendations: tuple[Recommendation, ...] = ()
    scale_ups: tuple[Change, ...] = ()
    scale_downs: tuple[Change, ...] = ()
    failures: Mapping[str, int] = _NONE

    @classmethod
    def begin(cls, replicas: int, now: float) -> "History":
        """A first sight: the replicas found count as recommended now, so that nothing is lowered by forgetting."""
        return cls(first_seen=now, recommendations=(Recommendation(now, replicas),))

    def shifted(self, seconds: float) -> "History":
        """The same history, `seconds` later: an unobserved stretch counts for no cooldown and no window."""
        return self._replace(
            first_seen=self.first_seen + seconds,
            last_poll=None if self.last_poll is None else self.last_poll + seconds,
            inactive_since=None if self.inactive_since is None else self.inactive_since + seconds,
            recommendations=tuple(Recommendation(at + seconds, n) for at, n in self.recommendations),
            scale_ups=tuple(Change(at + seconds, n) for at, n in self.scale_ups),
            scale_downs=tuple(Change(at + seconds, n) for at, n in self.scale_downs),
        )


def recommended(
    entries: tuple[Recommendation, ...], replicas: int, now: float, keep: float
) -> tuple[Recommendation, ...]:
    """With one more recommendation; those older than `keep` seconds, or that no window can need, go.

    An entry can still be the highest of some window only if no later one is as high, the lowest likewise.
    """
    kept = [Recommendation(now, replicas)]
    highest = lowest = replicas
    for entry in reversed(entries):
        former = entry.replicas
        if (former > highest or former < lowest) and now - entry.at <= keep:
            kept.append(entry)
            highest, lowest = max(highest, former), min(lowest, former)
    kept.reverse()
    return tuple(kept)


def changed(changes: tuple[Change, ...], change: int, now: float, keep: float) -> tuple[Change, ...]:
    """With one more change of the count, if it is one in this direction; those older than `keep` seconds go."""
    recent = tuple([each for each in changes if now - each.at < keep]) if changes else changes
    return (*recent, Change(now, change)) if change > 0 else recent
