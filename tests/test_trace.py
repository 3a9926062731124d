"""The last hour of a rule as samples: short where nothing changes, never longer than an hour, errors no numbers."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaler.decide import Reason
from scaler.parse import parse
from scaler.target import Key, Target
from scaler.trace import SLOT, SLOTS, Trace
from scaler.workload import Workload
from scalers import Reading, ScalerError
from tests.rules import annotations, trigger

#: The beginning of a slot.
START = 1_000_005.0


class Story:
    """One rule whose decisions are traced."""

    def __init__(self, *names: str, replicas: int = 0, **fields: Any) -> None:
        self.now = START
        self.trace = Trace()
        self.fields: dict[str, Any] = {"pollingInterval": SLOT, "cooldownPeriod": 0, "initialCooldownPeriod": 0}
        self.fields |= {"behavior": {"scaleDown": {"stabilizationWindowSeconds": 0}}, **fields}
        marks = self.marks(*names or ("orders",))
        target = Target(Key("shop", "orders"), "uid", "1", replicas, replicas, marks, None, False)
        self.workload = Workload.begin(target, parse(marks), self.now, None)

    def marks(self, *names: str) -> dict[str, str]:
        return annotations(*(trigger(name) for name in names), **self.fields)

    def poll(self, *answers: float | str, seconds: float = SLOT) -> None:
        names = [each.name for each in self.workload.rule.triggers]  # type: ignore[union-attr]
        read = [Reading(each, each) if isinstance(each, int | float) else ScalerError(each) for each in answers]
        self.workload.hear(dict(zip(names, read, strict=True)), self.now)
        decision = self.workload.decide(self.now)
        self.trace.note(self.workload, decision, self.now)
        if self.workload.wants_write:
            self.workload.scaled(decision, str(int(self.workload.target.version) + 1), self.now)
            self.workload.ready = decision.replicas
        self.now += seconds

    def rename(self, *names: str) -> None:
        self.workload.follow(parse(self.marks(*names)))

    def told(self) -> list[tuple[float, tuple[float | None, ...], int | None, Reason | None]]:
        """Time since the start, values with None for an error, the count, and what held it."""
        return [
            (
                each.at - START,
                tuple(None if math.isnan(value) else value for value in each.values),
                each.replicas,
                each.held,
            )
            for each in self.trace.past().samples
        ]


def test_only_a_change_makes_a_sample() -> None:
    story = Story()
    for answer in (0, 0, 0, 50, 50, 50, 0, 0):
        story.poll(answer)
    told = [(at, values, replicas) for at, values, replicas, _ in story.told()]
    # That the five are ready is seen a poll after they were decided.
    assert told == [(0, (0,), 0), (45, (50,), 5), (60, (50,), 5), (90, (0,), 0), (105, (0,), 0)]
    assert story.trace.past().until == START + 105


def test_several_in_one_slot_are_the_highest_reading_and_the_last_count() -> None:
    story = Story()
    for answer in (10, 90, 30):
        story.poll(answer, seconds=1)
    assert [(values, replicas) for _, values, replicas, _ in story.told()] == [((90,), 3)]


def test_an_error_is_no_number_and_holds() -> None:
    story = Story()
    for answer in (50, "away", "away", 50):
        story.poll(answer)
    assert [(values, replicas, held) for _, values, replicas, held in story.told()] == [
        ((50,), 5, None),
        ((None,), 5, Reason.HELD),
        ((50,), 5, None),
    ]


@pytest.mark.parametrize("bad", [math.nan, math.inf, -1.0])
def test_what_is_no_length_is_an_error(bad: float) -> None:
    story = Story()
    story.poll(bad)
    assert story.told()[0][1] == (None,)


def test_where_nobody_looked_there_is_nothing() -> None:
    story = Story()
    story.poll(50)
    story.poll(50, seconds=1800)
    story.poll(50)
    assert [(at, values, replicas) for at, values, replicas, _ in story.told()][-2:] == [
        (15, (None,), None),
        (1815, (50,), 5),
    ]


def test_a_trigger_that_stays_keeps_its_past() -> None:
    story = Story("orders", "mails")
    story.poll(50, 7)
    story.poll(20, 8)
    story.rename("mails", "invoices")
    story.poll(9, 1)
    assert story.trace.past().triggers == ("mails", "invoices")
    assert [values for _, values, *_ in story.told()] == [(7, None), (8, None), (9, 1)]


def test_a_mistake_in_the_rule_keeps_what_was_read() -> None:
    story = Story()
    story.poll(50)
    story.workload.follow(parse(annotations(minReplicaCount=-1)))
    story.trace.note(story.workload, story.workload.decide(story.now), story.now)
    assert story.told() == [(0, (50,), 5, None), (15, (None,), 5, Reason.INVALID)]


@pytest.mark.parametrize(("replicas", "ready"), [(0, 2**40), (0, -3)])
def test_what_a_custom_resource_says_hurts_nothing(replicas: int, ready: int) -> None:
    story = Story(replicas=replicas)
    story.workload.ready = ready
    for answer in (0, 1e300, 0):
        story.poll(answer)
    samples = story.trace.past().samples
    assert samples[1].values == (1e300,)
    assert 0 <= samples[0].ready < 2**32


def test_it_is_never_longer_than_an_hour() -> None:
    story = Story()
    for number in range(3 * SLOTS):
        story.poll(number)
    samples = story.trace.past().samples
    assert len(samples) == SLOTS
    assert [each.values for each in samples] == [(number,) for number in range(2 * SLOTS, 3 * SLOTS)]


@given(st.lists(st.one_of(st.integers(0, 500), st.just("away")), min_size=1, max_size=60), st.floats(0.5, 40))
def test_whatever_comes_times_rise_and_the_last_answer_stands(answers: list[int | str], seconds: float) -> None:
    story = Story()
    for answer in answers:
        story.poll(answer, seconds=seconds)
    past = story.trace.past()
    times = [each.at for each in past.samples]
    assert times == sorted(set(times))
    assert times[-1] <= past.until == pytest.approx(story.now - seconds)
    assert math.isnan(past.samples[-1].values[0]) == (answers[-1] == "away")
