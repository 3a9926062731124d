"""Nothing that a user or an API server sends crashes anything, and every refusal says where.

SCALER_FUZZ=100000 (or `make fuzz`) tries as many as that of each kind.
"""

import contextlib
import json
import os
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from scaler.admission import Admission, Unreadable
from scaler.document import MAX_BYTES
from scaler.grants import Granted, Unbound
from scaler.manifest import manifest
from scaler.parse import parse
from scaler.rule import InvalidRule, Rule
from scaler.surroundings import ON_PAPER, Surroundings
from scaler.validate import judged, lines, mistake
from scalers.problem import MOST
from tests.admission import deployment, review
from tests.annotations import RULE, annotated, containers, reviews
from tests.rules import annotations, trigger

_EXAMPLES = int(os.environ.get("SCALER_FUZZ", "150"))
#: In characters: what is told of one Deployment is shown in events, conditions and terminals.
_LONGEST = 64 * 1024

#: What is said of a document as a whole; everything else names a path.
_WHOLE = (
    *("not YAML: ", "more than one document: ", "more than 4000 keys and values: ", "longer than 64 KiB: "),
    *("must be a mapping with `triggers`", "a key ", "the alias ", "the anchor ", "the tag ", "and "),
)

TRUSTING = Admission(Unbound())

fuzz = settings(max_examples=_EXAMPLES, database=None, suppress_health_check=[*HealthCheck], print_blob=True)


def told(body: bytes) -> tuple[list[str], list[str]]:
    """What the webhook refuses, and its warnings."""
    reply = TRUSTING.reply(body)
    response = json.loads(json.dumps(reply.body))["response"]
    message = response.get("status", {}).get("message", "the rule is invalid:")
    assert response["allowed"] == ("status" not in response)
    assert len(message) <= _LONGEST
    return message.splitlines()[1:], response.get("warnings", [])


def printable(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text)


@fuzz
@given(annotated(), containers())
def test_annotations(given: dict[str, str], around: Any) -> None:
    """One set is refused, by all who look, in the same words."""
    new = deployment(given, template={"spec": {"containers": around}})
    found = manifest(new, "shop")
    assert found is not None
    surroundings = Surroundings("shop", found.containers)
    rule = parse(found.annotations, surroundings)
    assert isinstance(rule, Rule | InvalidRule)
    assert isinstance(parse(found.annotations, ON_PAPER), Rule | InvalidRule)
    verdict = judged(found, surroundings)
    for error in verdict["errors"]:
        assert error["message"]
        assert error["path"] or error["message"].startswith(_WHOLE), error
    assert "\n".join(lines(verdict))
    refused, _ = told(review(new))
    assert refused == [printable(mistake(**each)) for each in verdict["errors"]]
    assert told(review(new, new))[0] == []
    Admission(Granted()).reply(review(new, deployment(annotations())))


@fuzz
@given(reviews(review(deployment(annotations()), deployment(annotations(minReplicas=1)))))
def test_reviews(body: bytes) -> None:
    with contextlib.suppress(Unreadable):
        told(body)


def _meta(text: str) -> str:
    return json.dumps({"triggers": [trigger() | {"metadata": {"host": "http://h", "queueName": "q", "value": text}}]})


BOMBS = {
    "laughs": "a: &a [x,x,x,x,x,x,x,x,x]\n"
    + "".join(f"{b}: &{b} [{','.join(['*' + a] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)),
    "merges": "a: &a {b: 1}\n" + "c: {<<: [*a, *a, *a]}\n" * 1000,
    "brackets": "[" * MAX_BYTES,
    "braces": "{a: " * (MAX_BYTES // 4),
    "dashes": "- " * (MAX_BYTES // 2),
    "indents": "\n".join(" " * n + "a:" for n in range(350)),
    "closed brackets": "[" * 30_000 + "]" * 30_000,
    "one mebibyte": "x" * 2**20,
    "one mebibyte of lines": "a: 1\n" * 2**18,
    "unknown fields": json.dumps({f"minReplicaCount{n}": 1 for n in range(1900)}),
    "unknown parameters": json.dumps({"triggers": [trigger() | {"metadata": {f"k{n}": "1" for n in range(1900)}}]}),
    "unknown keys of secrets": json.dumps(
        {
            "triggers": [
                {"type": "rabbitmq", "authentication": {"parameters": {f"k{n}": {"env": "A"} for n in range(900)}}}
            ]
        }
    ),
    "bad policies": json.dumps({"behavior": {"scaleUp": {"policies": [{}] * 1900}}}),
    "many triggers": json.dumps({"triggers": [{}] * 1900}),
    "a long key": json.dumps({"k" * 60_000: {}}),
    "a long word": json.dumps({"pollingInterval": "1h" * 30_000}),
    "a long number": _meta("9" * 60_000),
    "a long type": json.dumps({"triggers": [{"type": "r" * 60_000}]}),
    "a pattern": json.dumps(
        {"triggers": [{"type": "azure-servicebus", "metadata": {"queueName": "(" * 50_000, "useRegex": "true"}}]}
    ),
    "a formula": json.dumps({"triggers": [trigger()], "scalingModifiers": {"formula": "(" * 1000, "target": 1}}),
    "zeros": "\0" * MAX_BYTES,
}


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS.keys())
def test_bombs(text: str) -> None:
    """Little time, and little to say. libyaml alone would take five seconds of brackets."""
    parse(annotations())
    new = deployment({RULE: text})
    began = time.process_time()
    refused, warnings = told(review(new))
    assert time.process_time() - began < 2
    assert 0 < len(refused) <= MOST + 1
    assert sum(map(len, warnings)) < _LONGEST


def test_many_annotations() -> None:
    """The API server takes 256 KiB of them."""
    names = {f"scalerule.dev/paused-replicas{number}": "1" for number in range(5000)}
    began = time.process_time()
    _, warnings = told(review(deployment(annotations() | names)))
    assert time.process_time() - began < 2
    assert MOST <= len(warnings) < 2 * MOST
