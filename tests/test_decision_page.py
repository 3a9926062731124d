"""The page "How a count is decided": its examples are run, what it names exists, and every difference is shown here."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias, get_args

import pytest
from click.testing import CliRunner
from pydantic import BaseModel

from scaler.command.group import main
from scaler.decide import Reason
from scaler.explain import lines
from scaler.history import Change, History
from scaler.parse import parse
from scaler.pause import NAMES
from scaler.record import Record, parsed, render
from scaler.rule import Rule
from scaler.schema import RuleSchema
from scaler.status import LATER, SOON
from scaler.step import Step
from scaler.target import Key
from scalers.rabbitmq.parameters import Parameters as Rabbitmq
from scalers.rabbitmq.stats import Stats
from tests.rules import annotations, trigger
from tests.test_contract_of_decide import (
    ERROR,
    IDLE,
    NOW,
    TWO,
    VALUE,
    ZERO_TO_MIN,
    Sentence,
    composite,
    decided,
    down,
    failed,
    fallback,
    fell,
    inactive,
    marked,
    past,
    policy,
    recommended,
    rose,
    sentence,
    up,
)

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "decision.md").read_text()
EXAMPLE = re.compile(r"^<!-- (.*?) -->\n```json\n(.*?)^```\n```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EXAMPLES = EXAMPLE.findall(PAGE)
MUST = (
    *("plain proposal", "tolerance", "from zero", "activation value", "cooldown and its end"),
    *("failed poll restarts it", "window without behavior", "behavior with policies", "Value with unready replicas"),
    *("two triggers one failing", "fallback static from zero", "formula with ??", "pause and resume"),
    *("gap after an outage", "idle"),
)


def states(text: str) -> Iterator[str]:
    """What `jq -c .` makes of a file: each JSON value on a line of its own."""
    decoder, at = json.JSONDecoder(), 0
    while at < len(text):
        value, at = decoder.raw_decode(text, at)
        at += len(text[at:]) - len(text[at:].lstrip())
        yield json.dumps(value) + "\n"


def table(heading: str) -> list[list[str]]:
    """The cells of the rows below a heading of the page."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows[2:]]


@pytest.mark.parametrize(("given", "said"), [pytest.param(*each[1:], id=each[0]) for each in EXAMPLES])
def test_example(given: str, said: str) -> None:
    """Words that changed: look whether that is right, then copy them from `scaler explain` into the page."""
    done = CliRunner().invoke(main, ["explain", "--state", "-", "-o", "table"], input="".join(states(given)))
    assert done.stdout == said
    assert done.exit_code == (1 if "RuleInvalid" in said else 0)


def test_every_block_is_an_example() -> None:
    names = [name for name, _, _ in EXAMPLES]
    assert len(set(names)) == len(names) == PAGE.count("```json") == PAGE.count("```console")
    assert set(MUST) <= set(names)


def test_every_reason_is_in_its_table() -> None:
    assert sorted(cells[0] for cells in table("Every reason")) == sorted(f"`{reason}`" for reason in Reason)


def made(kind: Any) -> dict[str, Any]:
    """Some step of a kind, as JSON."""
    some = {"str": "x", "str | None": None, "bool": False, "int": 1, "float": 1.0}
    fields = {name: some[getattr(of, "__name__", str(of))] for name, of in kind.__annotations__.items()}
    name = kind.__name__
    return {"step": name[0].lower() + name[1:], **fields}


def test_every_step_is_in_its_table() -> None:
    """With the word that its line in the table of `explain` begins with."""
    told = set()
    for each in map(made, get_args(Step)):
        pair = {"state": {"replicas": 1, "readyReplicas": 1}}
        (line,) = list(lines(pair | {"decision": {"replicas": 1, "reason": "", "steps": [each]}}))[1:-1]
        told.add((f"`{line.split()[0]}`", f"`{each['step']}`"))
    assert {(line, step) for line, step, *_ in table("Every step")} == told


def test_reasons_and_steps_elsewhere_on_the_page_exist() -> None:
    shown = {*re.findall(r"replicas: (\w+)$", PAGE, re.MULTILINE), *re.findall(r"as for `(\w+)`", PAGE)}
    assert shown <= {str(reason) for reason in Reason}
    words = {cells[0].strip("`") for cells in table("Every step")} | {"found", "result", "mistake"}
    assert set(re.findall(r"^  (\w+) {2,}", "".join(said for _, _, said in EXAMPLES), re.MULTILINE)) <= words


