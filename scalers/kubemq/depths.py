"""How many messages wait in each queue of one answer, and what of it may be believed."""

import json
from collections import Counter
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any

from scalers import ScalerError
from scalers.kubemq.connection import cut

if TYPE_CHECKING:
    from scalers.kubemq import wire_pb2

__all__ = ["Depths", "Unclear", "Untold"]

Row = tuple[str, int | None]
"""A name and how many messages wait; None where what is said is no count."""


class Untold(Exception):
    """An answer from which nothing can be learnt, and why. The text holds nothing of the answer."""


class Unclear(ScalerError):
    """There is an answer for one queue, but not one to believe."""


class Depths:
    """The rows of one answer. With `names_are_cut` a row may be of any queue whose name is cut to the row's."""

    def __init__(self, rows: Iterable[Row], names_are_cut: bool) -> None:
        self._counts: dict[str, int | None] = {}
        self._repeated: set[str] = set()
        self._listed_as = cut if names_are_cut else str
        for name, count in rows:
            if name in self._counts:
                self._repeated.add(name)
            self._counts[name] = count

    @classmethod
    def informed(cls, info: "wire_pb2.QueuesInfo") -> "Depths":
        """Of QueuesInfo. A name that would have been cut is a proof that this server cuts none."""
        rows = [(row.Name, _true_backlog(row.Waiting, row.Messages)) for row in info.Queues]
        return cls(rows, all(cut(name) == name for name, _ in rows))

    @classmethod
    def listed(cls, body: bytes) -> "Depths":
        """Of list-channels. Raises Untold."""
        try:
            items = json.loads(body) if body else None
        except (ValueError, RecursionError):
            raise Untold("the list of channels is no JSON") from None
        if not isinstance(items, list | None):
            raise Untold("the list of channels is no list")
        return cls([_row(item) for item in items or []], names_are_cut=False)

    def of(self, names: Collection[str]) -> dict[str, int | Unclear | None]:
        """Of the queues with these different names; None for one that is not there."""
        listed = {name: self._listed_as(name) for name in names}
        sharing = Counter(listed.values())
        return {name: self._depth(row, sharing[row] > 1) for name, row in listed.items()}

    def _depth(self, row: str, shared: bool) -> int | Unclear | None:
        if row not in self._counts:
            return None
        if shared or row in self._repeated:
            return Unclear(f"another queue is listed as {row!r} too, they cannot be told apart; rename one")
        count = self._counts[row]
        return Unclear("the answer has no count of its messages") if count is None else count


def _true_backlog(waiting: int, messages: int) -> int:
    """Waiting goes wrong where retention removes messages, and in a channel that never had one; what the log holds,
    consumed messages included, bounds it. For a moment it may be negative."""
    return max(0, min(waiting, messages))


def _row(item: Any) -> Row:
    """Zeros may be left out. `messages` counts traffic here, so it bounds nothing."""
    if not isinstance(item, dict) or not isinstance(item.get("name"), str):
        raise Untold("the list of channels holds what is no channel")
    outgoing = item.get("outgoing")
    if outgoing is None:
        return item["name"], 0
    waiting = outgoing.get("waiting") if isinstance(outgoing, dict) else ""
    if waiting is None:
        return item["name"], 0
    return item["name"], waiting if type(waiting) is int and waiting >= 0 else None
