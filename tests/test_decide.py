"""The policy as tables: what is found, what is read, what follows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from scaler.answer import Answer
from scaler.decide import Decision, Reason, Replicas, decide
from scaler.history import History, Recommendation
from scaler.rule import InvalidRule, Rule
from tests.rules import FAILED, invalid, reading, rule, trigger

NOW = 10_000.0


@dataclass
class Story:
    """A rule over time: `at` polls at a time and keeps what follows from it."""

    rule: Rule | InvalidRule
    replicas: int
    ready: int | None = None
    history: History = field(init=False)

    def __post_init__(self) -> None:
        self.history = History.begin(self.replicas, NOW)

    def at(self, seconds: float, **answers: float | Answer) -> Decision:
        """Poll `seconds` after the start."""
        readings: dict[str, Answer] = {
            name: reading(answer) if isinstance(answer, int | float) else answer for name, answer in answers.items()
        }
        ready = self.replicas if self.ready is None else self.ready
        decision = decide(self.rule, readings, Replicas(self.replicas, ready), self.history, NOW + seconds)
        self.replicas, self.history = decision.replicas, decision.history
        return decision


def once(of: Rule | InvalidRule, replicas: int, answers: Mapping[str, Any], ready: int | None = None) -> Decision:
    """One decision long after anything that a window could hold."""
    story = Story(of, replicas, ready)
    story.history = History(first_seen=0.0, last_poll=NOW - 1)
    return story.at(0, **answers)


@pytest.mark.parametrize(
    ("replicas", "value", "expected"),
    [
        pytest.param(0, 0, 0, id="empty at zero"),
        pytest.param(0, 1, 1, id="one message wakes one"),
        pytest.param(0, 95, 10, id="straight to the proposal"),
        pytest.param(1, 95, 10, id="up at once, no doubling"),
        pytest.param(10, 105, 10, id="within tolerance above"),
        pytest.param(10, 110, 10, id="at the upper end of tolerance"),
        pytest.param(10, 111, 12, id="beyond tolerance"),
        pytest.param(10, 90, 10, id="at the lower end of tolerance"),
        pytest.param(10, 89, 9, id="below tolerance"),
        pytest.param(10, 1, 1, id="down to one while active"),
        pytest.param(5, 100_000, 100, id="never above max"),
    ],
)
def test_average_value(replicas: int, value: float, expected: int) -> None:
    assert once(rule(), replicas, {"orders": value}).replicas == expected


def test_found_above_max_while_active() -> None:
    assert Story(rule(), 200).at(0, orders=10).replicas == 100


@pytest.mark.parametrize(
    ("replicas", "ready", "value", "expected"),
    [
        pytest.param(0, 0, 25, 3, id="from zero the ratio alone"),
        pytest.param(4, 4, 20, 8, id="ratio times ready"),
        pytest.param(4, 1, 20, 4, id="never down while pods start"),
        pytest.param(4, 0, 5, 2, id="down by the replicas found"),
        pytest.param(4, 4, 10.5, 4, id="within tolerance"),
        pytest.param(3, 3, 1000, 6, id="at most twice in 15 s"),
        pytest.param(1, 1, 1000, 4, id="at most four in 15 s from few"),
        pytest.param(0, 0, 1000, 4, id="at most four in 15 s from zero"),
    ],
)
def test_value(replicas: int, ready: int, value: float, expected: int) -> None:
    of = rule(trigger(metricType="Value"))
    assert once(of, replicas, {"orders": value}, ready).replicas == expected


def test_value_rises_once_per_period() -> None:
    story = Story(rule(trigger(metricType="Value"), pollingInterval=5), 3)
    assert [story.at(s, orders=1000).replicas for s in (0, 5, 14.9, 15, 20)] == [6, 6, 6, 12, 12]


def test_average_beside_value_rises_at_once() -> None:
    of = rule(trigger("a", metricType="Value"), trigger("b"))
    assert once(of, 1, {"a": 1000, "b": 300}).replicas == 30


@pytest.mark.parametrize(
    ("replicas", "answers", "expected", "reason"),
    [
        pytest.param(4, {"a": 20, "b": 90}, 9, Reason.QUEUE, id="the highest proposal wins"),
        pytest.param(4, {"a": FAILED, "b": FAILED}, 4, Reason.HELD, id="all failing hold"),
        pytest.param(4, {}, 4, Reason.HELD, id="no reading holds"),
        pytest.param(4, {"a": FAILED, "b": 0}, 4, Reason.HELD, id="one failing never lowers"),
        pytest.param(4, {"a": FAILED, "b": 90}, 9, Reason.QUEUE, id="one failing still raises"),
        pytest.param(0, {"a": FAILED, "b": 0}, 0, Reason.HELD, id="failing at zero stays"),
        pytest.param(0, {"a": FAILED, "b": 5}, 1, Reason.ACTIVATED, id="one failing still wakes"),
        pytest.param(4, {"a": reading(float("nan")), "b": 0}, 4, Reason.HELD, id="NaN is an error"),
        pytest.param(4, {"a": reading(-1), "b": 0}, 4, Reason.HELD, id="negative is an error"),
        pytest.param(4, {"a": reading(float("inf")), "b": 0}, 4, Reason.HELD, id="infinite is an error"),
        pytest.param(4, {"a": reading(0, float("nan")), "b": 0}, 4, Reason.HELD, id="activity NaN is an error"),
    ],
)
def test_several_triggers(replicas: int, answers: dict[str, Any], expected: int, reason: Reason) -> None:
    decision = once(rule(trigger("a"), trigger("b")), replicas, answers)
    assert (decision.replicas, decision.reason) == (expected, reason)


@pytest.mark.parametrize(
    ("fields", "replicas", "value", "expected"),
    [
        pytest.param({"minReplicaCount": 2}, 0, 0, 2, id="min without work"),
        pytest.param({"minReplicaCount": 2}, 2, 0, 2, id="min is the floor"),
        pytest.param({"minReplicaCount": 3}, 0, 1, 3, id="min when woken"),
        pytest.param({"minReplicaCount": 3, "idleReplicaCount": 1}, 1, 0, 1, id="idle stays idle"),
        pytest.param({"minReplicaCount": 3, "idleReplicaCount": 1}, 1, 5, 3, id="idle wakes to min"),
        pytest.param({"minReplicaCount": 3, "idleReplicaCount": 1}, 0, 0, 0, id="below idle stays"),
        pytest.param({"maxReplicaCount": 2}, 0, 500, 2, id="max when woken"),
    ],
)
def test_bounds(fields: dict[str, Any], replicas: int, value: float, expected: int) -> None:
    assert once(rule(**fields), replicas, {"orders": value}).replicas == expected


@pytest.mark.parametrize("scale_up", [{"stabilizationWindowSeconds": 60}, {}], ids=["window", "none"])
def test_zero_is_left_alike_with_a_minimum(scale_up: dict[str, Any]) -> None:
    """No window, and rate limits from the minimum; as on resume from `paused-replicas: 0`."""
    story = Story(rule(minReplicaCount=3, behavior={"scaleUp": scale_up}), 0)
    story.history = History(0.0, NOW - 10, None, (Recommendation(NOW - 30, 0),))
    decision = story.at(0, orders=90)
    assert (decision.replicas, decision.reason) == (7, Reason.RATE_LIMITED)


@pytest.mark.parametrize(
    ("activation", "value", "expected"),
    [
        pytest.param(5, 5, 0, id="at the activation value: asleep"),
        pytest.param(5, 6, 1, id="above it: awake"),
        pytest.param(50, 40, 0, id="inactive at zero stays there whatever is proposed"),
    ],
)
def test_activation(activation: float, value: float, expected: int) -> None:
    assert once(rule(trigger(activation=activation)), 0, {"orders": value}).replicas == expected


def test_activity_is_not_the_value() -> None:
    assert once(rule(), 0, {"orders": reading(0, 1)}).replicas == 1
    assert once(rule(), 0, {"orders": reading(9, 0)}).replicas == 0


class TestCooldown:
    """Zero comes a cooldown after the last active reading, and nothing brings it earlier."""

    def test_from_the_last_active_reading(self) -> None:
        story = Story(rule(cooldownPeriod=60, initialCooldownPeriod=0, pollingInterval=10), 3)
        story.at(0, orders=25)
        held = [story.at(s, orders=0) for s in range(10, 60, 10)]
        assert {decision.replicas for decision in held} == {3}
        assert story.at(60, orders=0).replicas == 0

    def test_a_first_sight_waits_for_the_larger_period(self) -> None:
        story = Story(rule(cooldownPeriod=30, initialCooldownPeriod=100, pollingInterval=10), 3)
        assert {story.at(s, orders=0).replicas for s in range(0, 100, 10)} == {3}
        assert story.at(100, orders=0).replicas == 0

    def test_an_existing_workload_is_not_dropped_at_first_contact(self) -> None:
        story = Story(rule(cooldownPeriod=30, initialCooldownPeriod=0, pollingInterval=10), 3)
        assert [story.at(s, orders=0).replicas for s in (0, 10, 20, 30)] == [3, 3, 3, 0]

    def test_a_failed_poll_restarts_it(self) -> None:
        story = Story(rule(cooldownPeriod=30, pollingInterval=10, initialCooldownPeriod=0), 3)
        for s in (0, 10, 20):
            story.at(s, orders=0)
        story.at(25, orders=FAILED)
        assert [story.at(s, orders=0).replicas for s in (30, 40, 50, 55)] == [3, 3, 3, 0]

    def test_a_gap_counts_for_nothing(self) -> None:
        story = Story(rule(cooldownPeriod=60, pollingInterval=10, initialCooldownPeriod=0), 3)
        story.at(0, orders=25)
        story.at(10, orders=0)
        assert story.at(5000, orders=0).replicas == 3
        assert story.at(5030, orders=0).replicas == 3
        assert story.at(5051, orders=0).replicas == 0

    def test_a_clock_that_goes_back_counts_for_nothing(self) -> None:
        story = Story(rule(cooldownPeriod=60, pollingInterval=10, initialCooldownPeriod=0), 3)
        story.at(0, orders=25)
        story.at(30, orders=0)
        assert story.at(-3600, orders=0).replicas == 3
        assert story.at(-3600 + 29, orders=0).replicas == 3
        assert story.at(-3600 + 31, orders=0).replicas == 0

    def test_it_never_raises(self) -> None:
        story = Story(rule(minReplicaCount=5, idleReplicaCount=0, cooldownPeriod=60), 5)
        story.at(0, orders=10)
        assert story.at(10, orders=0).replicas == 5

    def test_rest_ignores_the_window(self) -> None:
        story = Story(rule(cooldownPeriod=10, pollingInterval=10, initialCooldownPeriod=0), 0)
        assert story.at(0, orders=500).replicas == 50
        assert story.at(10, orders=0).replicas == 0

    def test_to_idle(self) -> None:
        of = rule(minReplicaCount=4, idleReplicaCount=1, cooldownPeriod=10, initialCooldownPeriod=0, pollingInterval=10)
        story = Story(of, 8)
        story.at(0, orders=80)
        assert story.at(10, orders=0).replicas == 1

    def test_forced_activation_has_none(self) -> None:
        story = Story(rule(marks={"force-activation": "true"}, cooldownPeriod=0, initialCooldownPeriod=0), 0)
        assert [story.at(s, orders=0).replicas for s in (0, 10, 400)] == [1, 1, 1]


class TestStabilization:
    """Without `behavior` the highest recommendation of 300 s holds on the way down."""

    def test_holds_for_the_window(self) -> None:
        story = Story(rule(pollingInterval=30), 10)
        story.at(0, orders=100)
        assert {story.at(s, orders=20).replicas for s in range(30, 301, 30)} == {10}
        assert story.at(330, orders=20).replicas == 2

    def test_replicas_found_count_as_recommended(self) -> None:
        story = Story(rule(pollingInterval=30), 10)
        assert {story.at(s, orders=20).replicas for s in range(0, 301, 30)} == {10}

    def test_never_raises_to_a_former_recommendation(self) -> None:
        story = Story(rule(), 3)
        story.history = History(0.0, NOW - 1, None, (Recommendation(NOW - 10, 9),))
        assert story.at(0, orders=20).replicas == 3

    def test_an_error_is_remembered_as_the_count_held(self) -> None:
        story = Story(rule(pollingInterval=30), 10)
        story.history = History(0.0, NOW - 1)
        story.at(0, orders=FAILED)
        assert {story.at(s, orders=20).replicas for s in range(30, 301, 30)} == {10}
        assert story.at(330, orders=20).replicas == 2


class TestPause:
    """Annotations come first."""

    @pytest.mark.parametrize(
        ("marks", "replicas", "value", "expected"),
        [
            pytest.param({"paused": "true"}, 3, 500, 3, id="paused holds"),
            pytest.param({"paused": "false"}, 3, 500, 50, id="not paused"),
            pytest.param({"paused": "yes please"}, 3, 500, 3, id="unclear counts as paused"),
            pytest.param({"paused-replicas": "7"}, 3, 500, 7, id="paused-replicas goes there"),
            pytest.param({"paused-replicas": "0"}, 3, 500, 0, id="paused-replicas zero"),
            pytest.param({"paused-replicas": "700"}, 3, 5, 700, id="exempt from the bounds"),
            pytest.param({"paused-replicas": "7", "paused": "true"}, 3, 0, 7, id="paused-replicas wins"),
            pytest.param({"paused-replicas": "many"}, 3, 500, 3, id="no integer: held"),
            pytest.param({"paused-scale-in": "true"}, 50, 10, 50, id="scale-in paused"),
            pytest.param({"paused-scale-in": "true"}, 3, 500, 50, id="scale-in paused rises"),
            pytest.param({"paused-scale-in": "true"}, 300, 10, 300, id="holds above max"),
            pytest.param({"paused-scale-out": "true"}, 3, 500, 3, id="scale-out paused"),
            pytest.param({"paused-scale-out": "true"}, 0, 500, 0, id="scale-out paused at zero"),
            pytest.param({"paused-scale-out": "true"}, 50, 10, 1, id="scale-out paused falls"),
        ],
    )
    def test_marks(self, marks: dict[str, str], replicas: int, value: float, expected: int) -> None:
        assert once(rule(marks=marks), replicas, {"orders": value}).replicas == expected

    def test_scale_out_holds_below_min(self) -> None:
        of = rule(marks={"paused-scale-out": "true"}, minReplicaCount=3)
        assert once(of, 1, {"orders": 500}).replicas == 1

    def test_scale_in_forbids_zero(self) -> None:
        of = rule(marks={"paused-scale-in": "true"}, cooldownPeriod=0, initialCooldownPeriod=0)
        assert once(of, 3, {"orders": 0}).replicas == 3

    def test_resuming_starts_the_cooldown_anew(self) -> None:
        fields = {"cooldownPeriod": 30, "initialCooldownPeriod": 0, "pollingInterval": 10}
        story = Story(rule(**fields), 3)
        for s in (0, 10, 20):
            story.at(s, orders=0)
        story.rule = rule(marks={"paused": "true"}, **fields)
        story.at(30, orders=0)
        story.rule = rule(**fields)
        assert [story.at(s, orders=0).replicas for s in (40, 50, 60)] == [3, 3, 0]

    def test_resuming_holds_the_present_count(self) -> None:
        story = Story(rule(marks={"paused-replicas": "20"}), 3)
        story.at(0, orders=0)
        story.rule = rule()
        assert story.at(30, orders=10).replicas == 20

    @pytest.mark.parametrize(
        ("marks", "expected"),
        [({}, 3), ({"paused": "true"}, 3), ({"paused-replicas": "9"}, 9)],
        ids=["held", "paused", "paused-replicas"],
    )
    def test_an_invalid_rule_holds_but_pauses_work(self, marks: dict[str, str], expected: int) -> None:
        assert once(invalid(marks), 3, {"orders": 0}).replicas == expected


def test_steps_tell_why() -> None:
    decision = once(rule(), 4, {"orders": 90})
    assert decision.why() == "orders: 90 at 10 each asks for 9; active by orders"


def test_the_same_input_gives_the_same_decision() -> None:
    of, history = rule(), History.begin(3, NOW)
    first, second = (decide(of, {"orders": reading(55)}, Replicas(3, 3), history, NOW + 1) for _ in range(2))
    assert first == second
