"""KEDA's own cases for its RabbitMQ trigger, and what they leave open."""

import json
from pathlib import Path
from typing import Any

import pytest

from scalers import Identity, Reading
from scalers.problem import Invalid
from scalers.rabbitmq import Connection, Parameters, Queue
from scalers.rabbitmq.listing import Ask, Listing
from scalers.rabbitmq.stats import Stats
from scalers.tls import Tls

CASES = json.loads((Path(__file__).parents[1] / "cases" / "keda_rabbitmq.json").read_text())["cases"]

Case = dict[str, Any]
SECRET = {"host", "password", "username", "key", "keyPassword", "clientSecret"}


def of_kind(*kinds: str) -> pytest.MarkDecorator:
    cases = [case for case in CASES if case["kind"] in kinds]
    return pytest.mark.parametrize("case", cases, ids=[case["name"] for case in cases])


def parse(case: Case) -> Parameters:
    metadata = dict(case["metadata"])
    if case["kind"] == "vhost_path":
        metadata["host"] = f"http://broker:15672/{case['input']['url_path']}"
    return Parameters.parse(metadata, case["auth"], case["resolved_env"], identity(case["pod_identity"]))


def identity(said: dict[str, str] | None) -> Identity | None:
    if said is None:
        return None
    return Identity(provider=said["provider"], identity_id=said.get("identityId"))


@of_kind("parse")
def test_keda_valid(case: Case) -> None:
    if not case["valid"]:
        with pytest.raises(Invalid):
            parse(case)
        return
    parameters = parse(case)
    expected = case["expect"]["parsed"]
    shown = parameters.shown()
    compared = shown.keys() & expected.keys() - SECRET - {"scopes"}
    assert {key: shown[key] for key in compared} == {key: expected[key] for key in compared}
    assert parameters.host.get_secret_value() == expected["host"]
    assert parameters.connection().timeout == (expected["timeout_ms"] / 1000 or None)
    assert parameters.target == case["expect"].get("target_milli", expected["value"] * 1000) / 1000
    assert parameters.activation == expected["activationValue"]


@of_kind("vhost_path", "query")
def test_keda_request_path(case: Case) -> None:
    parameters = parse(case)
    ask = Ask.of(parameters.queue())
    asked, _ = ask.path(parameters.connection().path, ["q"], fresh=True).split("?")
    wanted = case["expect"].get("request_path", "/api/queues/%2F/evaluate_trials")
    assert asked == wanted.removesuffix("/evaluate_trials")


@of_kind("query")
def test_keda_reading(case: Case) -> None:
    parameters = parse(case)
    body = case["input"]["body"]
    rows = body.get("items", [body])
    # KEDA's own bodies give several queues one name.
    named = rows if not parameters.use_regex else [row | {"name": f"{n}"} for n, row in enumerate(rows)]
    answer = Listing(json.dumps(named).encode()).reading(parameters.queue())
    assert isinstance(answer, Reading)
    assert answer.value == pytest.approx(case["expect"]["metric_milli"] / 1000, abs=1e-3)
    assert (answer.activity > parameters.activation) == case["expect"]["active"]


@of_kind("aggregate")
def test_keda_aggregate(case: Case) -> None:
    items, expected = case["input"]["items"], case["expect"]
    for ready_only, messages in ((False, expected["messages"]), (True, expected["messages_ready"])):
        several = [Stats.of(item, ready_only, rates=True) for item in items]
        wanted = Stats(messages, expected["publish_rate"], expected["deliver_get_rate"])
        assert Stats.together(several, case["metadata"]["operation"]) == wanted


@of_kind("amqp_sasl")
def test_keda_external_login(case: Case) -> None:
    metadata = {"queueName": "q", "host": "amqps://h", **case["metadata"]}
    assert Parameters.parse(metadata, case["auth"]).connection().external


def rabbit(host: str, /, **metadata: str) -> Parameters:
    return Parameters.parse({"queueName": "q", "host": host, **metadata})


@pytest.mark.parametrize(
    ("host", "metadata", "connection"),
    [
        ("amqp://h", {}, {"port": 5672, "vhost": "/", "username": "guest", "password": "guest"}),
        ("amqps://h/", {}, {"port": 5671, "vhost": "/", "username": "guest", "password": "guest"}),
        ("amqp://u:p%40@h:1/a%2Fb", {}, {"port": 1, "vhost": "a/b", "username": "u", "password": "p@"}),
        ("amqp://u:p@h/a", {"vhostName": "b"}, {"port": 5672, "vhost": "b", "username": "u", "password": "p"}),
        ("http://h", {}, {"port": 80}),
        ("https://u:p@h/sub/v", {"timeout": "2s"}, {"port": 443, "path": "/sub", "username": "u", "password": "p"}),
        ("http://h/a b/v", {}, {"port": 80, "path": "/a%20b"}),
    ],
)
def test_connection(host: str, metadata: dict[str, str], connection: dict[str, Any]) -> None:
    scheme = host.partition(":")[0]
    expected = Connection(protocol=scheme.removesuffix("s"), scheme=scheme, host="h", **connection)
    found = rabbit(host, **metadata).connection()
    assert found == expected.model_copy(update={"timeout": 2.0 if "timeout" in metadata else None})


