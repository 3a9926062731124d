"""The pods of a simulated Deployment: some work, some have only just been started."""

import math
from collections import deque


class Pods:
    """`ready` of them work; a pod works `startup` seconds after it was started. Newest ones are removed first."""

    def __init__(self, count: int, startup: float) -> None:
        self.ready = count
        self._startup = startup
        self._starting: deque[tuple[float, int]] = deque()

    @property
    def next_ready(self) -> float:
        """When the next of them starts to work; infinite where none is starting."""
        return self._starting[0][0] if self._starting else math.inf

    def settle(self, now: float) -> None:
        """Those whose time has come work from now on."""
        while self._starting and self._starting[0][0] <= now:
            self.ready += self._starting.popleft()[1]

    def scale(self, before: int, after: int, now: float) -> None:
        """Start the pods that are missing, or remove the newest."""
        if after > before:
            self._starting.append((now + self._startup, after - before))
            self.settle(now)
        surplus = before - after
        while surplus > 0 and self._starting:
            at, count = self._starting.pop()
            if count > surplus:
                self._starting.append((at, count - surplus))
            surplus -= min(count, surplus)
        self.ready -= max(surplus, 0)
