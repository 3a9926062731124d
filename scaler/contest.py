"""Who else writes spec.replicas: two writers that undo each other are named and slowed down."""

from collections import deque

#: So many reversals in so many seconds make a contest; while it lasts we write once in so many seconds.
REVERSALS, PERIOD, PACE = 3, 600.0, 60.0


class Contest:
    """The quarrel over one scale target. Times in seconds of the history's clock."""

    def __init__(self) -> None:
        self.manager = ""
        self._reversals: deque[float] = deque(maxlen=REVERSALS)
        self._wrote_at: float | None = None
        self._wrote_last = False

    def wrote(self, now: float) -> None:
        """We set the count."""
        self._wrote_at = now
        self._wrote_last = True

    def undone(self, manager: str, now: float) -> None:
        """Somebody else set the count; it is a reversal where ours was the last word."""
        self.manager = manager
        if self._wrote_last:
            self._reversals.append(now)
        self._wrote_last = False

    def contested(self, now: float) -> bool:
        """Whether the last reversals came within the period."""
        return len(self._reversals) == REVERSALS and 0 <= now - self._reversals[0] < PERIOD

    def may_write(self, now: float) -> bool:
        """Whether a write now keeps the pace."""
        if not self.contested(now) or self._wrote_at is None:
            return True
        return not 0 <= now - self._wrote_at < PACE
