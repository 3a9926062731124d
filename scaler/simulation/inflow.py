"""When messages arrive: what a trace counts row by row, laid out in time.

The messages of a row arrive evenly over the time since the row before. Those closer together than `APART` seconds
flow; others arrive one by one, each at the end of its share of the time: one message an hour is a message, not a
trickle. Parts of a message are carried to the next row, so that only whole ones arrive.
"""

import math
from collections.abc import Iterator
from typing import Final, NamedTuple

from scaler.simulation.trace import Trace

APART: Final = 5.0
#: Sums of floats are off by less; a whole message has arrived although the sum says 2.9999999.
DUST: Final = 1e-6


class Piece(NamedTuple):
    """A stretch of time up to `end`: what flows in during it, what arrives at its end, what departs each second."""

    end: float
    flowing: float
    arriving: float
    departing: float


class Inflow:
    """All pieces, the first one ending where the trace starts; and how many messages had arrived by a time."""

    def __init__(self, trace: Trace) -> None:
        self.pieces = list(_pieces(trace))
        self._passed = 0
        self._sum = 0.0

    def until(self, at: float) -> float:
        """Messages that had arrived by then; asked for times that go forward."""
        while self._passed < len(self.pieces) and self.pieces[self._passed].end <= at:
            piece = self.pieces[self._passed]
            self._sum += piece.flowing + piece.arriving
            self._passed += 1
        if not 0 < self._passed < len(self.pieces):
            return self._sum
        piece, start = self.pieces[self._passed], self.pieces[self._passed - 1].end
        return self._sum + piece.flowing * (at - start) / (piece.end - start)


def _pieces(trace: Trace) -> Iterator[Piece]:
    counts = list(_whole(trace.arrivals))
    departures = trace.departures or [0.0] * len(counts)
    yield Piece(trace.start, 0.0, counts[0], 0.0)
    rows = zip(trace.times, trace.times[1:], counts[1:], departures[1:], strict=False)
    for before, at, count, departing in rows:
        rate = departing / (at - before)
        if count and (at - before) / count >= APART:
            for number in range(1, int(count) + 1):
                yield Piece(before + (at - before) * number / count, 0.0, 1.0, rate)
        else:
            yield Piece(at, float(count), 0.0, rate)


def _whole(counts: list[float]) -> Iterator[int]:
    total, given = 0.0, 0
    for count in counts:
        total += count
        whole = math.floor(total + DUST)
        yield whole - given
        given = whole
