"""The contract's sections 2 and 4 sentence by sentence, through saved states as `scaler explain --state` takes them.

Every expectation is worked out from the contract's text. An id begins with the section that it is of.
"""

import json
from typing import Any, NamedTuple

import pytest

from scaler.explain import recomputed
from tests.rules import trigger

NOW = 10_000.0
ERROR = {"error": "cannot reach the broker"}
#: Polled five seconds ago, there was work, and nothing is remembered that could hold a count.
CALM: dict[str, Any] = {"firstSeen": 0.0, "lastPoll": NOW - 5, "recommendations": []}
ZERO_TO_MIN = {"minReplicaCount": 3, "idleReplicaCount": 0}
IDLE = {"minReplicaCount": 3, "idleReplicaCount": 1}


class Sentence(NamedTuple):
    """A state, and what the decision on it must be; `told` are further fields of the decision."""

    name: str
    state: dict[str, Any]
    replicas: int
    told: dict[str, Any]


def past(**fields: Any) -> dict[str, Any]:
    return CALM | fields


def inactive(seconds: float, **fields: Any) -> dict[str, Any]:
    """Without work for so long."""
    return past(inactiveSince=NOW - seconds, **fields)


def recommended(replicas: int, age: float) -> dict[str, Any]:
    return past(recommendations=[{"at": NOW - age, "replicas": replicas}])


def failed(polls: int = 9, **fields: Any) -> dict[str, Any]:
    """Every trigger has failed so many polls before this one."""
    return past(failures=dict.fromkeys(("orders", "a", "b"), polls), **fields)


def rose(change: int, age: float) -> dict[str, Any]:
    return past(scaleUps=[{"at": NOW - age, "change": change}])


def fell(change: int, age: float) -> dict[str, Any]:
    return past(scaleDowns=[{"at": NOW - age, "change": change}])


def up(**fields: Any) -> dict[str, Any]:
    return {"behavior": {"scaleUp": fields}}


def down(**fields: Any) -> dict[str, Any]:
    return {"behavior": {"scaleDown": {"stabilizationWindowSeconds": 0, **fields}}}


def policy(kind: str, value: int, seconds: int = 60) -> dict[str, Any]:
    return {"type": kind, "value": value, "periodSeconds": seconds}


def fallback(replicas: int, behavior: str = "static", threshold: int = 3) -> dict[str, Any]:
    return {"fallback": {"failureThreshold": threshold, "replicas": replicas, "behavior": behavior}}


def composite(formula: str, **fields: Any) -> dict[str, Any]:
    return {"triggers": [trigger("a"), trigger("b")], "scalingModifiers": {"formula": formula, "target": 10, **fields}}


def marked(**marks: str) -> dict[str, str]:
    return {"scalerule.dev/" + name.replace("_", "-"): text for name, text in marks.items()}


def sentence(
    name: str,
    count: int,
    found: int,
    *values: Any,
    rule: dict[str, Any] | None = None,
    marks: dict[str, str] | None = None,
    ready: int | None = None,
    history: dict[str, Any] = CALM,
    **told: Any,
) -> Sentence:
    """`values` are the readings of the rule's triggers in their order; of `orders` alone where it has no others."""
    written = {"triggers": [trigger()], **(rule or {})}
    names = [each["name"] for each in written["triggers"]] if len(values) > 1 else ["orders"]
    readings = dict(zip(names, values, strict=False))
    state = {
        "rule": written,
        "annotations": marks or {},
        "replicas": found,
        "readyReplicas": found if ready is None else ready,
        "now": NOW,
        "readings": readings,
        "history": history,
    }
    return Sentence(name, state, count, told)


VALUE = {"triggers": [trigger(metricType="Value")]}
TWO = {"triggers": [trigger("a"), trigger("b")]}
ONCE_ACTIVE_ABOVE_50 = {"triggers": [trigger(activation=50)]}
ACTIVE_ABOVE_MILLION = {"triggers": [trigger(activation=1e6)]}
#: So many pods that no policy of scaleUp limits anything.
UNLIMITED = {"policies": [policy("Pods", 10_000)]}

