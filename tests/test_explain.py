"""Why a count is what it is: saved states decided again, and decisions as a person reads them."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from scaler.command.group import main
from scaler.explain import lines, recomputed, row, when
from scaler.state import BadState
from tests.rules import trigger

TRIGGER = trigger(target=20)
STATE: dict[str, Any] = {
    "rule": {"triggers": [TRIGGER], "maxReplicaCount": 30},
    "replicas": 9,
    "readyReplicas": 8,
    "now": 1_764_000_000.0,
    "readings": {"orders": 132},
    "history": {
        "lastPoll": 1_763_999_995.0,
        "firstSeen": 0.0,
        "recommendations": [{"at": 1_763_999_900.0, "replicas": 9}],
    },
}


def explain(*arguments: str, given: str = "") -> Result:
    return CliRunner().invoke(main, ["explain", *arguments], input=given)


def test_in_ten_lines_why_it_is_nine_and_not_seven() -> None:
    done = explain("--state", "-", "-o", "table", given=json.dumps(STATE))
    assert done.exit_code == 0
    assert done.stdout.splitlines() == [
        "state 1:",
        "  found      9 replicas, 8 ready",
        "  reading    orders: 132 at 20 each asks for 7",
        "  activity   active by orders",
        "  window     recommendations of the last 300 s keep 9, not 7",
        "  result     9 replicas: Stabilized",
    ]


def test_a_line_of_json_for_each_state() -> None:
    second = STATE | {"replicas": 3, "history": {"firstSeen": 0.0, "recommendations": []}}
    done = explain("--state", "-", given=f"{json.dumps(STATE)}\n\n{json.dumps(second)}\n")
    assert done.exit_code == 0
    first, other = map(json.loads, done.stdout.splitlines())
    assert (first["replicas"], first["reason"], first["active"], first["fallback"]) == (9, "Stabilized", True, False)
    assert first["steps"][0] == {"step": "proposal", "trigger": "orders", "value": 132, "target": 20, "replicas": 7}
    assert (other["replicas"], other["reason"]) == (7, "FollowsQueue")
    assert other["history"]["scaleUps"] == [{"at": 1_764_000_000.0, "change": 4}]


def test_what_comes_out_goes_in_again() -> None:
    pair = recomputed(json.dumps(STATE))
    assert recomputed(json.dumps(pair)) == pair


def test_a_bad_line_has_its_error_in_its_place(tmp_path: Path) -> None:
    path = tmp_path / "states.jsonl"
    path.write_text("\n".join(["{", json.dumps(STATE), json.dumps(STATE | {"replicas": -1})]))
    done = explain("--state", str(path), "-o", "json")
    assert done.exit_code == 1
    broken, good, negative = map(json.loads, done.stdout.splitlines())
    assert broken["error"].startswith("no JSON: ")
    assert good["replicas"] == 9
    assert negative == {"error": "replicas: must be a whole number of at least 0, not -1"}
    assert "state 1: no JSON" in explain("--state", str(path), "-o", "table").stdout


def test_a_rule_that_is_invalid_holds_and_says_why() -> None:
    state = json.dumps(STATE | {"rule": {"triggers": [TRIGGER], "minReplicas": 1}})
    mistake = "  mistake    minReplicas: unknown; did you mean 'minReplicaCount'?"
    assert mistake in explain("--state", "-", "-o", "table", given=state).stdout.splitlines()
    done = explain("--state", "-", given=state)
    assert done.exit_code == 1
    said = json.loads(done.stdout)
    assert (said["replicas"], said["reason"]) == (9, "RuleInvalid")
    assert said["errors"] == [{"path": "minReplicas", "message": "unknown; did you mean 'minReplicaCount'?"}]


@pytest.mark.parametrize("depth", [10_000])
def test_json_that_is_nested_too_deep(depth: int) -> None:
    with pytest.raises(BadState):
        recomputed("[" * depth)


@pytest.mark.parametrize(
    ("metadata", "more"),
    [
        ({"hostFromEnv": "RABBIT_URL"}, {}),
        ({}, {"authentication": {"secret": "rabbit"}}),
        ({}, {"authentication": {"parameters": {"host": {"secret": {"name": "a", "key": "b"}}}}}),
        ({"host": "amqp://***@rabbit:5672/"}, {}),
    ],
    ids=["a variable", "a Secret", "a key of it", "hidden"],
)
def test_what_a_rule_refers_to_need_not_be_there(metadata: dict[str, str], more: dict[str, Any]) -> None:
    kept = {name: text for name, text in TRIGGER["metadata"].items() if name != "host"}
    rule = {"triggers": [{**TRIGGER, "metadata": kept | metadata, **more}]}
    assert recomputed(json.dumps(STATE | {"rule": rule}))["decision"]["replicas"] == 9


def test_annotations_are_those_of_the_deployment() -> None:
    marks = {"scalerule.dev/paused-replicas": "4"}
    decision = recomputed(json.dumps(STATE | {"annotations": marks}))["decision"]
    assert (decision["replicas"], decision["reason"]) == (4, "Paused")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "name one Deployment, or a file of states with --state"),
        (("shop/orders", "--state", "x"), "name one Deployment"),
        (("--state", "x", "--at", "5"), "name one Deployment"),
        (("shop/", "-n", "shop"), "'shop/' is none of NAME, NAMESPACE/NAME"),
        (("shop/orders", "-n", "bank"), "'shop/orders' in bank: 'shop' is no kind"),
        (("orders", "--server", "http://127.0.0.1:1"), "in which namespace is 'orders'?"),
        (("shop/orders", "--at", "soon"), "'soon'"),
    ],
    ids=" ".join,
)
def test_wrong_usage(arguments: tuple[str, ...], message: str) -> None:
    done = explain(*arguments)
    assert done.exit_code == 2
    assert message in done.stderr


@pytest.mark.parametrize(
    ("arguments", "given", "message"),
    [
        (("--state", "/nowhere/states.jsonl"), "", "No such file"),
        (("--state", "-"), "\n", "-: holds no state, one JSON a line"),
        (("shop/orders", "--server", "http://127.0.0.1:1"), "", "no scaler answers at http://127.0.0.1:1"),
    ],
    ids=["no file", "nothing in it", "no scaler"],
)
def test_what_cannot_be_explained(arguments: tuple[str, ...], given: str, message: str) -> None:
    done = explain(*arguments, given=given)
    assert done.exit_code == 1
    assert message in done.stderr


def test_a_row_and_the_time_of_a_remembered_decision() -> None:
    pair = {"since": STATE["now"] - 60, "polls": 5, "writer": None, **recomputed(json.dumps(STATE))}
    assert when(pair) == "2025-11-24T15:59:00Z to 2025-11-24T16:00:00Z, 5 polls"
    assert row(pair)[:5] == ["2025-11-24T15:59:00Z", 5, 9, 9, "Stabilized"]
    writer = {"step": "writer", "manager": "kubectl", "before": 7, "after": 9}
    assert list(lines(pair | {"writer": writer}))[1] == "  writer     kubectl changed replicas from 7 to 9"