def test_username_and_password_replace_those_in_host() -> None:
    metadata = {"queueName": "q", "host": "amqp://u:p@h"}
    found = Parameters.parse(metadata, {"username": "a", "password": "b"}).connection()
    assert (found.username, found.password.get_secret_value()) == ("a", "b")


def test_vhosts_share_a_connection_over_http_only() -> None:
    assert rabbit("http://h/a").connection() == rabbit("http://h/b").connection()
    assert rabbit("amqp://h/a").connection() != rabbit("amqp://h/b").connection()
    assert rabbit("http://h/a").queue() == Queue(name="q", vhost="a")


def test_equal_hosts_written_differently_are_equal() -> None:
    assert rabbit("amqp://H").connection() == rabbit("amqp://guest:guest@h:5672/%2F").connection()


OAUTH = {"oauthTokenURI": "https://t/token", "clientID": "c", "clientSecret": "s"}


@pytest.mark.parametrize(
    ("metadata", "auth", "path", "message"),
    [
        ({"value": "5"}, {}, "metadata.value", "needs mode"),
        ({"mode": "QueueLength"}, {}, "metadata.value", "required with mode"),
        ({"mode": "QueueLength", "queueLength": "5"}, {}, "metadata.value", "queueLength stands for"),
        ({"mode": "MessageRate", "value": "5"}, {}, "metadata.mode", "MessageRate needs protocol http"),
        ({"mode": "Rate", "value": "5"}, {}, "metadata.mode", "must be 'QueueLength'"),
        ({"excludeUnacknowledged": "true"}, {}, "metadata.excludeUnacknowledged", "needs protocol http"),
        ({"mode": "QueueLength", "value": "5", "timeout": "1s"}, {}, "metadata.timeout", "needs protocol http"),
        ({}, {"password": "p"}, "authentication.username", "need each other"),
        ({"password": "p"}, {}, "metadata.password", "write password in authentication"),
        ({"useRegex": "true"}, {}, "metadata.useRegex", "needs protocol http"),
        ({"operation": "mean"}, {}, "metadata.operation", "must be 'sum', 'max' or 'avg', not 'mean'"),
        ({"pageSize": "0"}, {}, "metadata.pageSize", "must be greater than or equal to 1"),
        ({"unsafeSsl": "maybe"}, {}, "metadata.unsafeSsl", "must be true or false"),
        ({}, {"tls": "on"}, "authentication.tls", "must be 'enable' or 'disable'"),
        ({}, {"cert": "PEM"}, "authentication.cert", "need each other"),
        ({"tls": "enable"}, {}, "metadata.tls", "write tls in authentication"),
        ({}, {"workloadIdentityResource": "r"}, "authentication.workloadIdentityResource", "needs protocol http"),
        ({}, OAUTH, "authentication.oauthTokenURI", "needs protocol http"),
        ({"host": "http://h"}, OAUTH | {"clientSecret": ""}, "authentication.oauthTokenURI", "need each other"),
        (
            {"host": "http://h"},
            OAUTH | {"username": "u", "password": "p"},
            "authentication.oauthTokenURI",
            "cannot stand beside username",
        ),
        ({"host": "http://h"}, OAUTH | {"oauthTokenURI": "t"}, "authentication.oauthTokenURI", "must be a URL"),
        ({"host": "amqp://h:port"}, {}, "metadata.host", "must be a URL"),
        ({"host": "ftp://h"}, {}, "metadata.host", "must begin with amqp://"),
        ({"queueName": "ä" * 128}, {}, "metadata.queueName", "at most 255 bytes"),
        ({"queueLenght": "5"}, {}, "metadata.queueLenght", "did you mean 'queueLength'?"),
        ({"queueLength": "0"}, {}, "metadata.queueLength", "must be greater than 0"),
    ],
)
def test_conflicts(metadata: dict[str, str], auth: dict[str, str], path: str, message: str) -> None:
    with pytest.raises(Invalid) as caught:
        Parameters.parse({"queueName": "q", "host": "amqp://h", **metadata}, auth)
    (problem,) = caught.value.problems
    assert problem.path == path
    assert message in problem.message