FIELDS = [
    sentence("2 pollingInterval 30: ninety seconds are observed", 0, 3, 0, history=inactive(350, lastPoll=NOW - 90)),
    sentence("2 pollingInterval 30: more are not", 1, 3, 0, history=inactive(350, lastPoll=NOW - 90.5)),
    *(
        sentence(
            f"2 pollingInterval {written!r}: {seconds} s",
            count,
            *(3, 0),
            rule={"pollingInterval": written},
            history=inactive(350, lastPoll=NOW - seconds),
        )
        for written, seconds, count in [("1m", 180, 0), ("1m", 181, 1), (60, 180, 0), ("60s", 181, 1), (0.5, 30, 0)]
    ),
    sentence("2 cooldownPeriod 300: not before", 1, 3, 0, history=inactive(299)),
    sentence("2 cooldownPeriod 300: then zero", 0, 3, 0, history=inactive(300)),
    sentence(
        "2 initialCooldownPeriod is cooldownPeriod: from first sight",
        *(1, 3, 0),
        rule={"cooldownPeriod": 600},
        history=inactive(600, firstSeen=NOW - 599),
    ),
    sentence(
        "2 initialCooldownPeriod is cooldownPeriod: then zero",
        *(0, 3, 0),
        rule={"cooldownPeriod": 600},
        history=inactive(600, firstSeen=NOW - 600),
    ),
    sentence(
        "2 initialCooldownPeriod written",
        *(1, 3, 0),
        rule={"cooldownPeriod": 0, "initialCooldownPeriod": 60},
        history=inactive(50, firstSeen=NOW - 59),
    ),
    sentence("2 maxReplicaCount 100", 100, 5, 1e6),
    sentence("2 minReplicaCount 0", 0, 3, 0, history=inactive(300)),
    sentence(
        "2 idleReplicaCount: any value",
        2,
        9,
        0,
        rule={"minReplicaCount": 5, "idleReplicaCount": 2},
        history=inactive(300),
    ),
    sentence("2 failureThreshold: not before", 2, 2, ERROR, rule=fallback(6), history=failed(1), fallback=False),
    sentence("2 failureThreshold: with that poll", 6, 2, ERROR, rule=fallback(6), history=failed(2), fallback=True),
    sentence("2 failureThreshold: consecutive", 2, 2, 20, rule=fallback(6), history=failed(), fallback=False),
    sentence("2 failureThreshold 0 counts as 1", 6, 2, ERROR, rule=fallback(6, threshold=0), fallback=True),
    sentence("2 fallback for Value", 3, 2, ERROR, rule=VALUE | fallback(3), history=failed(), fallback=True),
    sentence("2 fallback for Value from zero", 3, 0, ERROR, rule=VALUE | fallback(3), history=failed(), active=True),
    sentence("2 fallback from zero", 6, 0, ERROR, rule=fallback(6), history=failed(), active=True),
    sentence("2 fallback currentReplicas", 9, 9, ERROR, rule=fallback(6, "currentReplicas"), history=failed()),
    sentence(
        "2 fallback IfHigher: the written", 6, 3, ERROR, rule=fallback(6, "currentReplicasIfHigher"), history=failed()
    ),
    sentence(
        "2 fallback IfHigher: the present", 9, 9, ERROR, rule=fallback(6, "currentReplicasIfHigher"), history=failed()
    ),
    sentence(
        "2 fallback IfLower: the written", 6, 9, ERROR, rule=fallback(6, "currentReplicasIfLower"), history=failed()
    ),
    sentence(
        "2 fallback IfLower: the present", 3, 3, ERROR, rule=fallback(6, "currentReplicasIfLower"), history=failed()
    ),
    sentence(
        "2 behavior as KEDA nests it",
        *(7, 3, 1000),
        rule={"advanced": {"horizontalPodAutoscalerConfig": {"behavior": {}, "name": "without-effect"}}},
    ),
    sentence(
        "2 scalingModifiers as KEDA nests them",
        *(8, 2, 30, 45),
        rule={**TWO, "advanced": {"scalingModifiers": {"formula": "a + b", "target": "10"}}},
    ),
    sentence(
        "2 restoreToOriginalReplicaCount as KEDA nests it",
        9,
        1,
        90,
        rule={"advanced": {"restoreToOriginalReplicaCount": True}},
    ),
    sentence("2 useCachedMetrics has no effect", 9, 1, 90, rule={"triggers": [trigger(useCachedMetrics=True)]}),
    sentence("2 twenty triggers", 9, 1, *[90] * 20, rule={"triggers": [trigger(f"q{number}") for number in range(20)]}),
]

PAUSES = [
    sentence("4.1 paused holds", 3, 3, 500, marks=marked(paused="true")),
    sentence("4.1 paused: false does not", 50, 3, 500, marks=marked(paused="false")),
    sentence("1 paused that is neither counts as paused", 3, 3, 500, marks=marked(paused="soon")),
    sentence("4.1 paused holds above max", 300, 300, 10, marks=marked(paused="true")),
    sentence(
        "4.1 paused comes before force-activation", 0, 0, 500, marks=marked(paused="true", force_activation="true")
    ),
    sentence("4.1 paused-replicas goes there", 7, 3, 500, marks=marked(paused_replicas="7")),
    sentence("4.1 paused-replicas wins over paused", 7, 3, 500, marks=marked(paused_replicas="7", paused="true")),
    *(
        sentence(f"4.1 paused-replicas {text!r}: hold", 3, 3, 500, marks=marked(paused_replicas=text))
        for text in ("-1", "1.5", "many", "")
    ),
    sentence(
        "4.1 a paused rule goes on being read",
        3,
        3,
        ERROR,
        marks=marked(paused="true"),
        history=failed(1),
        failures={"orders": 2},
    ),
    sentence("4.1 paused-scale-in holds", 9, 9, 10, marks=marked(paused_scale_in="true")),
    sentence("4.1 paused-scale-in rises", 50, 9, 500, marks=marked(paused_scale_in="true")),
    sentence("4.1 paused-scale-in holds above max", 150, 150, 10, marks=marked(paused_scale_in="true")),
    sentence("4.1 paused-scale-out holds", 3, 3, 500, marks=marked(paused_scale_out="true")),
    sentence("4.1 paused-scale-out falls", 1, 9, 10, marks=marked(paused_scale_out="true")),
    sentence(
        "4.1 paused-scale-out holds below min",
        1,
        1,
        500,
        rule={"minReplicaCount": 3},
        marks=marked(paused_scale_out="true"),
    ),
    sentence("4.1 paused-scale-out holds at zero", 0, 0, 500, marks=marked(paused_scale_out="true")),
]

