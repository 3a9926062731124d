"""A queue in memory: messages in order, and consumers that take them in turn."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(eq=False)
class Consumer:
    """Who takes messages from a queue: `deliver` is given one, and at most `prefetch` wait for its acknowledgement."""

    owner: object
    deliver: Callable[["Consumer", "Queue", bytes], None]
    channel: int
    tag: str
    prefetch: int
    unacknowledged: int = 0

    @property
    def free(self) -> bool:
        """Whether it may get one more."""
        return not self.prefetch or self.unacknowledged < self.prefetch


@dataclass(eq=False)
class Queue:
    """Messages in order, and who waits for them."""

    ready: deque[bytes] = field(default_factory=deque)
    consumers: deque[Consumer] = field(default_factory=deque)

    def put(self, body: bytes) -> None:
        """At the end."""
        self.ready.append(body)
        self.dispatch()

    def put_back(self, body: bytes) -> None:
        """At the front: its consumer went without acknowledging it."""
        self.ready.appendleft(body)

    def dispatch(self) -> None:
        """Hand messages to consumers in turn, as long as there are both."""
        idle = 0
        while self.ready and idle < len(self.consumers):
            consumer = self.consumers[0]
            self.consumers.rotate(-1)
            if not consumer.free:
                idle += 1
                continue
            idle = 0
            consumer.unacknowledged += 1
            consumer.deliver(consumer, self, self.ready.popleft())
