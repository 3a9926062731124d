"""States as JSON: what may be left out, what is refused, and that nothing is lost on the way there and back."""

import json
from typing import Any

import pytest
from hypothesis import given

from scaler.answer import Repeated
from scaler.decide import Replicas, decide
from scaler.history import Change, History, Recommendation
from scaler.state import BadState, State, decision_json, history_json, history_of, state_json, state_of
from scalers import Reading, ScalerError
from tests.rules import rule
from tests.test_decide_properties import histories

RULE = {"triggers": []}
LEAST: dict[str, Any] = {"rule": RULE, "replicas": 5, "now": 1000.0}


def test_what_is_left_out_is_a_first_sight() -> None:
    state = state_of(LEAST)
    assert state == State(RULE, {}, {}, Replicas(5, 5), History.begin(5, 1000.0), 1000.0)


def test_all_that_may_be_written() -> None:
    history = {
        "firstSeen": 0.0,
        "lastPoll": 995.0,
        "inactiveSince": 990,
        "failures": {"orders": 2, "other": 0},
        "recommendations": [{"at": 950.0, "replicas": 3}, {"at": 900.0, "replicas": 7}],
        "scaleUps": [{"at": 980.0, "change": 4}],
        "scaleDowns": [{"at": 985.0, "change": 1}],
    }
    readings = {
        "a": 120.0,
        "b": {"error": "away"},
        "c": {"value": 3, "activity": 1},
        "d": None,
        "e": {"value": 4},
        "f": {"error": "away", "repeated": True},
    }
    marks = {"scalerule.dev/paused": "true"}
    state = state_of(LEAST | {"annotations": marks, "readyReplicas": 2, "readings": readings, "history": history})
    assert state.annotations == marks
    assert state.replicas == Replicas(5, 2)
    assert state.history == History(
        0.0,
        995.0,
        990.0,
        (Recommendation(900.0, 7), Recommendation(950.0, 3)),
        (Change(980.0, 4),),
        (Change(985.0, 1),),
        {"orders": 2},
    )
    numbers = {name: answer for name, answer in state.readings.items() if isinstance(answer, Reading)}
    assert numbers == {"a": Reading(120, 120), "c": Reading(3, 1), "e": Reading(4, 4)}
    errors = {name: answer for name, answer in state.readings.items() if isinstance(answer, ScalerError)}
    assert {name: str(error) for name, error in errors.items()} == {"b": "away", "d": "no reading", "f": "away"}
    assert [name for name, error in errors.items() if isinstance(error, Repeated)] == ["f"]


def test_an_empty_list_is_no_recommendation() -> None:
    assert state_of(LEAST | {"history": {"recommendations": []}}).history.recommendations == ()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"rule": None}, "rule: must be a mapping, not None"),
        ({"rule": "x"}, "rule: must be a mapping, not 'x'"),
        ({"replicas": None}, "replicas: must be a whole number of at least 0, not None"),
        ({"replicas": -1}, "replicas: must be a whole number of at least 0, not -1"),
        ({"replicas": 2.5}, "replicas: must be a whole number of at least 0, not 2.5"),
        ({"replicas": True}, "replicas: must be a whole number"),
        ({"replicas": 2**31}, "replicas: must be a whole number"),
        ({"readyReplicas": "2"}, "readyReplicas: must be a whole number"),
        ({"now": None}, "now: must be a number, not None"),
        ({"now": float("inf")}, "now: must be a finite number of seconds, not inf"),
        ({"annotations": []}, None),
        ({"annotations": ["x"]}, "annotations: must be a mapping"),
        ({"readings": {"a": "5"}}, "readings.a: must be a number, not '5'"),
        ({"readings": {"a": {"activity": 5}}}, "readings.a.value: must be a number, not None"),
        ({"readings": {"a": {"value": 5, "activity": "x"}}}, "readings.a.activity: must be a number, not 'x'"),
        ({"history": 5}, "history: must be a mapping, not 5"),
        ({"history": {"firstSeen": "x"}}, "history.firstSeen: must be a number"),
        ({"history": {"lastPoll": "x"}}, "history.lastPoll: must be a number"),
        ({"history": {"inactiveSince": float("nan")}}, "history.inactiveSince: must be a finite number"),
        ({"history": {"failures": {"a": -1}}}, "history.failures.a: must be a whole number"),
        ({"history": {"failures": [1]}}, "failures: must be a mapping"),
        ({"history": {"recommendations": {}}}, "history.recommendations: must be a list"),
        ({"history": {"recommendations": [5]}}, "history.recommendations[0]: must be a mapping"),
        ({"history": {"recommendations": [{"replicas": 5}]}}, "history.recommendations[0].at: must be a number"),
        ({"history": {"scaleUps": [{"at": 5}]}}, "history.scaleUps[0].change: must be a whole number"),
        ({"history": {"scaleDowns": [{"at": 5, "change": 1}, {"at": 5}]}}, "history.scaleDowns[1].change: must be"),
    ],
    ids=repr,
)
def test_what_is_unclear_is_refused(fields: dict[str, Any], message: str | None) -> None:
    if message is None:
        assert state_of(LEAST | fields).annotations == {}
        return
    with pytest.raises(BadState) as caught:
        state_of(LEAST | fields)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("data", [None, [], 5, "x"], ids=repr)
def test_a_state_is_a_mapping(data: Any) -> None:
    with pytest.raises(BadState, match="the state: must be a mapping"):
        state_of(data)


@given(histories())
def test_a_history_comes_back(history: History) -> None:
    assert history_of(json.loads(json.dumps(history_json(history))), 0, 0.0) == history


def test_a_state_comes_back() -> None:
    readings = {"a": Reading(5, 5), "b": Reading(5, 1), "c": Repeated("away")}
    state = State(RULE, {"x": "y"}, readings, Replicas(5, 2), History.begin(5, 990.0), 1000.0)
    back = state_of(json.loads(json.dumps(state_json(state))))
    assert back._replace(readings={}) == state._replace(readings={})
    assert (back.readings["a"], back.readings["b"]) == (Reading(5, 5), Reading(5, 1))
    assert isinstance(back.readings["c"], Repeated)


def test_what_is_no_number_in_json_is_told_as_the_error_that_it_is() -> None:
    readings = {"a": Reading(float("nan"), 1.0), "b": Reading(1.0, float("inf"))}
    state = State(RULE, {}, readings, Replicas(5, 5), History.begin(5, 0.0), 1.0)
    shown = json.loads(json.dumps(state_json(state), allow_nan=False))["readings"]
    assert shown == {
        "a": {"error": "the broker answered nan, which is no length"},
        "b": {"error": "the broker answered inf, which is no length"},
    }


def test_a_decision_as_json() -> None:
    history = History(0.0, 999.0)
    shown = decision_json(decide(rule(), {"orders": Reading(120, 120)}, Replicas(5, 5), history, 1000.0))
    assert shown == {
        "replicas": 12,
        "reason": "FollowsQueue",
        "active": True,
        "fallback": False,
        "steps": [
            {"step": "proposal", "trigger": "orders", "value": 120, "target": 10, "replicas": 12},
            {"step": "activation", "active": True, "by": "orders"},
        ],
        "history": {
            "firstSeen": 0.0,
            "lastPoll": 1000.0,
            "inactiveSince": None,
            "failures": {},
            "recommendations": [{"at": 1000.0, "replicas": 12}],
            "scaleUps": [{"at": 1000.0, "change": 7}],
            "scaleDowns": [],
        },
    }