def fields(model: type[BaseModel]) -> Iterator[str]:
    """The names that may be written anywhere in a rule."""
    for info in model.model_fields.values():
        yield str(info.alias)
        for part in nested(info.annotation):
            yield from fields(part)


def nested(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from nested(part)


def test_every_field_of_the_differences_exists() -> None:
    known = {*fields(RuleSchema), *NAMES, *(str(info.alias) for info in Rabbitmq.model_fields.values())}
    values = {"Disabled", "Value", "currentReplicas", "cpu", "memory"}
    named = {name for row in table(DIFFERENCES) for name in re.findall(r"`([\w.-]+)`", row[0])}
    assert {part for name in named for part in name.split(".")} - known <= values
    everywhere = {name for row in table(DIFFERENCES) for name in re.findall(r"`([a-z]+[A-Z]\w+)`", " ".join(row))}
    assert everywhere - known <= values


DIFFERENCES = "Every difference from KEDA and from the HPA"
#: Decisions, or a question about the code, or the test that shows it.
Shown: TypeAlias = Sequence[Sentence] | Callable[[], bool] | str


def valid(*triggers: dict[str, Any], **written: Any) -> Rule:
    rule = parse(annotations(*triggers, **written))
    assert isinstance(rule, Rule), rule.problems
    return rule


def refused(path: str, *triggers: dict[str, Any], **written: Any) -> bool:
    rule = parse(annotations(*triggers, **written))
    return not isinstance(rule, Rule) and path in [problem.path for problem in rule.problems]


def http(**metadata: str) -> dict[str, Any]:
    """A trigger over the management API."""
    made = trigger()
    return made | {"metadata": made["metadata"] | {"host": "http://rabbit:15672/", **metadata}}


def changes_are_stored() -> bool:
    history = History(0.0, NOW, scale_ups=(Change(NOW - 5, 4),), scale_downs=(Change(NOW - 9, 2),))
    kept = parsed(render(Record(Key("shop", "orders"), 1, history))).restored(3, NOW + 1, 30)
    return [(each.change, len(changes)) for changes in (kept.scale_ups, kept.scale_downs) for each in changes] == [
        (4, 1),
        (2, 1),
    ]


def warns_of_what_has_no_effect() -> bool:
    named = {"horizontalPodAutoscalerConfig": {"name": "x"}}
    warnings = valid(trigger(useCachedMetrics=True), advanced=named).warnings
    return all(any(field in warning for warning in warnings) for field in ("useCachedMetrics", "Config.name"))


def status_keeps_its_pace() -> bool:
    return (SOON, LATER) == (5, 30) and exists("tests/e2e/test_main_job.py::test_status_is_written_on_change_only")


SHOWN: dict[str, Shown] = {
    "who decides": [sentence("", 9, 1, 90), sentence("", 9, 0, 90), sentence("", 0, 9, 0, history=inactive(300))],
    "`pollingInterval`": lambda: (
        valid(pollingInterval=0.5).polling_interval == 0.5 and refused("pollingInterval", pollingInterval=0.4)
    ),
    "`initialCooldownPeriod`": [
        sentence("", 3, 3, 0, history={}),
        sentence("", 3, 3, 0, rule={"initialCooldownPeriod": 0}, history={}),
        sentence("", 1, 3, 0, rule={"cooldownPeriod": 600}, history=inactive(599, firstSeen=NOW - 599)),
    ],
    "`cooldownPeriod`: failed polls": [
        sentence("", 1, 1, ERROR, history=inactive(9000), inactiveSince=None),
        sentence("", 1, 1, 0, history=past(failures={"orders": 1}), inactiveSince=NOW - 5),
    ],
    "`cooldownPeriod`: outages, clocks": [
        sentence("", 1, 3, 0, history=inactive(3800, lastPoll=NOW - 3600), inactiveSince=NOW - 200),
        sentence("", 1, 3, 0, history=inactive(-300, lastPoll=NOW + 500), inactiveSince=NOW - 200),
    ],
    "`cooldownPeriod`: by hand": "tests/e2e/test_trouble.py::test_a_count_set_by_hand_is_not_taken_to_zero_at_once",
    "`cooldownPeriod`: policies": [
        sentence("", 0, 50, 0, rule=down(policies=[policy("Pods", 1)]), history=inactive(300)),
        sentence("", 50, 50, 0, rule=down(selectPolicy="Disabled"), history=inactive(300)),
    ],
    "`idleReplicaCount`": [
        sentence("", 2, 9, 0, rule={"minReplicaCount": 5, "idleReplicaCount": 2}, history=inactive(300)),
        sentence("", 1, 1, 0, rule=IDLE, history=inactive(300)),
    ],
    "`idleReplicaCount` of 0 beside a `minReplicaCount` of 0": lambda: refused(
        "idleReplicaCount", minReplicaCount=0, idleReplicaCount=0
    ),
    "leaving zero": [
        sentence("", 50, 0, 500),
        sentence("", 3, 0, 30, rule=up(stabilizationWindowSeconds=3600), history=recommended(0, 30)),
        sentence("", 7, 0, 500, rule=ZERO_TO_MIN | up(policies=[policy("Pods", 4)])),
    ],
    "below the minimum at zero": [sentence("", 3, 0, 0, rule={"minReplicaCount": 3})],
    "scaling up without `behavior`": [sentence("", 100, 1, 1000), sentence("", 7, 3, 1000, rule={"behavior": {}})],
    "metric type `Value` without `behavior`": [
        sentence("", 6, 3, 1000, rule=VALUE),
        sentence("", 4, 0, 1000, rule=VALUE),
        sentence("", 6, 6, 1000, rule=VALUE, history=rose(3, 14)),
        sentence("", 12, 6, 1000, rule=VALUE, history=rose(3, 15)),
    ],
    "metric type `Value`, ratio above 1": [
        sentence("", 6, 4, 20, rule=VALUE, ready=3),
        sentence("", 3, 3, 19.5, rule=VALUE, ready=1),
    ],
    "metric type `Value`, ratio below 1": [sentence("", 2, 4, 5, rule=VALUE, ready=1)],
    "AverageValue: replicas": [sentence("", 10, 10, 105, ready=1)],
    "precision": [
        sentence(
            "",
            1,
            0,
            0.0001,
            steps=[
                {"step": "proposal", "trigger": "orders", "value": 0.0001, "target": 10.0, "replicas": 1},
                {"step": "activation", "active": True, "by": "orders"},
            ],
        )
    ],
    "tolerance": [sentence("", 10, 10, 110), sentence("", 10, 10, 90)],
    "NaN, infinite and negative values": [
        sentence("", 4, 4, number, history=inactive(9000), reason="TriggerFailing")
        for number in (float("nan"), float("inf"), -1)
    ],
    "one trigger of several fails": [
        sentence("", 4, 4, ERROR, 10, rule=TWO, recommendations=[{"at": NOW, "replicas": 4}]),
        sentence("", 9, 4, ERROR, 90, rule=TWO),
    ],
    "one broker cannot be dialled": [sentence("", 9, 4, ERROR, 90, rule=TWO, failures={"a": 1})],
    "a Secret or one of its keys is missing": (
        "tests/e2e/test_secrets.py::test_a_missing_secret_is_named_and_found_later"
    ),
    "`failureThreshold`": [
        sentence("", 2, 2, ERROR, rule=fallback(6), history=failed(1)),
        sentence("", 6, 2, ERROR, rule=fallback(6), history=failed(2)),
        sentence("", 2, 2, ERROR | {"repeated": True}, rule=fallback(6), history=failed(2)),
    ],
    "`failureThreshold` of 0": [sentence("", 6, 2, ERROR, rule=fallback(6, threshold=0), fallback=True)],
    "fallback when the broker cannot be dialled": [
        sentence("", 6, 2, {"error": "cannot reach RabbitMQ"}, rule=fallback(6), history=failed(2), fallback=True)
    ],
    "fallback for `Value`": [
        sentence("", 6, 4, ERROR, rule=VALUE | fallback(6), history=failed(), ready=0),
        sentence("", 3, 0, ERROR, rule=VALUE | fallback(3), history=failed()),
    ],
    "fallback and tolerance": [sentence("", 11, 10, ERROR, rule=fallback(11), history=failed())],
    "fallback `currentReplicas` at zero": [
        sentence("", 0, 0, ERROR, rule=fallback(6, "currentReplicas"), history=failed(), active=False)
    ],
    "`fallback` with `replicas` of 0": [
        sentence("", 5, 5, ERROR, rule=fallback(0), history=inactive(9000)),
        sentence("", 1, 5, ERROR, rule=fallback(0), history=failed(inactiveSince=NOW - 299)),
        sentence("", 0, 5, ERROR, rule=fallback(0), history=failed(inactiveSince=NOW - 300)),
    ],
    "fallback with `scalingModifiers`": [
        sentence("", 4, 2, ERROR, 5, rule=composite("a + b", target="1.5") | fallback(4), history=failed())
    ],
    "`paused`": [
        sentence(
            "",
            3,
            3,
            ERROR,
            marks=marked(paused="true"),
            history=inactive(9000),
            failures={"orders": 1},
            inactiveSince=None,
        ),
        sentence("", 20, 3, 0, marks=marked(paused_replicas="20"), recommendations=[{"at": NOW, "replicas": 20}]),
    ],
    "`paused-scale-in`, `paused-scale-out`": [
        sentence("", 150, 150, 10, marks=marked(paused_scale_in="true")),
        sentence("", 1, 1, 500, rule={"minReplicaCount": 3}, marks=marked(paused_scale_out="true")),
    ],
    "`maxReplicaCount`, found above it": [
        sentence("", 100, 200, 1500, history=recommended(200, 5)),
        sentence("", 100, 200, 0, rule={"minReplicaCount": 1}, history=recommended(200, 5)),
        sentence("", 200, 200, 0, history=recommended(200, 5)),
    ],
    "formula: a failing trigger that it does not use": [
        sentence("", 5, 0, 50, ERROR, rule=composite("a"), active=True)
    ],
    "formula: no number": [
        sentence("", 4, 4, 0, 5, rule=composite(formula), reason="TriggerFailing")
        for formula in ("b / a", "a - b", "a / a")
    ],
    "formula: language": lambda: refused(
        "scalingModifiers.formula", trigger("a"), scalingModifiers={"formula": 'a | map("x")', "target": 1}
    ),
    "rate limits after a restart": changes_are_stored,
    "rate limits: steps to and from zero": [
        sentence("", 0, 9, 0, history=inactive(300), scaleDowns=[{"at": NOW, "change": 9}]),
        sentence("", 9, 0, 90, scaleUps=[{"at": NOW, "change": 9}]),
        sentence("", 15, 0, 500, rule=up(policies=[policy("Pods", 4)]), history=fell(10, 20)),
    ],
    "another writer's count": "tests/e2e/test_trouble.py::test_somebody_elses_count_is_held_and_named",
    "another autoscaler of the same target": "tests/e2e/test_trouble.py::test_beside_an_hpa_nothing_is_scaled",
    "unknown fields and parameters": lambda: (
        refused("minReplicas", minReplicas=1) and refused("triggers[0].metadata.queueLenght", http(queueLenght="5"))
    ),
    "a rule with a mistake": [
        sentence("", 4, 3, 90, rule={"minReplicas": 1}, marks=marked(paused_replicas="4")),
        sentence("", 3, 3, 90, rule={"minReplicas": 1}),
    ],
    "`cpu`, `memory` triggers": lambda: all(
        refused("triggers[0].type", {"type": kind, "metadata": {}}) for kind in ("cpu", "memory")
    ),
    "`useCachedMetrics`, `horizontalPodAutoscalerConfig.name`": warns_of_what_has_no_effect,
    "RabbitMQ regex": "tests/scalers/test_rabbitmq.py::test_every_page_of_a_pattern_is_read",
    "RabbitMQ `operation`": lambda: refused(
        "triggers[0].metadata.operation", http(useRegex="true", operation="median")
    ),
    "RabbitMQ ExpectedQueueConsumptionTime": lambda: (
        Stats(0, 5.0, 0.0).reading("ExpectedQueueConsumptionTime", 2) == (0, 0)
    ),
    "reading": "tests/e2e/test_thousand.py::test_over_amqp_they_are_one_connection",
    "status": status_keeps_its_pace,
    "`restoreToOriginalReplicaCount`": (
        "tests/e2e/test_memory.py::test_a_rollback_that_removes_the_rule_restores_nothing"
    ),
}


def exists(test: str) -> bool:
    path, _, name = test.partition("::")
    return f"def {name}(" in (ROOT / path).read_text()


def test_every_difference_is_shown() -> None:
    assert [row[0] for row in table(DIFFERENCES)] == list(SHOWN)
    assert {len(row) for row in table(DIFFERENCES)} == {4}
    assert all(all(row) for row in table(DIFFERENCES))


@pytest.mark.parametrize("name", SHOWN)
def test_difference(name: str) -> None:
    shown = SHOWN[name]
    if isinstance(shown, str):
        assert exists(shown)
    elif callable(shown):
        assert shown()
    else:
        for each in shown:
            decision = decided(each.state)
            expected = {"replicas": each.replicas, **each.told}
            found = {**decision["history"], **decision}
            assert {field: found[field] for field in expected} == expected


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)]+)\)", PAGE))))
def test_link(link: str) -> None:
    path, _, anchor = link.partition("#")
    text = (ROOT / "docs" / path).read_text() if path else PAGE
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    assert anchor in {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