def test_parameters_at_keda_defaults_are_accepted() -> None:
    assert rabbit("amqp://h", useRegex="false", pageSize="100", operation="sum", unsafeSsl="false")


def test_a_certificate_is_used_where_tls_is_enabled() -> None:
    metadata, auth = {"queueName": "q", "host": "amqps://u@h"}, {"ca": "A", "cert": "C", "key": "K"}
    enabled = Parameters.parse(metadata, auth | {"tls": "enable", "keyPassword": "P"})
    assert enabled.connection().tls == Tls(authority="A", certificate="C", key="K", key_password="P")
    assert enabled.connection().external
    assert any("ca holds no certificate" in text for text in enabled.warnings())
    idle = Parameters.parse(metadata, auth)
    assert idle.connection().tls == Tls()
    assert any("without tls: enable" in text for text in idle.warnings())


def test_oauth() -> None:
    auth = OAUTH | {"scope": "a, b", "endpointParams": "x=1&y=2"}
    oauth = Parameters.parse({"queueName": "q", "host": "http://h"}, auth).connection().oauth
    assert oauth is not None
    assert (oauth.uri, oauth.client_id, oauth.client_secret.get_secret_value()) == ("https://t/token", "c", "s")
    assert (oauth.scopes, oauth.extra) == (("a", "b"), (("x", "1"), ("y", "2")))


@pytest.mark.parametrize(
    "uri",
    ["t/token", "ftp://t/token", "https:///token", "https://u:p@t/", "https://[t/", "https://t:x/", "https://t:0/"],
)
def test_where_no_token_can_be_got(uri: str) -> None:
    with pytest.raises(Invalid) as caught:
        Parameters.parse({"queueName": "q", "host": "http://h"}, OAUTH | {"oauthTokenURI": uri})
    (problem,) = caught.value.problems
    assert str(problem) == (
        "authentication.oauthTokenURI: must be a URL that begins with https:// or http://, without a user, not '***'"
    )


def test_a_workload_identity_is_named_to_whom_it_concerns() -> None:
    metadata, auth = {"queueName": "q", "host": "https://h.example.com"}, {"workloadIdentityResource": "r"}
    given = Identity(provider="azure-workload", identity_id="i")
    found = Parameters.parse(metadata, auth, identity=given)
    assert found.connection().identity == found.identity == given.model_copy(update={"audience": "r"})
    assert found.hosts() == ["h.example.com"]
    assert Parameters.parse(metadata, auth).identity == Identity(provider="azure-workload", audience="r")
    assert Parameters.parse(metadata, identity=given).identity is None


def test_another_identity_is_refused() -> None:
    with pytest.raises(Invalid) as caught:
        Parameters.parse({"queueName": "q", "host": "http://h"}, identity=Identity(provider="aws"))
    assert str(caught.value) == "authentication.podIdentity.provider: must be azure-workload, not 'aws'"


def test_a_regex_with_its_operation() -> None:
    queue = rabbit("http://h/v", useRegex="true", operation="max", pageSize="7", excludeUnacknowledged="true").queue()
    assert queue == Queue(name="q", vhost="v", ready_only=True, pattern=True, operation="max", page_size=7)


def test_negative_activation_is_allowed() -> None:
    assert rabbit("amqp://h", activationValue="-1").activation == -1


@pytest.mark.parametrize(
    ("host", "metadata", "warning"),
    [
        ("amqp://h", {}, "cooldownPeriod must exceed"),
        ("amqp://h", {"timeout": "1s"}, "timeout has no effect over AMQP"),
        ("http://h", {"queueLength": "1"}, "queueLength is deprecated"),
        ("https://", {}, "host has no host name"),
        ("amqp://h", {"protocol": "http"}, "host must begin with http://"),
        ("https://h", {"unsafeSsl": "true"}, "anybody can pretend"),
    ],
)
def test_warnings(host: str, metadata: dict[str, str], warning: str) -> None:
    assert any(warning in text for text in rabbit(host, **metadata).warnings())


def test_no_password_is_shown() -> None:
    metadata = {"queueName": "q", "host": "amqp://u:canary@h"}
    found = Parameters.parse(metadata, {"username": "u", "password": "canary"})
    seen = (found, found.connection(), found.shown(), found.warnings())
    assert "canary" not in f"{seen!r} {seen!s}"


@pytest.mark.parametrize("host", ["amqp://u:canary@h:x", "ftp://u:canary@h", "u:canary@h", "http://u:can℀ary@h"])
def test_no_password_in_a_problem(host: str) -> None:
    with pytest.raises(Invalid) as caught:
        rabbit(host)
    assert "canary" not in str(caught.value)
    assert "can℀ary" not in str(caught.value)
