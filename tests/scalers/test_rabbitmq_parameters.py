"""KEDA's own cases for its RabbitMQ trigger, and what they leave open."""

import json
from pathlib import Path
from typing import Any

import pytest

from scalers import Reading
from scalers.problem import Invalid
from scalers.rabbitmq import Connection, Parameters, Queue
from scalers.rabbitmq.listing import Listing, listing_path

CASES = json.loads((Path(__file__).parents[1] / "cases" / "keda_rabbitmq.json").read_text())["cases"]

Case = dict[str, Any]


def of_kind(*kinds: str) -> pytest.MarkDecorator:
    cases = [case for case in CASES if case["kind"] in kinds]
    return pytest.mark.parametrize("case", cases, ids=[case["name"] for case in cases])


def parse(case: Case) -> Parameters:
    metadata = dict(case["metadata"])
    if case["kind"] == "vhost_path":
        metadata["host"] = f"http://broker:15672/{case['input']['url_path']}"
    return Parameters.parse(metadata, case["auth"], case["resolved_env"])


@of_kind("parse")
def test_keda_valid(case: Case) -> None:
    if not case["valid"]:
        with pytest.raises(Invalid):
            parse(case)
        return
    parameters = parse(case)
    expected = case["expect"]["parsed"]
    shown = parameters.shown()
    compared = shown.keys() & expected.keys() - {"host", "password", "username"}
    assert {key: shown[key] for key in compared} == {key: expected[key] for key in compared}
    assert parameters.host.get_secret_value() == expected["host"]
    assert parameters.connection().timeout == (expected["timeout_ms"] / 1000 or None)
    assert parameters.target == case["expect"].get("target_milli", expected["value"] * 1000) / 1000
    assert parameters.activation == expected["activationValue"]


@of_kind("vhost_path", "query")
def test_keda_request_path(case: Case) -> None:
    parameters = parse(case)
    asked, _ = listing_path(parameters.connection().path, parameters.queue().vhost, ["q"], fresh=True).split("?")
    wanted = case["expect"].get("request_path", "/api/queues/%2F/evaluate_trials")
    assert asked == wanted.removesuffix("/evaluate_trials")


@of_kind("query")
def test_keda_reading(case: Case) -> None:
    parameters = parse(case)
    answer = Listing(json.dumps([case["input"]["body"]]).encode()).reading(parameters.queue())
    assert isinstance(answer, Reading)
    assert answer.value == case["expect"]["metric_milli"] / 1000
    assert (answer.activity > parameters.activation) == case["expect"]["active"]


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


@pytest.mark.parametrize(
    ("metadata", "auth", "path", "message"),
    [
        ({"value": "5"}, {}, "metadata.value", "needs mode"),
        ({"mode": "QueueLength"}, {}, "metadata.value", "required with mode"),
        ({"mode": "QueueLength", "queueLength": "5"}, {}, "metadata.value", "queueLength stands for"),
        ({"mode": "MessageRate", "value": "5"}, {}, "metadata.mode", "not supported yet"),
        ({"mode": "Rate", "value": "5"}, {}, "metadata.mode", "must be 'QueueLength'"),
        ({"excludeUnacknowledged": "true"}, {}, "metadata.excludeUnacknowledged", "needs protocol http"),
        ({"mode": "QueueLength", "value": "5", "timeout": "1s"}, {}, "metadata.timeout", "needs protocol http"),
        ({}, {"password": "p"}, "authentication.username", "need each other"),
        ({"password": "p"}, {}, "metadata.password", "write password in authentication"),
        ({"useRegex": "true"}, {}, "metadata.useRegex", "not supported yet"),
        ({}, {"ca": "PEM"}, "authentication.ca", "not supported yet"),
        ({}, {"scope": "s"}, "authentication.scope", "not supported yet"),
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
