"""What outlives the process, and the history that goes on with it: never less careful than before."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaler.decide import Replicas, decide
from scaler.history import Change, History, Recommendation
from scaler.record import Record, parsed, render
from scaler.state import BadState
from scaler.target import Key
from scalers import Reading
from tests.rules import rule
from tests.test_decide_properties import histories

KEY = Key("shop", "orders")
NOW = 1e6
PAST = History(
    first_seen=NOW - 9000,
    last_poll=NOW - 100,
    inactive_since=NOW - 160,
    recommendations=(Recommendation(NOW - 100, 2),),
    scale_ups=(Change(NOW - 150, 4),),
    scale_downs=(Change(NOW - 140, 1),),
    failures={"orders": 2},
)


@given(histories(), st.booleans(), st.integers(0, 2**31 - 1))
def test_a_record_comes_back_but_for_its_recommendations(history: History, ended: bool, original: int) -> None:
    record = Record(KEY, original, history, ended)
    assert parsed(render(record)) == record._replace(history=history._replace(recommendations=()))


@pytest.mark.parametrize(
    "text",
    ["", "5", "[]", "{}", '{"namespace": "a", "name": "b", "original": 1}', '{"history": 5}', "null", "\x00"],
    ids=repr,
)
def test_what_is_no_record_is_refused(text: str) -> None:
    with pytest.raises(BadState):
        parsed(text)


@pytest.mark.parametrize("field", ["original", "history"])
def test_a_record_with_a_bad_part_is_refused(field: str) -> None:
    good = json.loads(render(Record(KEY, 3, PAST)))
    with pytest.raises(BadState):
        parsed(json.dumps(good | {field: "x"}))


class TestEnded:
    """The process was told to end: what it knew last is what there was to know."""

    def test_a_cooldown_goes_on(self) -> None:
        record = Record(KEY, 3, PAST._replace(last_poll=NOW - 20), ended=True)
        past = record.restored(6, NOW, interval=5)
        assert past == record.history._replace(recommendations=(Recommendation(NOW, 6),))

    def test_time_that_nobody_observed_counts_for_nothing(self) -> None:
        past = Record(KEY, 3, PAST, ended=True).restored(6, NOW, interval=5)
        assert (past.last_poll, past.inactive_since, past.first_seen) == (NOW, NOW - 60, NOW - 8900)
        assert (past.scale_ups, past.scale_downs) == ((Change(NOW - 50, 4),), (Change(NOW - 40, 1),))
        assert past.recommendations == (Recommendation(NOW, 6),)
        assert past.failures == {"orders": 2}

    def test_long_intervals_leave_no_gap(self) -> None:
        assert Record(KEY, 3, PAST, ended=True).restored(6, NOW, interval=60).inactive_since == NOW - 160

    def test_a_clock_that_went_back(self) -> None:
        past = Record(KEY, 3, PAST, ended=True).restored(6, NOW - 5000, interval=5)
        assert (past.last_poll, past.inactive_since) == (NOW - 5000, NOW - 5060)

    def test_who_was_active_has_a_full_cooldown_from_the_first_reading(self) -> None:
        active = PAST._replace(inactive_since=None, last_poll=NOW - 20)
        past = Record(KEY, 3, active, ended=True).restored(6, NOW, interval=5)
        assert (past.inactive_since, past.last_poll) == (None, None)


class TestKilled:
    """Work may have come after the last write, so the cooldown starts anew with the first reading."""

    @pytest.mark.parametrize("away", [1, 20, 5000, -300], ids=str)
    def test_a_full_cooldown(self, away: float) -> None:
        of = rule(cooldownPeriod=60, initialCooldownPeriod=0, pollingInterval=5)
        record = Record(KEY, 3, PAST._replace(last_poll=NOW, inactive_since=NOW - 59))
        past, now, counts = record.restored(6, NOW + away, 5), NOW + away, []
        for _ in range(13):
            decision = decide(of, {"orders": Reading(0, 0)}, Replicas(6, 6), past, now)
            counts.append(decision.replicas)
            past, now = decision.history, now + 5
        assert counts == [6] * 12 + [0]


def test_a_rule_that_was_never_polled_is_a_first_sight() -> None:
    assert Record(KEY, 3, History.begin(3, NOW - 50)).restored(6, NOW, 5) == History.begin(6, NOW)


@given(histories(), st.booleans(), st.integers(0, 50), st.floats(-1e6, 1e6), st.sampled_from([0.5, 15, 300]))
def test_a_restart_alone_never_lowers(history: History, ended: bool, found: int, away: float, interval: float) -> None:
    """The queue asks for what is there; whatever the past was and however long nobody looked."""
    of = rule(cooldownPeriod=300, pollingInterval=interval, initialCooldownPeriod=0)
    now = 1e6 + away
    restored = Record(KEY, 3, history._replace(inactive_since=None), ended).restored(found, now, interval)
    decision = decide(of, {"orders": Reading(0, 0)}, Replicas(found, found), restored, now + interval)
    assert decision.replicas == min(found, of.max_replicas) or decision.replicas == found


def test_many_changes_are_kept_as_few_that_count_for_longer() -> None:
    changes = tuple(Change(NOW + number, 1) for number in range(100))
    kept = parsed(render(Record(KEY, 3, PAST._replace(scale_ups=changes)))).history.scale_ups
    assert len(kept) == 30
    assert kept[1:] == changes[-29:]
    assert kept[0] == Change(NOW + 70, 71)


@pytest.mark.parametrize(
    ("fields", "worth"),
    [
        ({"last_poll": NOW}, False),
        ({"recommendations": ()}, False),
        ({"inactive_since": None}, True),
        ({"inactive_since": NOW}, True),
        ({"failures": {}}, True),
        ({"scale_ups": (*PAST.scale_ups, Change(NOW, 1))}, True),
        ({"scale_downs": (*PAST.scale_downs, Change(NOW, 1))}, True),
        ({"first_seen": NOW}, True),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_what_is_worth_a_write(fields: dict[str, Any], worth: bool) -> None:
    before, after = Record(KEY, 3, PAST), Record(KEY, 3, PAST._replace(**fields))
    assert (before.essence() != after.essence()) == worth