PROPOSALS = [
    sentence("4.2 AverageValue: the ceiling", 10, 1, 95),
    sentence("4.2 AverageValue: upper end of tolerance", 10, 10, 110),
    sentence("4.2 AverageValue: above it", 12, 10, 111),
    sentence("4.2 AverageValue: lower end of tolerance", 10, 10, 90),
    sentence("4.2 AverageValue: below it", 9, 10, 89),
    sentence("4.2 AverageValue: of spec.replicas, not the ready ones", 10, 10, 105, ready=1),
    sentence("4.2 AverageValue: from zero", 3, 0, 21),
    sentence("4.2 AverageValue: no rounding to thousandths", 1, 0, 0.0001),
    sentence("4.2 Value: upper end of tolerance", 4, 4, 11, rule=VALUE),
    sentence("4.2 Value: lower end of tolerance", 4, 4, 9, rule=VALUE),
    sentence("4.2 Value: above 1, the ready ones", 6, 4, 20, rule=VALUE, ready=3),
    sentence("4.2 Value: above 1, never fewer than found", 4, 4, 20, rule=VALUE, ready=1),
    sentence("4.2 Value: above 1, none ready", 4, 4, 20, rule=VALUE, ready=0),
    sentence("4.2 Value: below 1, of those found", 2, 4, 5, rule=VALUE, ready=1),
    sentence("4.2 Value: below 1, rounded up", 4, 7, 5, rule=VALUE),
    sentence("4.2 Value: at zero the ratio", 3, 0, 25, rule=VALUE),
    sentence(
        "4.2 doubles: 2.2 x 25 is more than 55",
        56,
        25,
        110,
        rule={"triggers": [trigger(target=50, metricType="Value")], **up(**UNLIMITED)},
    ),
]

FAILURES = [
    sentence("4.3 the maximum wins", 9, 4, 20, 90, rule=TWO),
    sentence("4.3 all failing: hold", 4, 4, ERROR, ERROR, rule=TWO),
    sentence("4.3 all failing at zero: hold", 0, 0, ERROR, ERROR, rule=TWO, active=False),
    sentence("4.3 a missing reading is an error", 4, 4, rule=TWO),
    sentence("4.3 some failing: never below", 4, 4, ERROR, 10, rule=TWO),
    sentence(
        "4.3 some failing: never below, whatever the cooldown says", 4, 4, ERROR, 0, rule=TWO, history=inactive(9000)
    ),
    sentence("4.3 some failing: still above", 9, 4, ERROR, 90, rule=TWO),
    sentence("4.3 some failing: still wakes", 1, 0, ERROR, 5, rule=TWO, active=True),
    sentence("4.3 a negative length is an error", 4, 4, -1, 0, rule=TWO),
    sentence(
        "4.3 the held count is the recommendation",
        9,
        9,
        ERROR,
        history=CALM,
        recommendations=[{"at": NOW, "replicas": 9}],
    ),
    sentence("4.3 a fallback lowers", 6, 9, ERROR, rule=fallback(6), history=failed()),
    sentence(
        "4.3 a fallback lowers through the window",
        9,
        9,
        ERROR,
        rule=fallback(6),
        history=failed(recommendations=[{"at": NOW - 10, "replicas": 9}]),
    ),
    sentence(
        "4.3 a fallback lowers through the rate limits",
        8,
        9,
        ERROR,
        rule=fallback(6) | down(policies=[policy("Pods", 1)]),
        history=failed(),
    ),
    sentence(
        "4.3 a fallback raises through the rate limits",
        4,
        2,
        ERROR,
        rule=fallback(6) | up(policies=[policy("Pods", 2)]),
        history=failed(),
    ),
    sentence("4.3 a fallback within max", 100, 2, ERROR, rule=fallback(500), history=failed()),
    sentence("4.3 a fallback within min", 5, 9, ERROR, rule=fallback(2) | {"minReplicaCount": 5}, history=failed()),
    sentence(
        "4.3 a fallback of zero: cooling down",
        1,
        5,
        ERROR,
        rule=fallback(0),
        history=failed(inactiveSince=NOW - 299),
        active=False,
    ),
    sentence(
        "4.3 a fallback of zero: after the cooldown",
        0,
        5,
        ERROR,
        rule=fallback(0),
        history=failed(inactiveSince=NOW - 300),
    ),
    sentence("4.3 the maximum of fallback and reading", 9, 2, ERROR, 90, rule=TWO | fallback(6), history=failed()),
    sentence(
        "4.3 a fallback beside a failure raises",
        6,
        2,
        ERROR,
        ERROR,
        rule=TWO | fallback(6),
        history=past(failures={"a": 9}),
    ),
    sentence(
        "4.3 a fallback beside a failure lowers nothing",
        9,
        9,
        ERROR,
        ERROR,
        rule=TWO | fallback(6),
        history=past(failures={"a": 9}),
    ),
]

