"""Series of rules: what is told at a scrape is what was decided, and goes with its rule."""

import threading
from typing import Any

import pytest

from scaler.parse import parse
from scaler.series import Series
from scaler.target import Key, Target
from scaler.workload import Workload
from scalers import Reading, ScalerError
from tests.rules import annotations, trigger

KEY = Key("shop", "orders")


class Story:
    """One rule and its series."""

    def __init__(self, *triggers: dict[str, Any], **fields: Any) -> None:
        self.series = Series()
        marks = annotations(*triggers, **fields)
        target = Target(KEY, "uid", "1", 0, 0, marks, None, False)
        self.workload = Workload.begin(target, parse(marks), 1e9, None)
        self.series.seen(self.workload, ready=False, paused=False)

    def poll(self, **answers: float | str) -> None:
        read = {
            name: Reading(each, each) if not isinstance(each, str) else ScalerError(each)
            for name, each in answers.items()
        }
        self.workload.hear(read, 1e9)
        self.decide()

    def decide(self) -> None:
        decision = self.workload.decide(1e9)
        self.series.decided(self.workload, decision)
        self.series.seen(self.workload, ready=True, paused=False)

    def edit(self, *triggers: dict[str, Any], **fields: Any) -> None:
        self.workload.follow(parse(annotations(*triggers, **fields)))

    def told(self, name: str) -> dict[str, float]:
        """By the last labels of each sample."""
        samples = [each for family in self.series.collect() for each in family.samples if each.name == name]
        return {" ".join(list(each.labels.values())[2:]): each.value for each in samples}


def test_what_was_decided_is_told() -> None:
    story = Story(trigger("orders"), trigger("mails"), maxReplicaCount=7)
    assert story.told("scaler_desired_replicas") == {}
    assert story.told("scaler_trigger_value") == {}
    story.poll(orders=50, mails=2)
    assert story.told("scaler_desired_replicas") == {"": 5}
    assert story.told("scaler_max_replicas") == {"": 7}
    assert story.told("scaler_rule_active") == {"": 1}
    assert story.told("scaler_trigger_value") == {"orders rabbitmq": 50, "mails rabbitmq": 2}
    assert story.told("scaler_trigger_target") == {"orders rabbitmq": 10, "mails rabbitmq": 10}


def test_an_error_counts_once_a_reading_and_leaves_the_last_value() -> None:
    story = Story()
    story.poll(orders=50)
    story.poll(orders="away")
    story.decide()
    assert story.told("scaler_trigger_errors_total") == {"orders rabbitmq": 1}
    assert story.told("scaler_trigger_value") == {"orders rabbitmq": 50}


def test_counters_begin_at_nothing() -> None:
    story = Story()
    assert story.told("scaler_trigger_errors_total") == {"orders rabbitmq": 0}
    assert story.told("scaler_scale_actions_total") == {"up": 0, "down": 0}
    for before, after in ((0, 3), (3, 5), (5, 0)):
        story.series.scaled(story.workload, before, after)
    assert story.told("scaler_scale_actions_total") == {"up": 2, "down": 1}


def test_a_trigger_that_stays_keeps_its_errors_and_others_go() -> None:
    story = Story(trigger("orders"), trigger("mails"))
    story.poll(orders="away", mails="away")
    story.edit(trigger("orders"), trigger("invoices"))
    story.series.seen(story.workload, ready=False, paused=False)
    assert story.told("scaler_trigger_errors_total") == {"orders rabbitmq": 1, "invoices rabbitmq": 0}


def test_a_formula_that_is_added_is_decided_on_at_once() -> None:
    """Its name is no trigger's, and its first decision comes before anybody asks for the state of the rule."""
    story = Story()
    story.poll(orders=50)
    story.edit(trigger("orders"), scalingModifiers={"formula": "orders / 2", "target": "5"})
    story.decide()
    assert story.told("scaler_trigger_value")["orders rabbitmq"] == 50
    assert any(labels.endswith("formula") for labels in story.told("scaler_trigger_value"))


def test_a_rule_that_is_gone_has_none() -> None:
    story = Story()
    story.poll(orders=50)
    story.series.forget(KEY)
    story.series.forget(KEY)
    assert [each for family in story.series.collect() for each in family.samples if each.value] == []


@pytest.mark.parametrize(
    ("fields", "ready", "paused", "state"),
    [
        ({}, True, False, "ready"),
        ({}, False, False, "failing"),
        ({}, True, True, "paused"),
        ({"minReplicaCount": -1}, True, True, "invalid"),
    ],
)
def test_every_state_is_counted_also_where_it_is_nobodys(
    fields: dict[str, Any], ready: bool, paused: bool, state: str
) -> None:
    story = Story(**fields)
    story.series.seen(story.workload, ready, paused)
    samples = [each for family in story.series.collect() for each in family.samples if each.name == "scaler_rules"]
    assert {each.labels["state"]: each.value for each in samples} == {
        each: float(each == state) for each in ("ready", "failing", "paused", "invalid")
    }


def test_a_scrape_meanwhile_sees_whole_rules() -> None:
    story, done, wrong = Story(trigger("orders"), trigger("mails")), threading.Event(), list[BaseException]()

    def scrape() -> None:
        try:
            while not done.is_set():
                list(story.series.collect())
        except BaseException as error:
            wrong.append(error)

    thread = threading.Thread(target=scrape)
    thread.start()
    for number in range(300):
        story.edit(trigger("orders"), trigger(f"queue-{number}"))
        story.poll(**{"orders": number, f"queue-{number}": 1})
        if number % 10 == 0:
            story.series.forget(KEY)
    done.set()
    thread.join()
    assert wrong == []
