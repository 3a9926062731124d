"""What of a rule must outlive the process: the original count, and of its history what a restart could not rebuild."""

import json
from typing import Any, Final, NamedTuple

from scaler.decide import unobserved
from scaler.history import Change, History
from scaler.state import BadState, history_json, history_of
from scaler.target import Key


class Record(NamedTuple):
    """`original` is the count at first sight; a rule that `restores` goes back to it when it is removed.

    `ended`: it was written as the last thing of a process that ended well. The recommendations are not kept: after
    a restart the replicas found count as recommended, which is never less.
    """

    key: Key
    original: int
    history: History
    ended: bool = False
    restores: bool = False

    def essence(self) -> tuple[object, ...]:
        """What makes two records worth two writes. Times that pass by themselves do not."""
        past = self.history
        last_up = past.scale_ups[-1:]
        last_down = past.scale_downs[-1:]
        return (
            self.key,
            self.original,
            self.restores,
            past.first_seen,
            past.inactive_since,
            past.failures,
            last_up,
            last_down,
        )

    def restored(self, replicas: int, now: float, interval: float) -> History:
        """The history to go on with, `interval` seconds being the rule's between two polls.

        An end that nobody saw coming may have hidden work that came after the last write, and who was active then may
        have worked until now: the cooldown starts anew with the first reading.
        """
        past, begun = self.history, History.begin(replicas, now)
        if past.last_poll is None:
            return begun
        gap = now - past.last_poll
        goes_on = self.ended and past.inactive_since is not None
        if not goes_on or unobserved(gap, interval):
            past = past.shifted(gap)
        if not goes_on:
            past = past._replace(last_poll=None, inactive_since=None)
        return past._replace(recommendations=begun.recommendations)


#: So many changes of the count in each direction are kept; it bounds the size of a record.
_CHANGES: Final = 30


def render(record: Record) -> str:
    """As `parsed` reads it."""
    history = record.history
    history = history._replace(scale_ups=_few(history.scale_ups), scale_downs=_few(history.scale_downs))
    past = {name: value for name, value in history_json(history).items() if name != "recommendations"}
    kept: dict[str, Any] = {**record.key._asdict(), "original": record.original, "history": past}
    marks = {name: True for name in ("ended", "restores") if getattr(record, name)}
    return json.dumps(kept | marks, separators=(",", ":"))


def _few(changes: tuple[Change, ...]) -> tuple[Change, ...]:
    """The oldest as one, of the time of the latest of them: it counts for longer, never for less."""
    if len(changes) <= _CHANGES:
        return changes
    old, recent = changes[: -_CHANGES + 1], changes[-_CHANGES + 1 :]
    return (Change(old[-1].at, sum(change.change for change in old)), *recent)


def parsed(text: str) -> Record:
    """Raises BadState for a text that is no record."""
    try:
        data = json.loads(text)
        key = Key(data["namespace"], data["name"])
        history = history_of(data["history"] | {"recommendations": []}, 0, 0.0)
        ended, restores = (data.get(name) is True for name in ("ended", "restores"))
        return Record(key, int(data["original"]), history, ended, restores)
    except (ValueError, KeyError, TypeError) as error:
        raise BadState(f"no record of a rule: {error}") from error