ACTIVITY = [
    sentence("4.4 active by any trigger", 1, 0, 0, 5, rule=TWO, active=True),
    sentence("4.4 not at the activation value", 0, 0, 50, rule=ONCE_ACTIVE_ABOVE_50, active=False),
    sentence("4.4 above the activation value", 6, 0, 51, rule=ONCE_ACTIVE_ABOVE_50, active=True),
    sentence("4.4 activity may differ from the value", 0, 0, {"value": 90, "activity": 0}, active=False),
    sentence("4.4 activity without a value wakes one", 1, 0, {"value": 0, "activity": 1}, active=True),
    sentence("4.4 forced", 1, 0, 0, marks=marked(force_activation="true"), active=True),
    sentence(
        "4.4 forced never rests", 1, 1, 0, marks=marked(force_activation="true"), history=inactive(9000), active=True
    ),
    sentence(
        "4.4 a fallback above zero is active",
        2,
        2,
        ERROR,
        rule=fallback(2),
        history=failed(inactiveSince=NOW - 9000),
        active=True,
    ),
    sentence("4.4 the cooldown begins at the last active reading", 1, 1, 0, inactiveSince=NOW - 5),
    sentence("4.4 the cooldown goes on", 1, 1, 0, history=inactive(100), inactiveSince=NOW - 100),
    sentence("4.4 work ends the cooldown", 1, 1, 5, history=inactive(100), inactiveSince=None),
    sentence("4.4 a failed poll restarts it", 1, 1, ERROR, history=inactive(100), inactiveSince=None),
    sentence("4.4 one failed trigger restarts it", 1, 1, 0, ERROR, rule=TWO, history=inactive(100), inactiveSince=None),
    sentence(
        "4.4 it runs over a fallback of zero",
        1,
        1,
        ERROR,
        rule=fallback(0),
        history=failed(inactiveSince=NOW - 100),
        inactiveSince=NOW - 100,
    ),
    sentence("4.4 to idle where set", 1, 9, 0, rule=IDLE, history=inactive(300)),
    sentence("4.4 to zero where idle is zero", 0, 9, 0, rule=ZERO_TO_MIN, history=inactive(300)),
    sentence(
        "4.4 min without idle: the proposals rule",
        2,
        9,
        0,
        rule={"minReplicaCount": 2},
        history=inactive(9000),
        active=False,
    ),
    sentence(
        "4.4 min without idle: up although inactive",
        4,
        2,
        40,
        rule={"minReplicaCount": 2, **ONCE_ACTIVE_ABOVE_50},
        active=False,
    ),
    sentence("4.4 cooling down: floor 1", 1, 8, 0, history=inactive(100)),
    sentence("4.4 cooling down: floor min", 3, 8, 0, rule=IDLE, history=inactive(100)),
    sentence("4.4 cooling down: does not raise", 1, 1, 0, history=inactive(100)),
    sentence(
        "4.4 at zero it stays whatever is proposed",
        0,
        0,
        40,
        rule=ONCE_ACTIVE_ABOVE_50,
        history=inactive(10),
        active=False,
    ),
    sentence("4.4 at idle it stays whatever is proposed", 1, 1, 40, rule=ONCE_ACTIVE_ABOVE_50 | IDLE, active=False),
    sentence("4.4 at idle it stays during the cooldown", 1, 1, 0, rule=IDLE, history=inactive(10)),
    sentence("4.4 active at zero: at least 1", 1, 0, 1),
    sentence("4.4 active at zero: at least min", 3, 0, 1, rule=ZERO_TO_MIN),
    sentence("4.4 active at zero: straight to the proposal", 50, 0, 500),
    sentence("4.4 active at idle: at least min", 3, 1, 1, rule=IDLE),
    sentence("4.4 active at idle: straight to the proposal", 9, 1, 90, rule=IDLE),
]

