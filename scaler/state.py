"""What goes into a decision and what comes out of it as JSON: for `explain`, and for what must survive a restart."""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from scaler import step as steps
from scaler.answer import Answer, Repeated, checked
from scaler.decide import Decision, Replicas
from scaler.history import Change, History, Recommendation
from scalers import Reading, ScalerError


class BadState(ValueError):
    """A state that says nothing clear: the path, the value, what is allowed."""


class State(NamedTuple):
    """All that `decide` looks at besides the rule itself, which is still `rule` and `annotations` as written."""

    rule: Mapping[str, Any]
    annotations: Mapping[str, str]
    readings: Mapping[str, Answer]
    replicas: Replicas
    history: History
    now: float


def state_of(data: Any) -> State:
    """From JSON. Every part of `history` may be missing, and means a first sight then. Raises BadState."""
    fields = _mapping(data, "the state")
    replicas = _count(fields.get("replicas"), "replicas")
    now = _number(fields.get("now"), "now")
    ready = fields.get("readyReplicas")
    return State(
        _mapping(fields.get("rule"), "rule"),
        {name: str(text) for name, text in _mapping(fields.get("annotations") or {}, "annotations").items()},
        {name: _answer(each, name) for name, each in _mapping(fields.get("readings") or {}, "readings").items()},
        Replicas(replicas, replicas if ready is None else _count(ready, "readyReplicas")),
        history_of(fields.get("history") or {}, replicas, now),
        now,
    )


def history_of(data: Any, replicas: int, now: float) -> History:
    """From JSON; what is missing is that of a first sight now. Raises BadState."""
    fields = _mapping(data, "history")
    begun = History.begin(replicas, now)
    recommended = fields.get("recommendations")
    return History(
        first_seen=_number(fields.get("firstSeen", now), "history.firstSeen"),
        last_poll=_time(fields, "lastPoll"),
        inactive_since=_time(fields, "inactiveSince"),
        recommendations=begun.recommendations
        if recommended is None
        else tuple(Recommendation(*pair) for pair in _pairs(recommended, "recommendations", "replicas")),
        scale_ups=tuple(Change(*pair) for pair in _pairs(fields.get("scaleUps") or [], "scaleUps", "change")),
        scale_downs=tuple(Change(*pair) for pair in _pairs(fields.get("scaleDowns") or [], "scaleDowns", "change")),
        failures=_failures(fields.get("failures") or {}),
    )


def state_json(state: State) -> dict[str, Any]:
    """As `state_of` reads it."""
    return {
        "rule": state.rule,
        "annotations": state.annotations,
        "replicas": state.replicas.found,
        "readyReplicas": state.replicas.ready,
        "now": state.now,
        "readings": {name: _answer_json(answer) for name, answer in state.readings.items()},
        "history": history_json(state.history),
    }


def decision_json(decision: Decision) -> dict[str, Any]:
    """A decision with every step."""
    return {
        "replicas": decision.replicas,
        "reason": str(decision.reason),
        "active": decision.active,
        "fallback": decision.fallback,
        "steps": [steps.as_json(step) for step in decision.steps],
        "history": history_json(decision.history),
    }


def history_json(history: History) -> dict[str, Any]:
    """As `history_of` reads it."""
    return {
        "firstSeen": history.first_seen,
        "lastPoll": history.last_poll,
        "inactiveSince": history.inactive_since,
        "failures": dict(history.failures),
        "recommendations": [entry._asdict() for entry in history.recommendations],
        "scaleUps": [change._asdict() for change in history.scale_ups],
        "scaleDowns": [change._asdict() for change in history.scale_downs],
    }


def _answer_json(answer: Answer) -> Any:
    # What is no length is no JSON either.
    answer = checked(answer)
    if isinstance(answer, ScalerError):
        return {"error": str(answer)} | ({"repeated": True} if isinstance(answer, Repeated) else {})
    return answer.value if answer.value == answer.activity else answer._asdict()


def _answer(data: Any, name: str) -> Answer:
    path = f"readings.{name}"
    if data is None:
        return ScalerError("no reading")
    if not isinstance(data, dict):
        value = _real(data, path)
        return Reading(value, value)
    if "error" in data:
        kind = Repeated if data.get("repeated") is True else ScalerError
        return kind(str(data["error"]))
    value = _real(data.get("value"), f"{path}.value")
    return Reading(value, value if "activity" not in data else _real(data["activity"], f"{path}.activity"))


def _failures(data: Any) -> dict[str, int]:
    counts = {name: _count(each, f"history.failures.{name}") for name, each in _mapping(data, "failures").items()}
    return {name: count for name, count in counts.items() if count}


def _pairs(data: Any, name: str, number: str) -> list[tuple[float, int]]:
    path = f"history.{name}"
    if not isinstance(data, list):
        raise BadState(f"{path}: must be a list, not {data!r}")
    entries = [_mapping(each, f"{path}[{index}]") for index, each in enumerate(data)]
    times = [_number(each.get("at"), f"{path}[{index}].at") for index, each in enumerate(entries)]
    counts = [_count(each.get(number), f"{path}[{index}].{number}") for index, each in enumerate(entries)]
    # Windows are read from the oldest to the latest.
    return sorted(zip(times, counts, strict=True), key=lambda pair: pair[0])


def _mapping(data: Any, path: str) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise BadState(f"{path}: must be a mapping, not {data!r}")
    return data


def _time(fields: Mapping[str, Any], name: str) -> float | None:
    value = fields.get(name)
    return None if value is None else _number(value, f"history.{name}")


def _number(value: Any, path: str) -> float:
    number = _real(value, path)
    if not math.isfinite(number):
        raise BadState(f"{path}: must be a finite number of seconds, not {value!r}")
    return number


def _real(value: Any, path: str) -> float:
    if type(value) not in (int, float):
        raise BadState(f"{path}: must be a number, not {value!r}")
    return float(value)


def _count(value: Any, path: str) -> int:
    if type(value) is float and value.is_integer():
        value = int(value)
    if type(value) is not int or not 0 <= value < 2**31:
        raise BadState(f"{path}: must be a whole number of at least 0, not {value!r}")
    return value
