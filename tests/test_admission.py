"""What the webhook says of a review: the words of `scaler validate`, of what was changed."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from scaler.admission import Admission, Unreadable
from scaler.grants import Grant, Granted, Unbound
from scaler.validate import mistake, validate
from tests.admission import Object, deployment, review
from tests.rules import annotations, trigger

TRUSTING = Admission(Unbound())

VALID = annotations()
INVALID = annotations(minReplicas=1)
MISTAKE = "minReplicas: unknown; did you mean 'minReplicaCount'?"
OTHER = annotations(cooldown=1)
OTHER_MISTAKE = "cooldown: unknown; did you mean 'cooldownPeriod'?"
UNCLEAR = {"scalerule.dev/paused": "perhaps"}
UNCLEAR_MISTAKE = """scalerule.dev/paused: must be "true" or "false", not 'perhaps'; until then it counts as true"""
FROM_ENV = annotations(
    {"type": "rabbitmq", "metadata": {"hostFromEnv": "URL", "queueName": "q", "mode": "QueueLength", "value": "5"}}
)
URL = {"name": "URL", "value": "amqp://rabbit:5672/"}
EMPTY = "scalerule.dev/rule: must be a mapping with `triggers`"
NO_URL = "triggers[0].metadata.hostFromEnv: the target's container sets no variable 'URL'"


def answer(body: bytes, admission: Admission = TRUSTING) -> tuple[list[str], list[str]]:
    """The mistakes that it refuses, and the warnings."""
    outcome, said = admission.reply(body)
    response = said["response"]
    assert said["apiVersion"] == "admission.k8s.io/v1"
    assert said["kind"] == "AdmissionReview"
    assert response["uid"] == json.loads(body)["request"]["uid"]
    assert response["allowed"] == (outcome == "allowed")
    if outcome == "allowed":
        assert "status" not in response
        return [], response.get("warnings", [])
    assert (response["status"]["code"], response["status"]["reason"]) == (422, "Invalid")
    header, *mistakes = response["status"]["message"].splitlines()
    assert header == "the rule is invalid:"
    assert mistakes
    return mistakes, response.get("warnings", [])


@pytest.mark.parametrize(
    ("new", "old", "refused"),
    [
        pytest.param(deployment(VALID), None, [], id="a valid rule"),
        pytest.param(deployment(INVALID), None, [MISTAKE], id="an invalid rule"),
        pytest.param(deployment(INVALID | UNCLEAR), None, [MISTAKE, UNCLEAR_MISTAKE], id="all at once"),
        pytest.param(deployment(VALID | UNCLEAR), None, [UNCLEAR_MISTAKE], id="an unclear pause"),
        pytest.param(deployment(None), None, [], id="no annotations"),
        pytest.param(deployment(UNCLEAR), None, [], id="no rule"),
        pytest.param(deployment({"scalerule.dev/rule": ""}), None, [EMPTY], id="empty"),
        pytest.param(deployment(INVALID, replicas=2), deployment(INVALID), [], id="other things changed"),
        pytest.param(deployment(INVALID | UNCLEAR), deployment(INVALID | UNCLEAR), [], id="nothing changed"),
        pytest.param(
            deployment(INVALID | {"scalerule.dev/status": "{}"}), deployment(INVALID), [], id="the status changed"
        ),
        pytest.param(deployment(OTHER), deployment(INVALID), [OTHER_MISTAKE], id="another mistake"),
        pytest.param(deployment(INVALID), deployment(VALID), [MISTAKE], id="a new mistake"),
        pytest.param(deployment(INVALID), deployment(None), [MISTAKE], id="a rule is added"),
        pytest.param(deployment(None), deployment(INVALID), [], id="a rule is removed"),
        pytest.param(deployment(VALID | UNCLEAR), deployment(INVALID | UNCLEAR), [], id="mended, the pause untouched"),
        pytest.param(
            deployment(INVALID | {"scalerule.dev/paused-replicas": "3"}),
            deployment(INVALID),
            [],
            id="a pause for an invalid rule",
        ),
        pytest.param(deployment(INVALID), deployment(INVALID | UNCLEAR), [], id="a pause removed"),
        pytest.param(
            deployment(INVALID | UNCLEAR), deployment(INVALID), [UNCLEAR_MISTAKE], id="an unclear pause added"
        ),
        pytest.param(deployment(FROM_ENV, URL), None, [], id="env is that of the object"),
        pytest.param(deployment(FROM_ENV), None, [NO_URL], id="a variable that is not there"),
        pytest.param(deployment(FROM_ENV), deployment(FROM_ENV, URL), [NO_URL], id="a variable is removed"),
        pytest.param(
            deployment(FROM_ENV, {"name": "A", "value": "b"}), deployment(FROM_ENV), [], id="another variable is added"
        ),
        pytest.param(
            deployment(INVALID, URL), deployment(INVALID), [], id="a variable that the invalid rule does not name"
        ),
        pytest.param(
            deployment(FROM_ENV, {"name": "URL", "valueFrom": {"secretKeyRef": {"name": "rabbit", "key": "url"}}}),
            None,
            [],
            id="a Secret is taken as present",
        ),
    ],
)
def test_reviews(new: Object, old: Object | None, refused: list[str]) -> None:
    assert answer(review(new, old))[0] == refused


def test_what_was_wrong_before_is_told() -> None:
    paused = {"scalerule.dev/paused": "true"}
    _, warnings = answer(review(deployment(INVALID | paused), deployment(INVALID)))
    assert warnings == [f"wrong before this change already: {MISTAKE}"]


@pytest.mark.parametrize(
    ("request_", "warned"),
    [
        pytest.param({"operation": "DELETE", "object": None}, False, id="delete"),
        pytest.param({"operation": "CONNECT"}, False, id="connect"),
        pytest.param({"operation": None}, False, id="no operation"),
        pytest.param({"object": {"kind": "Scale", "spec": {"replicas": 3}}}, False, id="scale"),
        pytest.param({"object": deployment(INVALID), "resource": {"resource": "daemonsets"}}, True, id="another kind"),
        pytest.param({"object": {"kind": "Deployment"}}, False, id="no metadata"),
        pytest.param({"object": {"kind": "Deployment", "metadata": []}}, False, id="odd metadata"),
        pytest.param({"object": {"kind": "Deployment", "metadata": {"annotations": "x"}}}, False, id="odd annotations"),
        pytest.param({"object": deployment(VALID, template=3)}, False, id="odd template"),
        pytest.param({"object": deployment(VALID, template={"spec": {"containers": [1]}})}, False, id="odd containers"),
        pytest.param({"oldObject": "x"}, False, id="odd old object"),
    ],
)
def test_what_is_none_of_our_business_is_allowed(request_: Object, warned: bool) -> None:
    refused, warnings = answer(review(**{"new": deployment(VALID), **request_}))
    assert (refused, any("to scale deployments only" in warning for warning in warnings)) == ([], warned)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        pytest.param(b"", "not JSON: line 1, column 1", id="nothing"),
        pytest.param(b"hunter2", "not JSON: line 1, column 1", id="no JSON"),
        pytest.param(b'{"a": "hunter2', "not JSON: line 1, column 7", id="half of it"),
        pytest.param(b"\xff\xfe\xfd", "not text in UTF-8", id="bytes"),
        pytest.param(b"\x1f\x8b\x08\x00", "not text in UTF-8", id="gzip"),
        pytest.param(b"[]", "not an AdmissionReview", id="a list"),
        pytest.param(b"null", "not an AdmissionReview", id="null"),
        pytest.param(b"9" * 5000, "a number is too long", id="a long number"),
        pytest.param(b'{"kind": "hunter2"}', "not an AdmissionReview", id="another kind"),
        pytest.param(
            b'{"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1beta1", "request": {"uid": "1"}}',
            "only admission.k8s.io/v1 is understood",
            id="v1beta1",
        ),
        pytest.param(
            b'{"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1"}', "request is missing", id="no request"
        ),
        pytest.param(review(deployment(VALID), uid=""), "request.uid is missing", id="no uid"),
        pytest.param(review(deployment(VALID), uid=7), "request.uid is missing", id="odd uid"),
        pytest.param(review(deployment(VALID), uid="x" * 1000), "request.uid is missing", id="long uid"),
        pytest.param(review(None), "object is missing", id="no object"),
        pytest.param(b"[" * 100_000, "nested too deep", id="deep"),
    ],
)
def test_what_is_no_review(body: bytes, said: str) -> None:
    with pytest.raises(Unreadable) as unreadable:
        TRUSTING.reply(body)
    assert said in str(unreadable.value)
    assert "hunter2" not in str(unreadable.value)


def test_grants_of_the_operator() -> None:
    queue = {"queueURL": "https://sqs.eu-west-1.amazonaws.com/1/orders"}
    identity = {"podIdentity": {"provider": "aws", "roleArn": "arn:aws:iam::1:role/orders"}}
    body = review(deployment(annotations({"type": "aws-sqs-queue", "metadata": queue, "authentication": identity})))
    allowed = Grant(provider="aws", namespaces=["shop"], hosts=["amazonaws.com"], roleArns=["arn:aws:iam::1:role/*"])
    assert answer(body)[0] == []
    assert answer(body, Admission(Granted((allowed,))))[0] == []
    (refused,) = answer(body, Admission(Granted()))[0]
    assert refused.startswith("triggers[0].authentication.podIdentity: not allowed by the operator")


def test_no_secret_is_repeated() -> None:
    canary = "canary-7f3a"
    host = f"amqp://{canary}:{canary}@rabbit:5672/"
    metadata = {"host": host, "queueName": "q", "mode": "QueueLength", "value": host, "vhostNam": host}
    wrong = annotations({"type": "rabbitmq", "metadata": metadata}, pollingInterval=host, minReplicaCount=host)
    env = {"name": "URL", "value": f"amqp//{canary}"}
    for new in (deployment(wrong), deployment(FROM_ENV, env)):
        assert answer(review(new))[0]
        assert canary not in str(TRUSTING.reply(review(new)))


def test_lines_stay_lines() -> None:
    (mistake,) = answer(review(deployment(annotations(**{"min\nReplica\x1b[31mCount": 1}))))[0]
    assert mistake == "min Replica [31mCount: unknown; did you mean 'minReplicaCount'?"
    _, warnings = answer(review(deployment(annotations(trigger("a\nb" * 80, target=1)))))
    assert len(warnings) == 3
    assert all(warning.isprintable() and len(warning) <= 250 for warning in warnings)


ROOT = Path(__file__).parents[1]
EXAMPLES = sorted((ROOT / "manifests" / "examples").glob("*.yaml"))
KEDA = [
    case
    for path in sorted((ROOT / "tests" / "cases").glob("keda_*.json"))
    for case in json.loads(path.read_text())["cases"]
    if case["kind"] == "parse"
]


def both(path: Path, new: Object) -> bool:
    """Whether validate and the webhook let it through, which must be the same in the same words."""
    (verdict,) = validate([str(path)], "shop")
    refused, warnings = answer(review(new))
    assert refused == [mistake(**each) for each in verdict["errors"]]
    # Secrets in a file tell validate more.
    assert set(warnings) <= set(verdict["warnings"])
    return bool(verdict["valid"])


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_as_validate_does(path: Path) -> None:
    (example,) = (each for each in yaml.safe_load_all(path.read_text()) if each["kind"] == "Deployment")
    assert both(path, example)


@pytest.mark.parametrize("case", KEDA, ids=lambda case: case["name"])
def test_keda_cases_as_validate_does(case: dict[str, Any], tmp_path: Path) -> None:
    variables = {f"AUTH_{name}": text for name, text in case["auth"].items()} | case["resolved_env"]
    authentication: Object = {"parameters": {name: {"env": f"AUTH_{name}"} for name in case["auth"]}}
    if case["pod_identity"]:
        authentication["podIdentity"] = case["pod_identity"]
    entry = {"type": case["scaler"], "metadata": case["metadata"], "authentication": authentication}
    env = [{"name": name, "value": text} for name, text in variables.items()]
    new = deployment(annotations(entry), *env)
    path = tmp_path / "deployment.json"
    path.write_text(json.dumps(new))
    assert both(path, new) == case["valid"]