BEHAVIOR = [
    sentence("4.5 without behavior up at once", 100, 1, 1000),
    sentence("4.5 with behavior HPA's default: four pods", 7, 3, 1000, rule={"behavior": {}}),
    sentence("4.5 with behavior HPA's default: twice", 20, 10, 1000, rule={"behavior": {}}),
    sentence("4.5 Value without behavior: twice", 6, 3, 1000, rule=VALUE),
    sentence("4.5 Value without behavior: four", 4, 1, 1000, rule=VALUE),
    sentence("4.5 Value without behavior: four from zero", 4, 0, 1000, rule=VALUE),
    sentence("4.5 Value without behavior: within 15 s", 6, 6, 1000, rule=VALUE, history=rose(3, 14)),
    sentence("4.5 Value without behavior: after 15 s", 12, 6, 1000, rule=VALUE, history=rose(3, 15)),
    sentence("4.5 Value of a formula: twice", 6, 3, 900, 100, rule=composite("a + b", metricType="Value")),
    sentence(
        "4.5 AverageValue beside Value: at once",
        30,
        1,
        1000,
        300,
        rule={"triggers": [trigger("a", metricType="Value"), trigger("b")]},
    ),
    sentence("4.5 Value with behavior: its policies alone", 7, 3, 1000, rule=VALUE | {"behavior": {}}),
    sentence("4.5 down to the highest of 300 s", 8, 10, 20, history=recommended(8, 300)),
    sentence("4.5 down: older is forgotten", 2, 10, 20, history=recommended(8, 301)),
    sentence("4.5 down: the window raises nothing", 10, 10, 20, history=recommended(12, 10)),
    sentence(
        "4.5 scaleUp window: the lowest",
        6,
        4,
        90,
        rule=up(stabilizationWindowSeconds=120, **UNLIMITED),
        history=recommended(6, 60),
    ),
    sentence(
        "4.5 scaleUp window: not below the replicas",
        4,
        4,
        90,
        rule=up(stabilizationWindowSeconds=120, **UNLIMITED),
        history=recommended(3, 60),
    ),
    sentence(
        "4.5 scaleUp window: its far end is out",
        9,
        4,
        90,
        rule=up(stabilizationWindowSeconds=120, **UNLIMITED),
        history=recommended(6, 120),
    ),
    sentence("4.5 missing scaleDown: window of 300 s", 8, 10, 20, rule=up(), history=recommended(8, 299)),
    sentence("4.5 missing scaleDown: its far end is out", 2, 10, 20, rule=up(), history=recommended(8, 300)),
    sentence(
        "4.5 missing window in scaleDown: 300 s",
        8,
        10,
        20,
        rule={"behavior": {"scaleDown": {"selectPolicy": "Min"}}},
        history=recommended(8, 299),
    ),
    sentence("4.5 scaleDown window 0", 2, 10, 20, rule=down(), history=recommended(8, 10)),
    sentence("4.5 Pods up", 6, 4, 500, rule=up(policies=[policy("Pods", 2)])),
    sentence(
        "4.5 Pods up: what rose in the period counts",
        6,
        6,
        500,
        rule=up(policies=[policy("Pods", 2)]),
        history=rose(2, 59),
    ),
    sentence(
        "4.5 Pods up: as old as the period does not",
        8,
        6,
        500,
        rule=up(policies=[policy("Pods", 2)]),
        history=rose(2, 60),
    ),
    sentence(
        "4.5 Pods up: what fell counts too", 10, 6, 500, rule=up(policies=[policy("Pods", 2)]), history=fell(2, 30)
    ),
    sentence("4.5 Pods down", 8, 10, 20, rule=down(policies=[policy("Pods", 2)])),
    sentence(
        "4.5 Percent up: a double rounded up",
        111,
        100,
        9000,
        rule=up(policies=[policy("Percent", 10)]) | {"maxReplicaCount": 1000},
    ),
    sentence("4.5 Percent down: a double cut off", 9, 100, 10, rule=down(policies=[policy("Percent", 90)])),
    sentence("4.5 selectPolicy Max", 8, 4, 500, rule=up(policies=[policy("Pods", 2), policy("Percent", 100)])),
    sentence(
        "4.5 selectPolicy Min",
        6,
        4,
        500,
        rule=up(selectPolicy="Min", policies=[policy("Pods", 2), policy("Percent", 100)]),
    ),
    sentence(
        "4.5 selectPolicy Min down",
        9,
        10,
        20,
        rule=down(selectPolicy="Min", policies=[policy("Pods", 1), policy("Percent", 50)]),
    ),
    sentence("4.5 scaleUp Disabled", 5, 5, 500, rule=up(selectPolicy="Disabled")),
    sentence("4.5 scaleDown Disabled", 9, 9, 20, rule=down(selectPolicy="Disabled")),
    sentence(
        "4.5 rate limits come after the window",
        6,
        4,
        90,
        rule=up(stabilizationWindowSeconds=120, policies=[policy("Pods", 2)]),
        history=recommended(8, 60),
    ),
    sentence("4.5 tolerance up", 4, 4, 60, rule=up(tolerance=0.5)),
    sentence("4.5 tolerance down", 4, 4, 30, rule=down(tolerance=0.25)),
    sentence(
        "4.5 tolerance of the other direction: the default",
        3,
        4,
        30,
        rule={"behavior": {"scaleUp": {"tolerance": 0.5}}},
    ),
    sentence("5.1 tolerance 0", 5, 4, 41, rule=up(tolerance=0)),
    sentence(
        "4.5 to zero without a window",
        0,
        50,
        0,
        history=inactive(300, recommendations=[{"at": NOW - 5, "replicas": 50}]),
    ),
    sentence(
        "4.5 to zero without a rate limit", 0, 50, 0, rule=down(policies=[policy("Pods", 1)]), history=inactive(300)
    ),
    sentence(
        "4.5 to idle without a rate limit",
        1,
        50,
        0,
        rule=IDLE | down(policies=[policy("Pods", 1)]),
        history=inactive(300),
    ),
    sentence("4.5 scaleDown Disabled forbids zero", 5, 5, 0, rule=down(selectPolicy="Disabled"), history=inactive(300)),
    sentence(
        "4.5 scaleDown Disabled forbids idle", 5, 5, 0, rule=IDLE | down(selectPolicy="Disabled"), history=inactive(300)
    ),
    sentence("4.5 paused-scale-in forbids zero", 5, 5, 0, marks=marked(paused_scale_in="true"), history=inactive(300)),
    sentence(
        "4.5 paused-scale-in forbids idle",
        5,
        5,
        0,
        rule=IDLE,
        marks=marked(paused_scale_in="true"),
        history=inactive(300),
    ),
    sentence(
        "4.5 leaving zero skips the scaleUp window",
        3,
        0,
        30,
        rule=up(stabilizationWindowSeconds=3600),
        history=recommended(0, 30),
    ),
    sentence("4.5 leaving zero: rate limits from 1", 5, 0, 500, rule=up(policies=[policy("Pods", 4)])),
    sentence("4.5 leaving zero: rate limits from min", 7, 0, 500, rule=ZERO_TO_MIN | up(policies=[policy("Pods", 4)])),
    sentence("4.5 leaving zero: Percent from 1", 2, 0, 500, rule=up(policies=[policy("Percent", 100)])),
    sentence("4.5 scaleUp Disabled: still to 1", 1, 0, 500, rule=up(selectPolicy="Disabled")),
    sentence("4.5 scaleUp Disabled: still to min", 3, 0, 500, rule=ZERO_TO_MIN | up(selectPolicy="Disabled")),
    sentence("4.5 scaleUp Disabled: from idle to min", 3, 1, 500, rule=IDLE | up(selectPolicy="Disabled")),
]

