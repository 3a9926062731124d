"""KEDA's own cases for its SQS trigger, and what they leave open."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from scalers import Identity
from scalers.aws_sqs_queue import Connection, Parameters, Queue, region
from scalers.problem import Invalid

CASES = json.loads((Path(__file__).parents[1] / "cases" / "keda_aws_sqs_queue.json").read_text())["cases"]
PARSES = [case for case in CASES if case["kind"] == "parse"]
URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders"
KEYS = {"awsAccessKeyID": "canary-id", "awsSecretAccessKey": "canary"}
KEYED = Connection(
    endpoint="https://sqs.eu-west-1.amazonaws.com",
    region="eu-west-1",
    access_key_id=SecretStr("canary-id"),
    secret_access_key=SecretStr("canary"),
)
POD = Identity(provider="aws")
ARN = "arn:aws:iam::123456789012:role/r"

Case = dict[str, Any]


def parse(case: Case) -> Parameters:
    said = case["pod_identity"]
    identity = said and Identity(
        provider=said["provider"], role_arn=said.get("roleArn"), external_id=said.get("externalID")
    )
    return Parameters.parse(case["metadata"], case["auth"], case["resolved_env"], identity)


@pytest.mark.parametrize("case", PARSES, ids=[case["name"] for case in PARSES])
def test_keda_valid(case: Case) -> None:
    if not case["valid"]:
        with pytest.raises(Invalid):
            parse(case)
        return
    parameters = parse(case)
    expected = case["expect"]["parsed"]
    shown = parameters.shown()
    compared = shown.keys() & expected.keys()
    assert {key: shown[key] for key in compared} == {key: expected[key] for key in compared}
    assert compared >= {"queueURL", "queueLength", "activationQueueLength", "awsRegion", "scaleOnInFlight"}
    assert parameters.target == expected["queueLength"]
    counted = ["ApproximateNumberOfMessages"]
    counted += ["ApproximateNumberOfMessagesNotVisible"] * parameters.queue().in_flight
    counted += ["ApproximateNumberOfMessagesDelayed"] * parameters.queue().delayed
    assert counted == expected["attributes"]


def sqs(url: str = URL, /, auth: dict[str, str] = KEYS, identity: Identity | None = None, **more: str) -> Parameters:
    return Parameters.parse({"queueURL": url, **more}, auth, {}, identity)


def test_defaults() -> None:
    found = sqs()
    assert (found.target, found.activation) == (5, 0)
    assert found.queue() == Queue(url=URL, in_flight=True, delayed=False)
    assert found.connection() == KEYED
    assert found.hosts() == ["sqs.eu-west-1.amazonaws.com"]
    assert not found.warnings()


def test_everything_that_may_be_written() -> None:
    more = {"queueLength": "7", "activationQueueLength": "-1", "awsRegion": "us-east-2"}
    more |= {"scaleOnInFlight": "false", "scaleOnDelayed": "true", "awsEndpoint": "http://localhost:4566/base/"}
    found = sqs("orders.fifo", KEYS | {"awsSessionToken": "canary-token"}, **more)
    assert (found.target, found.activation) == (7, -1)
    assert found.queue() == Queue(url="orders.fifo", in_flight=False, delayed=True)
    assert found.connection() == Connection(
        endpoint="http://localhost:4566/base",
        region="us-east-2",
        access_key_id=SecretStr("canary-id"),
        secret_access_key=SecretStr("canary"),
        session_token=SecretStr("canary-token"),
    )


@pytest.mark.parametrize(
    ("url", "named"),
    [
        (URL, "eu-west-1"),
        ("https://queue.amazonaws.com/1/q", "us-east-1"),
        ("https://us-west-2.queue.amazonaws.com/1/q", "us-west-2"),
        ("https://sqs-fips.us-gov-west-1.amazonaws.com/1/q", "us-gov-west-1"),
        ("https://sqs.cn-north-1.amazonaws.com.cn/1/q", "cn-north-1"),
        ("https://vpce-1-a.sqs.eu-central-1.vpce.amazonaws.com/1/q", "eu-central-1"),
        ("http://localhost:4566/1/q", None),
        ("https://eu-west-1.example.com/1/q", None),
        ("orders", None),
    ],
)
def test_the_region_that_a_url_names(url: str, named: str | None) -> None:
    assert region.of_url(url) == named


@pytest.mark.parametrize(
    ("where", "host"),
    [
        ("eu-west-1", "sqs.eu-west-1.amazonaws.com"),
        ("us-east-1", "sqs.us-east-1.amazonaws.com"),
        ("cn-north-1", "sqs.cn-north-1.amazonaws.com.cn"),
        ("us-gov-west-1", "sqs.us-gov-west-1.amazonaws.com"),
    ],
)
def test_the_host_of_a_region(where: str, host: str) -> None:
    assert sqs("orders", awsRegion=where).connection().host == host


@pytest.mark.parametrize(
    ("more", "path", "message"),
    [
        ({"queueURL": ""}, "metadata.queueURL", "required"),
        ({"queueURL": "a b"}, "metadata.queueURL", "must be a queue's name or its URL"),
        ({"queueURL": "a" * 81}, "metadata.queueURL", "must be a queue's name or its URL"),
        ({"queueURL": "a" * 76 + ".fifo"}, "metadata.queueURL", "must be a queue's name or its URL"),
        ({"queueURL": "https://sqs.eu-west-1.amazonaws.com/1"}, "metadata.queueURL", "must be a queue's name or its"),
        ({"queueURL": "https://sqs.eu-west-1.amazonaws.com/1/a/b"}, "metadata.queueURL", "must be a queue's name"),
        ({"queueURL": "ftp://sqs.eu-west-1.amazonaws.com/1/a"}, "metadata.queueURL", "must be a queue's name or its"),
        ({"queueURL": "https://u:p@sqs.eu-west-1.amazonaws.com/1/a"}, "metadata.queueURL", "must be a queue's name"),
        ({"queueURL": "https://h:x/1/a"}, "metadata.queueURL", "must be a queue's name or its URL"),
        ({"queueLength": "0"}, "metadata.queueLength", "must be greater than or equal to 1, not '0'"),
        ({"queueLength": "1.5"}, "metadata.queueLength", "must be a whole number"),
        ({"activationQueueLength": "x"}, "metadata.activationQueueLength", "must be a whole number"),
        ({"scaleOnInFlight": "yes"}, "metadata.scaleOnInFlight", "must be true or false, not 'yes'"),
        ({"scaleOnDelayed": "2"}, "metadata.scaleOnDelayed", "must be true or false, not '2'"),
        ({"awsRegion": "EU west"}, "metadata.awsRegion", "must be a region, as in eu-west-1, not 'EU west'"),
        ({"awsRegion": "evil.example/"}, "metadata.awsRegion", "must be a region, as in eu-west-1"),
        ({"awsRegion": "mars-1"}, "metadata.awsRegion", "must be a region of AWS unless awsEndpoint is set"),
        ({"awsEndpoint": "localhost:4566"}, "metadata.awsEndpoint", "must be a URL that begins with https:// or http"),
        ({"awsEndpoint": "http://h/?a=b"}, "metadata.awsEndpoint", "must be a URL that begins with https://"),
        ({"awsEndpoint": "http://u:p@h/"}, "metadata.awsEndpoint", "must be a URL that begins with https://"),
        ({"identityOwner": "workload"}, "metadata.identityOwner", "must be 'pod' or 'operator', not 'workload'"),
        ({"awsSecretAccessKey": "canary"}, "metadata.awsSecretAccessKey", "metadata.awsSecretAccessKeyFromEnv"),
        ({"awsSessionToken": "canary"}, "metadata.awsSessionToken", "write awsSessionToken in authentication"),
        ({"queueUrl": "a"}, "metadata.queueUrl", "did you mean 'queueURL'?"),
    ],
)
def test_problems(more: dict[str, str], path: str, message: str) -> None:
    with pytest.raises(Invalid) as caught:
        Parameters.parse({"queueURL": URL, **more}, KEYS)
    found = {problem.path: problem.message for problem in caught.value.problems}
    assert message in found[path]
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("url", ["orders", "http://localhost:4566/1/q"])
def test_some_region_is_required(url: str) -> None:
    with pytest.raises(Invalid) as caught:
        sqs(url)
    assert str(caught.value) == (
        "metadata.awsRegion: required; queueURL names no region; write it in metadata or authentication"
    )


@pytest.mark.parametrize(
    ("auth", "missing"),
    [
        ({}, ["metadata.awsAccessKeyID", "authentication.awsSecretAccessKey"]),
        ({"awsAccessKeyID": "k"}, ["authentication.awsSecretAccessKey"]),
        ({"awsSecretAccessKey": "k"}, ["metadata.awsAccessKeyID"]),
    ],
)
def test_some_login_is_required(auth: dict[str, str], missing: list[str]) -> None:
    with pytest.raises(Invalid) as caught:
        sqs(URL, auth)
    found = {problem.path.rpartition(".")[2]: problem.message for problem in caught.value.problems}
    assert found.keys() == {path.rpartition(".")[2] for path in missing}
    assert all("podIdentity: {provider: aws} needs none" in message for message in found.values())


def test_keys_from_the_environment() -> None:
    metadata = {"queueURL": URL, "awsAccessKeyIDFromEnv": "ID", "awsSecretAccessKeyFromEnv": "KEY"}
    found = Parameters.parse(metadata, {}, {"ID": "canary-id", "KEY": "canary"})
    assert found.connection() == KEYED


@pytest.mark.parametrize("name", ["awsAccessKeyID", "awsAccessKeyId"])
def test_both_names_of_the_key_id(name: str) -> None:
    assert sqs(URL, {name: "canary-id", "awsSecretAccessKey": "canary"}).connection() == KEYED


@pytest.mark.parametrize(
    ("identity", "auth", "more", "expected"),
    [
        pytest.param(POD, {}, {}, POD, id="the pod's own"),
        pytest.param(None, {}, {"identityOwner": "operator"}, POD, id="as it was written before"),
        pytest.param(None, {"awsRoleArn": ARN}, {}, Identity(provider="aws", role_arn=ARN), id="a role"),
        pytest.param(POD, {"awsRoleArn": ARN}, {}, Identity(provider="aws", role_arn=ARN), id="the pod's, and a role"),
        pytest.param(
            Identity(provider="aws", role_arn="a", external_id="e"),
            {"awsRoleArn": ARN},
            {},
            Identity(provider="aws", role_arn="a", external_id="e"),
            id="the identity's role comes first",
        ),
    ],
)
def test_identities(identity: Identity | None, auth: dict[str, str], more: dict[str, str], expected: Identity) -> None:
    """Each is the scaler's own, which an operator has to allow, however it is written."""
    found = sqs(URL, auth, identity, **more)
    assert found.identity == expected
    assert found.connection() == Connection(endpoint=KEYED.endpoint, region="eu-west-1", identity=expected)


