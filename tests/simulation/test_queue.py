"""The simulated queue: nothing is lost, and waits are what arithmetic says."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as some

from scaler.simulation.inflow import Inflow
from scaler.simulation.pods import Pods
from scaler.simulation.queue import Queue
from scaler.simulation.trace import Trace
from scaler.simulation.waits import Waits
from tests.simulation.traces import arrivals


def served(trace: Trace, pods: int, rate: float) -> Queue:
    """A queue whose count of pods never changes, at its end."""
    queue = Queue(trace, rate, Pods(pods, 0))
    queue.advance(trace.end)
    queue.close()
    return queue


def test_a_burst() -> None:
    """100 messages at once, 10 a second: the last one waits for 10 s."""
    queue = served(arrivals(100, 0, 0), 1, 10)
    assert queue.waits.longest == pytest.approx(10)
    assert queue.waits.mean == pytest.approx(5)
    assert queue.waits.below(0.95) == pytest.approx(9.5)
    assert queue.area == pytest.approx(500)
    assert [queue.arrived, queue.served, queue.backlog] == pytest.approx([100, 100, 0])


def test_a_flow_that_pods_keep_up_with_waits_for_nobody() -> None:
    queue = served(arrivals(0, 100, 100), 2, 5)
    assert (queue.waits.longest, queue.waits.mean, queue.waits.below(0.95)) == (0, 0, 0)
    assert queue.served == pytest.approx(200)


def test_a_flow_that_is_too_much() -> None:
    """10 a second come, 5 a second go: after 10 s 50 are left, and the last one served had waited for 5 s."""
    queue = Queue(arrivals(0, 100), 5, Pods(1, 0))
    queue.advance(10)
    assert queue.backlog == pytest.approx(50)
    assert queue.waits.longest == pytest.approx(5)


def test_what_is_left_waits_until_the_end() -> None:
    queue = served(arrivals(10, 0, 0), 0, 1)
    assert (queue.waits.longest, queue.waits.mean, queue.backlog) == (20, 20, 10)


def test_pods_work_once_they_have_started() -> None:
    pods = Pods(0, 4)
    queue = Queue(arrivals(10, 0), 5, pods)
    pods.scale(0, 1, 0)
    queue.advance(4)
    assert (queue.backlog, pods.ready) == (10, 1)
    queue.advance(6)
    assert queue.backlog == pytest.approx(0)


def test_what_floats_leave_over_is_no_message() -> None:
    pods = Pods(3, 0)
    queue = Queue(arrivals(100, 0, 0, step=1000), 1 / 3, pods)
    for tenth in range(1, 1001):
        queue.advance(tenth / 10)
    pods.scale(3, 0, 100)
    queue.advance(2000)
    queue.close()
    assert queue.waits.longest == pytest.approx(100)


def test_departures_go_from_the_head_and_never_below_nothing() -> None:
    queue = served(arrivals(20, 0, 0, departures=[0, 5, 50]), 0, 1)
    assert [queue.departed, queue.served, queue.backlog] == pytest.approx([20, 0, 0])


def test_departures_beside_pods() -> None:
    queue = served(arrivals(30, 0, departures=[0, 10]), 1, 2)
    assert [queue.departed, queue.served, queue.backlog] == pytest.approx([10, 20, 0])


def test_a_single_message_is_one_message_while_it_is_worked_on() -> None:
    """One message a minute, 20 s of work: a broker shows it for 20 s."""
    queue = Queue(arrivals(0, 1, 1, 0, step=60), 0.05, Pods(1, 0))
    seen = []
    for at in range(0, 181, 10):
        queue.advance(at)
        seen.append(queue.depth)
    assert seen == [0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]


def test_a_flow_shows_what_pods_have_in_hand() -> None:
    """10 messages a second, each worked on for half a second by one of ten pods: five of them in hand."""
    queue = Queue(arrivals(0, 1000, step=100), 2, Pods(10, 0))
    queue.advance(50)
    assert (queue.depth, queue.backlog) == (5, 0)


def test_few_messages_arrive_one_by_one() -> None:
    pieces = Inflow(arrivals(2, 3, 100, step=30)).pieces
    assert [(piece.end, piece.flowing, piece.arriving) for piece in pieces] == [
        (0, 0, 2),
        (10, 0, 1),
        (20, 0, 1),
        (30, 0, 1),
        (60, 100, 0),
    ]


def test_parts_of_messages_wait_for_the_rest() -> None:
    pieces = Inflow(arrivals(0, 0.5, 0.25, 0.25, 0.9)).pieces
    assert sum(piece.arriving + piece.flowing for piece in pieces) == 1
    assert [piece.end for piece in pieces if piece.arriving] == [30]


@given(
    counts=some.lists(some.floats(0, 500), min_size=2, max_size=20),
    leaving=some.lists(some.floats(0, 100), min_size=20, max_size=20),
    scales=some.lists(some.tuples(some.floats(0.1, 40), some.integers(0, 8)), max_size=12),
    rate=some.floats(0.05, 50),
    startup=some.floats(0, 30),
)
def test_nothing_is_lost(
    counts: list[float], leaving: list[float], scales: list[tuple[float, int]], rate: float, startup: float
) -> None:
    trace = arrivals(*counts, departures=leaving[: len(counts)])
    pods, now, count = Pods(0, startup), 0.0, 0
    queue = Queue(trace, rate, pods)
    for seconds, target in scales:
        now += seconds
        queue.advance(now)
        pods.settle(now)
        pods.scale(count, target, now)
        count = target
        assert 0 <= pods.ready <= count
        assert queue.depth >= math.floor(queue.backlog + 1e-6) >= 0
        assert queue.arrived == pytest.approx(queue.served + queue.departed + queue.backlog, abs=1e-5)
    queue.advance(trace.end)
    queue.close()
    assert queue.arrived == pytest.approx(math.floor(sum(counts) + 1e-6), abs=1e-5)
    assert queue.arrived == pytest.approx(queue.served + queue.departed + queue.backlog, abs=1e-5)
    # Little: each message has waited exactly as long as it was part of the backlog.
    assert queue.waits.count == pytest.approx(queue.arrived, abs=1e-4)
    assert queue.waits.total == pytest.approx(queue.area, rel=1e-6, abs=1e-2)
    assert (queue.waits.below(0.95) or 0) <= queue.waits.longest + 1e-9


@given(
    some.lists(
        some.tuples(some.floats(0.5, 50), some.floats(0, 100), some.sampled_from([0.0, 1e-9, 5.0, 60.0])),
        min_size=1,
        max_size=20,
    ),
    some.floats(0.01, 0.99),
)
def test_the_wait_of_a_share(stretches: list[tuple[float, float, float]], share: float) -> None:
    waits = Waits()
    for count, low, width in stretches:
        waits.add(count, low, low + width)
    limit = waits.below(share)
    assert limit is not None

    def within(bound: float) -> float:
        parts = (
            count * min(max((bound - low) / width, 0), 1) if width > 1e-6 else count * (low <= bound)
            for count, low, width in stretches
        )
        return sum(parts) / sum(count for count, *_ in stretches)

    assert within(limit - 1e-5) - 1e-6 <= share <= within(limit + 1e-5) + 1e-6


def test_newest_pods_are_removed_first() -> None:
    pods = Pods(3, 10)
    pods.scale(3, 8, 0)
    pods.scale(8, 9, 5)
    pods.scale(9, 5, 6)
    assert (pods.ready, pods.next_ready) == (3, 10)
    pods.settle(10)
    assert (pods.ready, pods.next_ready) == (5, math.inf)
    pods.scale(5, 1, 11)
    assert pods.ready == 1


def test_a_pod_without_startup_works_at_once() -> None:
    pods = Pods(0, 0)
    for before, after in itertools.pairwise([0, 5, 2, 7]):
        pods.scale(before, after, 1)
        assert pods.ready == after