BOUNDS = [
    sentence("4.6 active: never above max", 4, 2, 500, rule={"maxReplicaCount": 4}),
    sentence("4.6 active: above max comes down", 100, 200, 1500, history=recommended(200, 5)),
    sentence("4.6 active: never below min", 3, 5, 10, rule={"minReplicaCount": 3}),
    sentence("4.6 active: never below 1", 1, 5, {"value": 0, "activity": 1}),
    sentence("4.6 min without work: below it", 2, 1, 0, rule={"minReplicaCount": 2}, active=False),
    sentence(
        "4.6 min without work: above max",
        100,
        150,
        2000,
        rule={"minReplicaCount": 1, **ACTIVE_ABOVE_MILLION},
        active=False,
    ),
    sentence("4.6 found above max without work is not clamped", 150, 150, 0, history=recommended(150, 5), active=False),
    sentence("4.6 idle is exempt", 1, 1, 0, rule=IDLE, history=inactive(300)),
    sentence("4.6 zero is exempt", 0, 0, 0, rule=ZERO_TO_MIN, history=inactive(300)),
    sentence("4.6 paused-replicas is exempt above", 700, 3, 5, marks=marked(paused_replicas="700")),
    sentence(
        "4.6 paused-replicas is exempt below", 0, 3, 5, rule={"minReplicaCount": 2}, marks=marked(paused_replicas="0")
    ),
    sentence("4.6 an error alone never lowers", 9, 9, ERROR, history=inactive(9000)),
    sentence("4.6 a restart alone never lowers", 9, 9, 10, history={}),
    sentence("4.6 a restart without work never lowers", 9, 9, 0, history={}),
    sentence("4.6 missing data alone never lowers", 9, 9, history=inactive(9000)),
]

TIMES = [
    sentence(
        "4.7 active in store: a full cooldown from now",
        3,
        3,
        0,
        history=past(lastPoll=NOW - 3600, recommendations=None),
        inactiveSince=NOW,
    ),
    sentence("4.7 inactiveSince goes on", 0, 3, 0, history=inactive(300)),
    sentence(
        "4.7 inactiveSince is shifted by a gap",
        3,
        3,
        0,
        history={"firstSeen": 0, "lastPoll": NOW - 3600, "inactiveSince": NOW - 3800},
        inactiveSince=NOW - 200,
    ),
    sentence(
        "4.7 a cooldown that was over before the gap",
        0,
        3,
        0,
        history={"firstSeen": 0, "lastPoll": NOW - 3600, "inactiveSince": NOW - 3900},
    ),
    sentence(
        "4.7 missing state: the cooldown",
        3,
        3,
        0,
        rule={"initialCooldownPeriod": 0},
        history={},
        firstSeen=NOW,
        inactiveSince=NOW,
    ),
    sentence("4.7 missing state: recommendations are seeded", 9, 9, 10, history={"firstSeen": 0, "lastPoll": NOW - 5}),
    sentence("5.1 an empty list of recommendations is none", 1, 9, 10, history=past(recommendations=[])),
    sentence("4.7 a gap shifts recommendations", 8, 10, 20, history=recommended(8, 4000) | {"lastPoll": NOW - 3900}),
    sentence(
        "4.7 a gap shifts changes",
        *(6, 6, 500),
        rule=up(policies=[policy("Pods", 2)]),
        history=rose(2, 3610) | {"lastPoll": NOW - 3600},
    ),
    sentence(
        "4.7 a gap shifts first sight",
        *(1, 3, 0),
        rule={"cooldownPeriod": 0, "initialCooldownPeriod": 100},
        history=past(firstSeen=NOW - 3650, lastPoll=NOW - 3600, inactiveSince=NOW - 3650),
        firstSeen=NOW - 50,
    ),
    sentence(
        "4.7 a clock that went back shifts too",
        1,
        3,
        0,
        history=past(firstSeen=0, lastPoll=NOW + 500, inactiveSince=NOW + 301),
        inactiveSince=NOW - 199,
    ),
    sentence(
        "4.7 thirty seconds are no gap at any interval",
        0,
        3,
        0,
        rule={"pollingInterval": 1},
        history=inactive(300, lastPoll=NOW - 30),
    ),
    sentence(
        "4.7 more than thirty seconds are",
        1,
        3,
        0,
        rule={"pollingInterval": 1},
        history=inactive(300, lastPoll=NOW - 30.5),
    ),
    sentence(
        "4.7 a gap loses no failures",
        6,
        2,
        ERROR,
        rule=fallback(6),
        history=failed(2, lastPoll=NOW - 3600),
        fallback=True,
    ),
]

