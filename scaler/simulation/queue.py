"""A queue that fills as the trace says and is emptied by the pods that the rule chose, first in, first out.

Pods serve continuously. Between two events (an arrival, a pod that begins to work, a queue that runs empty) every line
is straight, so that depths and waits are exact, however far apart polls are.
"""

import math
from collections import deque

from scaler.simulation.inflow import DUST, Inflow
from scaler.simulation.pods import Pods
from scaler.simulation.trace import Trace
from scaler.simulation.waits import Waits


class Queue:
    """One queue. `rate` is what a pod serves, in messages per second.

    What arrived was served by our pods, departed otherwise, or is the `backlog`; `area` is backlog times seconds.
    """

    def __init__(self, trace: Trace, rate: float, pods: Pods) -> None:
        self._rate, self._pods = rate, pods
        self._inflow = Inflow(trace)
        self._now = trace.start
        self._piece = 0
        self._line: deque[tuple[float, float, float]] = deque()
        self.backlog = self.peak = self.arrived = self.served = self.departed = self.area = 0.0
        self.waits = Waits()
        self._pass_piece()

    def advance(self, until: float) -> None:
        """Let time pass, at most to the last row."""
        pieces = self._inflow.pieces
        until = min(until, pieces[-1].end)
        while self._now < until:
            end = pieces[self._piece].end
            edge = min(until, end, self._pods.next_ready)
            if edge > self._now:
                self._flow(edge)
            self._pods.settle(edge)
            self._now = edge
            if edge >= end:
                self._pass_piece()
            self.peak = max(self.peak, self.backlog)

    @property
    def depth(self) -> int:
        """What a broker would say now: messages that have arrived and are not done. A pod has each for 1/rate."""
        done = min(self.arrived - self.backlog, self._inflow.until(self._now - 1 / self._rate))
        return max(math.floor(self.arrived + DUST) - math.floor(done + DUST), 0)

    def close(self) -> None:
        """The end: what still waits counts with its wait so far."""
        while self._line:
            count, first, last = self._line.popleft()
            self.waits.add(count, self._now - first, self._now - last)

    def _flow(self, edge: float) -> None:
        seconds = edge - self._now
        piece, start = self._inflow.pieces[self._piece], self._inflow.pieces[self._piece - 1].end
        arriving = piece.flowing / (piece.end - start)
        serving, departing = self._pods.ready * self._rate, piece.departing
        leaving = serving + departing
        busy = seconds if self.backlog or leaving < arriving else 0.0
        if leaving > arriving:
            busy = min(seconds, self.backlog / (leaving - arriving))
        if busy:
            self._drain(busy, arriving, leaving)
        if busy < seconds:
            self.backlog = 0.0
            self._line.clear()
            self.waits.add(arriving * (seconds - busy), 0.0, 0.0)
        gone = leaving * busy + (arriving * (seconds - busy) if busy < seconds else 0.0)
        self.arrived += arriving * seconds
        if leaving:
            self.served += gone * serving / leaving
            self.departed += gone * departing / leaving

    def _drain(self, seconds: float, arriving: float, leaving: float) -> None:
        """Some seconds during which messages wait."""
        self._join(arriving * seconds, self._now, self._now + seconds)
        after = max(self.backlog + (arriving - leaving) * seconds, 0.0)
        self.area += (self.backlog + after) / 2 * seconds
        self.backlog = after
        self._leave(leaving * seconds, leaving)
        if after < DUST and leaving > arriving:
            # Else what floats left over would be a message that waits until the next one comes.
            self.backlog = 0.0
            self._line.clear()

    def _pass_piece(self) -> None:
        """What arrives at the end of a piece of time."""
        count = self._inflow.pieces[self._piece].arriving
        self._piece += 1
        self.arrived += count
        self.backlog += count
        self.peak = max(self.peak, self.backlog)
        self._join(count, self._now, self._now)

    def _join(self, count: float, first: float, last: float) -> None:
        if count:
            self._line.append((count, first, last))

    def _leave(self, count: float, rate: float) -> None:
        """The oldest go, evenly from now on."""
        now = self._now
        while self._line and count > 0:
            waiting, first, last = self._line.popleft()
            taken = min(waiting, count)
            between = first + (last - first) * taken / waiting
            self.waits.add(taken, max(now - first, 0.0), max(now + taken / rate - between, 0.0))
            now += taken / rate
            count -= taken
            if taken < waiting:
                self._line.appendleft((waiting - taken, between, last))