def test_another_identity_is_refused() -> None:
    with pytest.raises(Invalid) as caught:
        sqs(URL, {}, Identity(provider="azure-workload"))
    assert "authentication.podIdentity.provider: must be aws, not 'azure-workload'" in str(caught.value)


@pytest.mark.parametrize(
    ("found", "warning"),
    [
        (sqs(URL, {}, identityOwner="operator"), "identityOwner is deprecated"),
        (sqs(URL, KEYS, POD), "the access key has no effect beside a pod identity"),
        (sqs(awsRegion="us-east-1"), "queueURL names the region eu-west-1, but us-east-1 is asked"),
        (sqs("http://localhost:4566/1/q", awsRegion="eu-west-1"), "sqs.eu-west-1.amazonaws.com is asked, not the host"),
        (sqs(scaleOnInFlight="false"), "cooldownPeriod must exceed the time that the longest message"),
    ],
)
def test_what_may_not_be_meant_is_told(found: Parameters, warning: str) -> None:
    (said,) = found.warnings()
    assert warning in said


def test_connections_are_shared_where_region_and_login_are_the_same() -> None:
    other = URL.replace("orders", "others")
    assert sqs().connection() == sqs(other, scaleOnDelayed="true").connection()
    assert sqs().connection() != sqs("orders", awsRegion="us-east-1").connection()
    assert sqs().connection() != sqs(URL, KEYS | {"awsAccessKeyID": "other"}).connection()


def test_no_key_is_shown() -> None:
    found = sqs(URL, KEYS | {"awsSessionToken": "canary-token"})
    seen = (found, found.connection(), found.shown(), found.warnings())
    assert "canary" not in f"{seen!r} {seen!s}"
    assert found.shown()["awsSecretAccessKey"] == "***"