FORMULAS = [
    sentence("4.8 the formula gives the only proposal", 8, 2, 30, 45, rule=composite("a + b")),
    sentence("4.8 not the triggers' own", 5, 2, 50, 900, rule=composite("a")),
    sentence("4.8 at the activationTarget", 0, 0, 20, 0, rule=composite("a", activationTarget=20), active=False),
    sentence("4.8 above the activationTarget", 3, 0, 21, 0, rule=composite("a", activationTarget=20), active=True),
    sentence("4.8 the triggers' own activation does not count", 0, 0, 0, 900, rule=composite("a"), active=False),
    sentence("4.8 metricType Value", 8, 4, 15, 5, rule=composite("a + b", metricType="Value")),
    sentence("4.8 every trigger that it uses must answer", 4, 4, ERROR, 90, rule=composite("a + b")),
    sentence("4.8 one that it does not use need not", 5, 2, 50, ERROR, rule=composite("a")),
    sentence("4.8 ?? without that fallback: no proposal", 4, 4, ERROR, 90, rule=composite("a ?? b")),
    sentence(
        "4.8 ?? under that fallback",
        9,
        4,
        ERROR,
        90,
        rule=composite("a ?? b") | fallback(1, "scalingModifiers"),
        history=failed(),
    ),
    sentence(
        "4.8 no ?? under that fallback: no proposal",
        4,
        4,
        ERROR,
        90,
        rule=composite("a + b") | fallback(1, "scalingModifiers"),
        history=failed(),
    ),
    *(
        sentence(f"4.8 {formula}: an error", 4, 4, 0, 5, rule=composite(formula), inactiveSince=None)
        for formula in ("b / a", "a / a", "a - b", "(b + 5) ** 64 ** 2")
    ),
    *(
        sentence(f"4.8 {formula}", count, 2, 30, 45, rule=composite(formula))
        for formula, count in [
            ("a * 2 - 10", 5),
            ("b % 20 + 15", 2),
            ("2 ** 5 + a", 7),
            ("a > b ? 10 : 50", 5),
            ("a < b && !(a == b) ? 60 : 10", 6),
            ("a > b or not (a > b) ? 70 : 10", 7),
            ("max(a, b)", 5),
            ("min(a, b)", 3),
            ("sum([a, b])", 8),
            ("mean([a, b])", 4),
            ("count([a, b], {# > 40}) * 40", 4),
            ("len([a, b]) * 20", 4),
            ("abs(a - b) * 3", 5),
            ("ceil(b / 2) + floor(b / 2) + round(b / 2)", 7),
        ]
    ),
]

SENTENCES = [*FIELDS, *PAUSES, *PROPOSALS, *FAILURES, *ACTIVITY, *BEHAVIOR, *BOUNDS, *TIMES, *FORMULAS]


def decided(state: dict[str, Any]) -> dict[str, Any]:
    decision: dict[str, Any] = recomputed(json.dumps(state))["decision"]
    return decision


@pytest.mark.parametrize("each", [pytest.param(each, id=each.name) for each in SENTENCES])
def test_sentence(each: Sentence) -> None:
    decision = decided(each.state)
    assert "errors" not in decision, decision["errors"]
    shown = {**decision["history"], **decision}
    expected = {"replicas": each.replicas, **each.told}
    assert {name: shown[name] for name in expected} == expected


def test_every_sentence_has_its_own_name() -> None:
    assert len({each.name for each in SENTENCES}) == len(SENTENCES)


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        pytest.param({"triggers": []}, "triggers", id="2 a trigger at least"),
        pytest.param({"triggers": [trigger(f"q{n}") for n in range(21)]}, "triggers", id="2 twenty triggers at most"),
        pytest.param({"pollingInterval": 0.4}, "pollingInterval", id="2 pollingInterval 0.5 at least"),
        pytest.param({"minReplicaCount": -1}, "minReplicaCount", id="2 min 0 at least"),
        pytest.param({"maxReplicaCount": 0}, "maxReplicaCount", id="2 max 1 at least"),
        pytest.param({"minReplicaCount": 5, "maxReplicaCount": 4}, "minReplicaCount", id="2 min at most max"),
        pytest.param({"minReplicaCount": 2, "idleReplicaCount": 2}, "idleReplicaCount", id="2 idle below min"),
        pytest.param({"idleReplicaCount": 0}, "idleReplicaCount", id="2 idle below a min of 0"),
        pytest.param(fallback(-1), "fallback.replicas", id="2 fallback.replicas 0 at least"),
        pytest.param(fallback(6, "sometimes"), "fallback.behavior", id="2 fallback.behavior of five"),
        pytest.param({"minReplicas": 1}, "minReplicas", id="2 an unknown key"),
        pytest.param(up(policys=[]), "behavior.scaleUp.policys", id="2 an unknown key further in"),
        pytest.param({"triggers": [{"type": "cpu", "metadata": {}}]}, "triggers[0].type", id="2 cpu is refused"),
        pytest.param({"triggers": [{"type": "memory", "metadata": {}}]}, "triggers[0].type", id="2 memory is refused"),
        pytest.param(composite("a + c"), "scalingModifiers.formula", id="4.8 an unknown trigger"),
        pytest.param(composite("import(a)"), "scalingModifiers.formula", id="4.8 an unknown function"),
        pytest.param(composite("a + " + "0" * 1021), "scalingModifiers.formula", id="4.8 more than 1 KiB"),
        pytest.param(composite("+".join(["a"] * 201)), "scalingModifiers.formula", id="4.8 more than 200 nodes"),
    ],
)
def test_an_invalid_rule_holds_the_count(fields: dict[str, Any], path: str) -> None:
    state = sentence("", 0, 9, 10, rule=fields, history=inactive(9000)).state
    decision = decided(state)
    assert (decision["replicas"], decision["active"]) == (9, False)
    assert path in [error["path"] for error in decision["errors"]]


