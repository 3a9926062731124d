"""What is remembered of decisions, and that it stays within its bounds."""

import json
from typing import Any

import pytest

from scaler.decide import Reason
from scaler.explain import recomputed
from scaler.journal import OF_ALL, OF_ONE, Journal
from scaler.parse import parse
from scaler.target import Key, Target
from scaler.workload import Workload
from scalers import Reading, ScalerError
from tests.rules import annotations, trigger

KEY = Key("shop", "orders")
START = 1_000_000.0


class Story:
    """One Deployment whose decisions are noted; `poll` reads, decides and applies."""

    def __init__(self, journal: Journal | None = None, key: Key = KEY, replicas: int = 0, **fields: Any) -> None:
        self.now = START
        self.journal = journal or Journal(START)
        marks = annotations(**{"pollingInterval": 10, "cooldownPeriod": 60, "initialCooldownPeriod": 0, **fields})
        self.target = Target(key, "uid", "1", replicas, replicas, marks, None, False)
        self.workload = Workload.begin(self.target, parse(marks), self.now, None)

    def poll(self, answer: float | str, seconds: float = 10.0) -> None:
        self.now += seconds
        read = Reading(answer, answer) if isinstance(answer, int | float) else ScalerError(answer)
        self.workload.hear({"orders": read}, self.now)
        decision = self.workload.decide(self.now)
        self.journal.note(self.workload)
        if self.workload.wants_write:
            self.workload.scaled(decision, str(int(self.workload.target.version) + 1), self.now)

    def told(self) -> list[dict[str, Any]]:
        found = self.journal.told(KEY)
        assert found is not None
        decisions: list[dict[str, Any]] = found["decisions"]
        return decisions

    def reasons(self) -> list[tuple[str, int, int, int]]:
        return [
            (each["decision"]["reason"], each["state"]["replicas"], each["decision"]["replicas"], each["polls"])
            for each in self.told()
        ]


def test_what_changed_or_was_held_back_is_told_with_what_holds_now() -> None:
    story = Story()
    for answer in (0, 0, 50, 50, 55, 50, 20, 20, "away", "away", 50, 50):
        story.poll(answer)
    assert story.reasons() == [
        (Reason.ACTIVATED, 0, 5, 1),
        (Reason.STABILIZED, 5, 5, 2),
        (Reason.HELD, 5, 5, 2),
        (Reason.QUEUE, 5, 5, 2),
    ]


def test_several_that_came_to_the_same_are_one_entry_of_the_latest() -> None:
    story = Story()
    story.poll(50)
    for _ in range(7):
        story.poll(20)
    held = story.told()[-1]
    assert (held["since"], held["polls"], held["state"]["now"]) == (START + 20, 7, START + 80)


def test_a_count_that_cannot_be_set_is_one_entry() -> None:
    """Beside an HPA, or where the API server refuses: the same is decided at every poll."""
    story = Story()
    for _ in range(OF_ONE + 1):
        story.workload.hear({"orders": Reading(50, 50)}, story.now)
        story.workload.decide(story.now)
        story.journal.note(story.workload)
        story.now += 10
    assert story.reasons() == [(Reason.ACTIVATED, 0, 5, OF_ONE + 1)]


def test_a_count_that_somebody_changed_is_told_with_the_writer() -> None:
    story = Story()
    story.poll(50)
    version = str(int(story.workload.target.version) + 1)
    marks = story.target.annotations
    story.workload.see(Target(KEY, "uid", version, 8, 8, marks, "kubectl", False), story.now + 5)
    story.poll(75)
    assert story.told()[-1]["writer"] == {"step": "writer", "manager": "kubectl", "before": 5, "after": 8}
    assert "writer" not in {step["step"] for step in story.told()[-1]["decision"]["steps"]}


def test_every_decision_can_be_made_again_from_what_is_told() -> None:
    story = Story(fallback={"failureThreshold": 3, "replicas": 2})
    answers: list[float | str] = [0, 50, 120, 110, 20, "away", "away", "away", "away", 30, 0, 0, 0, 0, 0, 0, 0, 0, 90]
    for answer in answers * 3:
        story.poll(answer, 29.0)
    told = story.told()
    assert len({each["decision"]["reason"] for each in told}) >= 5
    for each in told:
        assert recomputed(json.dumps(each))["decision"] == each["decision"]


def test_a_decision_on_the_same_poll_can_be_made_again() -> None:
    story = Story(replicas=4)
    story.poll("away")
    story.workload.decide(story.now + 1)
    story.journal.note(story.workload)
    (told,) = story.told()
    assert told["state"]["readings"] == {"orders": {"error": "away", "repeated": True}}
    assert recomputed(json.dumps(told))["decision"] == told["decision"]


def test_an_invalid_rule_shows_nothing_of_itself() -> None:
    story = Story(replicas=3, minReplicaCount="canary")
    story.workload.decide(story.now)
    story.journal.note(story.workload)
    (told,) = story.told()
    assert told["state"]["rule"] == {}
    assert "canary" not in json.dumps(told)
    assert (told["decision"]["replicas"], told["decision"]["reason"]) == (3, Reason.INVALID)


def test_nothing_secret_is_told() -> None:
    written = trigger()
    written["metadata"]["host"] = "amqp://user:canary@rabbit:5672/"
    story = Story(triggers=[written])
    story.poll(50)
    assert "canary" not in json.dumps(story.told())
    assert story.told()[0]["state"]["rule"]["triggers"][0]["metadata"]["host"] == "amqp://***@rabbit:5672/"


def test_of_one_rule_the_last_hundred() -> None:
    story = Story(cooldownPeriod=0)
    for _ in range(OF_ONE):
        story.poll(50)
        story.poll(0)
    found = story.journal.told(KEY)
    assert found is not None
    assert len(found["decisions"]) == OF_ONE
    assert found["memorySince"] == found["decisions"][0]["since"] == START + 10 * (OF_ONE + 1)


def test_memory_begins_with_the_process_until_something_is_dropped() -> None:
    story = Story()
    story.poll(50)
    found = story.journal.told(KEY)
    assert found is not None
    assert found["memorySince"] == START


def test_of_all_rules_no_more_than_so_many() -> None:
    journal = Journal(START)
    stories = [Story(journal, Key("shop", f"orders-{number}"), cooldownPeriod=0) for number in range(300)]
    for _ in range(40):
        for story in stories:
            story.poll(50)
            story.poll(0)
    counts = [len((journal.told(story.target.key) or {"decisions": ()})["decisions"]) for story in stories]
    assert 0.8 * OF_ALL <= sum(counts) <= OF_ALL + len(stories)
    assert max(counts) - min(counts) <= 10


def test_a_rule_that_is_gone_is_forgotten() -> None:
    story = Story()
    story.poll(50)
    story.journal.forget(KEY)
    assert story.journal.told(KEY) is None
    story.journal.forget(KEY)


@pytest.mark.parametrize("fields", [{}, {"marks": {"paused": "true"}}], ids=["deciding", "paused"])
def test_before_the_first_decision_nothing_is_known(fields: dict[str, Any]) -> None:
    assert Story(**fields).journal.told(KEY) is None
