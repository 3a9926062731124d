"""How long messages waited, kept exactly: each stretch of the queue as so many messages and two waits."""


class Waits:
    """Within a stretch the waits lie evenly between that of its first and that of its last message, in seconds."""

    def __init__(self) -> None:
        self.count = 0.0
        self.total = 0.0
        self.longest = 0.0
        self._stretches: list[tuple[float, float, float]] = []

    def add(self, count: float, first: float, last: float) -> None:
        """So many messages more."""
        self.count += count
        if first or last:
            self.total += count * (first + last) / 2
            self.longest = max(self.longest, first, last)
            self._stretches.append((count, min(first, last), max(first, last)))

    @property
    def mean(self) -> float | None:
        """None where no message came."""
        return self.total / self.count if self.count else None

    def below(self, share: float) -> float | None:
        """The wait that this share of the messages does not exceed; None where no message came.

        Going up through all waits: a stretch adds its messages evenly from its shorter to its longer wait.
        """
        if not self.count:
            return None
        passed = self.count - sum(count for count, *_ in self._stretches)
        density, at = 0.0, 0.0
        for wait, rise, jump in sorted(self._edges()):
            if passed + density * (wait - at) >= share * self.count:
                break
            passed, density, at = passed + density * (wait - at) + jump, density + rise, wait
            if passed >= share * self.count:
                return at
        missing = share * self.count - passed
        return min(at + missing / density, self.longest) if missing > 0 and density > 0 else at

    def _edges(self) -> list[tuple[float, float, float]]:
        """Where the density of messages changes, or (for equal waits) how many messages are just there."""
        edges = []
        for count, low, high in self._stretches:
            if high - low < 1e-6:
                edges.append((low, 0.0, count))
            else:
                edges += [(low, count / (high - low), 0.0), (high, -count / (high - low), 0.0)]
        return edges