def test_a_pause_works_beside_an_invalid_rule() -> None:
    state = sentence("", 0, 9, 10, rule={"minReplicaCount": -1}, marks=marked(paused_replicas="4")).state
    assert decided(state)["replicas"] == 4


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({"minReplicas": 1}, "minReplicaCount"),
        ({"fallback": {"failureTreshold": 1, "replicas": 1}}, "failureThreshold"),
        ({"triggers": [{"type": "cpu", "metadata": {}}]}, "cpu"),
    ],
    ids=["2 the nearest known key", "2 the nearest known key further in", "2 cpu by name"],
)
def test_an_error_names(fields: dict[str, Any], names: str) -> None:
    errors = decided(sentence("", 0, 9, 10, rule=fields).state)["errors"]
    assert any(names in error["message"] for error in errors)


class Poll(NamedTuple):
    """So many seconds after the start this is read, and the count must be this."""

    at: float
    reading: Any
    replicas: int
    fields: dict[str, Any] = {}  # noqa: RUF012 - never changed


PAUSED = {"annotations": marked(paused="true")}
AT_TWENTY = {"annotations": marked(paused_replicas="20")}
RESUMED: dict[str, Any] = {"annotations": {}}

STORIES = [
    pytest.param(
        {"cooldownPeriod": 60},
        3,
        [Poll(0, 25, 3), Poll(30, 0, 3), Poll(59, 0, 3), Poll(60, 0, 0)],
        id="2 cooldownPeriod is from the last active reading",
    ),
    pytest.param(
        {"cooldownPeriod": 60},
        3,
        [Poll(0, 25, 3), Poll(30, 0, 3), Poll(50, ERROR, 3), Poll(60, 0, 3), Poll(109, 0, 3), Poll(110, 0, 0)],
        id="4.4 a failed poll restarts the cooldown",
    ),
    pytest.param(
        {"cooldownPeriod": 60},
        3,
        [
            Poll(0, 0, 3, PAUSED),
            Poll(30, 0, 3, PAUSED),
            Poll(90, 0, 3, PAUSED),
            Poll(120, 0, 3, RESUMED),
            Poll(150, 0, 0),
        ],
        id="4.1 on resume the cooldown starts anew",
    ),
    pytest.param(
        {},
        3,
        [
            Poll(0, 10, 20, AT_TWENTY),
            Poll(30, 10, 20, RESUMED),
            *(Poll(s, 10, 20) for s in range(60, 301, 30)),
            Poll(330, 10, 1),
        ],
        id="4.1 on resume the present count is recommended",
    ),
    pytest.param(
        {},
        9,
        [
            Poll(0, 90, 9),
            *(Poll(s, ERROR, 9) for s in range(30, 301, 30)),
            *(Poll(s, 20, 9) for s in range(330, 601, 30)),
            Poll(630, 20, 2),
        ],
        id="4.3 what was held by an error holds for the window",
    ),
    pytest.param(
        fallback(6),
        2,
        [
            Poll(0, 20, 2),
            Poll(30, ERROR, 2),
            Poll(60, ERROR, 2),
            Poll(90, ERROR, 6),
            Poll(120, 90, 9),
            Poll(150, ERROR, 9),
        ],
        id="2 a fallback starts with the poll that reaches the threshold",
    ),
    pytest.param(
        {"behavior": {"scaleUp": {"policies": [policy("Pods", 2)]}}},
        0,
        [Poll(s, 500, count) for s, count in ((0, 3), (30, 3), (60, 5), (90, 5), (120, 7))],
        id="4.5 rate limits after leaving zero",
    ),
    pytest.param(
        {"triggers": [trigger(metricType="Value")]},
        3,
        [Poll(s, 1000, count) for s, count in ((0, 6), (5, 6), (10, 6), (15, 12), (20, 12), (30, 24))],
        id="4.5 Value rises per 15 s",
    ),
    pytest.param(
        {"cooldownPeriod": 60},
        3,
        [Poll(0, 25, 3), Poll(30, 0, 3), Poll(4000, 0, 3), Poll(4029, 0, 3), Poll(4030, 0, 0)],
        id="4.7 an outage counts for no cooldown",
    ),
    pytest.param(
        {"cooldownPeriod": 60},
        3,
        [Poll(0, 25, 3), Poll(30, 0, 3), Poll(-5000, 0, 3), Poll(-4971, 0, 3), Poll(-4970, 0, 0)],
        id="4.7 a clock that goes back counts for no cooldown",
    ),
    pytest.param(
        {"cooldownPeriod": 30, "initialCooldownPeriod": 100},
        3,
        [Poll(0, 0, 3), Poll(30, 0, 3), Poll(90, 0, 3), Poll(99, 0, 3), Poll(100, 0, 0)],
        id="4.7 without stored state the larger period",
    ),
    pytest.param(
        {"cooldownPeriod": 60, "minReplicaCount": 5, "idleReplicaCount": 2},
        8,
        [Poll(0, 80, 8), Poll(30, 0, 8), Poll(60, 0, 2), Poll(90, 0, 2), Poll(120, 5, 5)],
        id="4.4 to idle and back",
    ),
]


@pytest.mark.parametrize(("fields", "found", "polls"), STORIES)
def test_story(fields: dict[str, Any], found: int, polls: list[Poll]) -> None:
    """From a first sight on; each decision goes into the next state as it came out, and its count is made."""
    state = sentence("", 0, found, 0, rule=fields, history={}).state
    for poll in polls:
        state |= {"now": NOW + poll.at, "readings": {"orders": poll.reading}, **poll.fields}
        decision = decided(state)
        assert (poll.at, decision["replicas"]) == (poll.at, poll.replicas)
        count = decision["replicas"]
        state |= {"replicas": count, "readyReplicas": count, "history": decision["history"]}
