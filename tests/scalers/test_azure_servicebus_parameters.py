"""KEDA's own cases for its Service Bus trigger, and what they leave open."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from scalers import Dial, Identity, Reading
from scalers.azure_servicebus import Connection, Parameters, Queue, Scaler
from scalers.azure_servicebus.cloud import CLOUDS
from scalers.problem import Invalid
from tests.servicebus import ServiceBus
from tests.tls import SESSION

CASES = json.loads((Path(__file__).parents[1] / "cases" / "keda_azure_servicebus.json").read_text())["cases"]

Case = dict[str, Any]
POD = Identity(provider="azure-workload", identity_id="i")
STRING = "Endpoint=sb://Ns.servicebus.windows.net/;SharedAccessKeyName=root;SharedAccessKey=canary="
KEYED = Connection(host="ns.servicebus.windows.net", key_name="root", key=SecretStr("canary="))


def of_kind(kind: str) -> pytest.MarkDecorator:
    cases = [case for case in CASES if case["kind"] == kind]
    return pytest.mark.parametrize("case", cases, ids=[case["name"] for case in cases])


def parse(case: Case) -> Parameters:
    identity = Identity(provider=case["pod_identity"]["provider"]) if case["pod_identity"] else None
    return Parameters.parse(case["metadata"], case["auth"], case["resolved_env"], identity)


@of_kind("parse")
def test_keda_valid(case: Case) -> None:
    if not case["valid"]:
        with pytest.raises(Invalid):
            parse(case)
        return
    parameters = parse(case)
    expected = case["expect"]["parsed"]
    shown = parameters.shown()
    compared = shown.keys() & expected.keys() - {"connection"}
    assert {key: shown[key] for key in compared} == {key: expected[key] for key in compared}
    assert compared >= {"messageCount", "activationMessageCount", "useRegex", "operation"}
    assert bool(parameters.queue().topic) == (expected["entity"] == "subscription")
    assert parameters.target == case["expect"]["target_milli"] / 1000


@of_kind("query")
async def test_keda_reading(case: Case, servicebus: ServiceBus, tmp_path: Path, monkeypatch: Any) -> None:
    (tmp_path / "authorities.pem").write_text(SESSION.pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authorities.pem"))
    servicebus.namespace.keys["root"] = ("k", "/")
    servicebus.namespace.add("another", 100)
    for queue in case["input"]["queues"]:
        servicebus.namespace.add(queue["name"], queue["active_message_count"])
    parameters = parse(case)

    async def resolve(_host: str, _port: int) -> str:
        return "127.0.0.1"

    connection = Connection(host="localhost", port=servicebus.port, key_name="root", key=SecretStr("k"))
    scaler = Scaler(connection, Dial(5, resolve))
    (answer,) = await scaler.read([parameters.queue()])
    await scaler.close()
    assert isinstance(answer, Reading)
    assert answer.value * 1000 == case["expect"]["metric_milli"]
    assert (answer.activity > parameters.activation) == case["expect"]["active"]


def bus(string: str = STRING, /, **metadata: str) -> Parameters:
    return Parameters.parse({"queueName": "q", **metadata}, {"connection": string})


@pytest.mark.parametrize(
    ("string", "connection"),
    [
        (STRING, KEYED),
        (f"{STRING};EntityPath=q", KEYED),
        (f" {STRING.replace('Endpoint', 'endpoint')}; ", KEYED),
        (STRING.replace("net/", "net:5671"), KEYED.model_copy(update={"port": 5671})),
        (STRING.replace("sb:", "https:"), KEYED),
        (
            "Endpoint=sb://[::1]:1/;SharedAccessSignature=SharedAccessSignature sr=a%2fb&sig=c%3d&se=1&skn=root",
            Connection(
                host="::1", port=1, signature=SecretStr("SharedAccessSignature sr=a%2fb&sig=c%3d&se=1&skn=root")
            ),
        ),
    ],
)
def test_connection_string(string: str, connection: Connection) -> None:
    assert bus(string).connection() == connection
    assert connection.fault() is None
    assert not bus(string).warnings()


@pytest.mark.parametrize(
    ("string", "fault"),
    [
        ("none", "Endpoint=sb://"),
        ("Endpoint=...", "Endpoint=sb://"),
        (STRING.replace("net/", "net:x"), "Endpoint=sb://"),
        (STRING.replace("net/", "net:99999"), "Endpoint=sb://"),
        (STRING.replace("Ns", "canary@ns"), "Endpoint=sb://"),
        (STRING.replace("Ns", "n℀s"), "Endpoint=sb://"),
        (STRING.replace("root", ""), "SharedAccessKeyName and SharedAccessKey, or else"),
        (STRING.replace("canary=", ""), "SharedAccessKeyName and SharedAccessKey, or else"),
        (f"{STRING};SharedAccessSignature=x", "SharedAccessKeyName and SharedAccessKey, or else"),
        (STRING.partition(";")[0], "SharedAccessKeyName and SharedAccessKey, or else"),
    ],
)
def test_a_connection_string_that_leads_nowhere_is_taken_and_warned_of(string: str, fault: str) -> None:
    """As KEDA takes it."""
    (warning,) = bus(string).warnings()
    assert fault in warning
    assert warning.endswith("it will not be reached")
    assert "canary" not in warning


def test_port_and_authority() -> None:
    assert (KEYED.place, KEYED.authority) == ("ns.servicebus.windows.net:443", "ns.servicebus.windows.net")
    odd = Connection(host="::1", port=4443)
    assert (odd.place, odd.authority) == ("[::1]:4443", "[::1]:4443")


def test_connection_comes_from_authentication_before_the_environment() -> None:
    metadata = {"queueName": "q", "connectionFromEnv": "BUS"}
    other = STRING.replace("Ns", "other")
    assert Parameters.parse(metadata, {}, {"BUS": STRING}).connection() == KEYED
    assert Parameters.parse(metadata, {"connection": STRING}, {"BUS": other}).connection() == KEYED


def test_defaults() -> None:
    found = bus()
    assert (found.target, found.activation) == (5, 0)
    assert found.queue() == Queue(name="q")
    assert found.hosts() == ["ns.servicebus.windows.net"]
    assert not found.warnings()


def test_everything_that_may_be_written() -> None:
    metadata = {"topicName": "t", "subscriptionName": "s.*", "messageCount": "7", "activationMessageCount": "-1"}
    metadata |= {"useRegex": "true", "operation": "max"}
    found = Parameters.parse(metadata, {"connection": STRING})
    assert (found.target, found.activation) == (7, -1)
    assert found.queue() == Queue(name="s.*", topic="t", pattern=True, operation="max")


def test_an_operation_without_a_pattern_makes_no_difference() -> None:
    assert bus(operation="avg").queue() == bus().queue()


@pytest.mark.parametrize(
    ("cloud", "host"),
    [
        ("", "ns.servicebus.windows.net"),
        ("AzureCloud", "ns.servicebus.windows.net"),
        ("azurepubliccloud", "ns.servicebus.windows.net"),
        ("AzureUSGovernmentCloud", "ns.servicebus.usgovcloudapi.net"),
        ("AZUREUSGOVERNMENT", "ns.servicebus.usgovcloudapi.net"),
        ("AzureChinaCloud", "ns.servicebus.chinacloudapi.cn"),
        ("AzureGermanCloud", "ns.servicebus.cloudapi.de"),
        ("private", "ns.bus.example.com"),
    ],
)
def test_cloud(cloud: str, host: str) -> None:
    metadata = {"queueName": "q", "namespace": "Ns", "cloud": cloud, "endpointSuffix": "bus.example.com"}
    found = Parameters.parse(metadata, identity=POD)
    assert found.connection() == Connection(host=host, identity=POD)
    assert found.hosts() == [host]
    assert found.connection().fault() is None


NO_QUEUE = {"queueName": ""}


@pytest.mark.parametrize(
    ("metadata", "path", "message"),
    [
        (NO_QUEUE, "metadata.queueName", "required, or else topicName and subscriptionName"),
        ({"topicName": "t"}, "metadata.queueName", "either queueName, or topicName and subscriptionName"),
        ({"subscriptionName": "s"}, "metadata.queueName", "either queueName, or topicName and subscriptionName"),
        (NO_QUEUE | {"topicName": "t"}, "metadata.topicName", "need each other"),
        (NO_QUEUE | {"subscriptionName": "s"}, "metadata.topicName", "need each other"),
        ({"messageCount": "0"}, "metadata.messageCount", "must be greater than or equal to 1, not '0'"),
        ({"messageCount": "1.5"}, "metadata.messageCount", "must be a whole number"),
        ({"activationMessageCount": "AA"}, "metadata.activationMessageCount", "must be a whole number"),
        ({"useRegex": "ababa"}, "metadata.useRegex", "must be true or false, not 'ababa'"),
        ({"useRegex": "true", "queueName": "*"}, "metadata.queueName", "no argument for repetition operator: *"),
        ({"useRegex": "true", "queueName": "(?=a)"}, "metadata.queueName", "must be a regular expression of RE2"),
        ({"useRegex": "true", "queueName": "a" * 257}, "metadata.queueName", "must be at most 256 characters"),
        ({"operation": "mean"}, "metadata.operation", "must be 'sum', 'max' or 'avg', not 'mean'"),
        ({"namespace": "evil.example/"}, "metadata.namespace", "must be letters, digits and hyphens"),
        ({"endpointSuffix": "a/b"}, "metadata.endpointSuffix", "must be a domain"),
        ({"endpointSuffix": "a:1"}, "metadata.endpointSuffix", "must be a domain"),
        ({"connection": STRING}, "metadata.connection", "write connection in authentication or metadata.connectionFr"),
        ({"queuName": "q"}, "metadata.queuName", "did you mean 'queueName'?"),
    ],
)
def test_problems(metadata: dict[str, str], path: str, message: str) -> None:
    with pytest.raises(Invalid) as caught:
        bus(**metadata)
    found = {problem.path: problem.message for problem in caught.value.problems}
    assert message in found[path]
    assert "canary" not in str(caught.value)


def test_a_subscription_pattern_is_checked() -> None:
    with pytest.raises(Invalid) as caught:
        Parameters.parse({"topicName": "*", "subscriptionName": "[", "useRegex": "true"}, {"connection": STRING})
    (problem,) = caught.value.problems
    assert problem.path == "metadata.subscriptionName"
    assert "missing ]" in problem.message


@pytest.mark.parametrize(
    ("metadata", "problems"),
    [
        ({}, {"metadata.namespace": "required with a pod identity"}),
        ({"namespace": "ns", "cloud": "Invalid"}, {"metadata.cloud": "AzureGermanCloud or Private, not 'Invalid'"}),
        ({"namespace": "ns", "cloud": "PRIVATE"}, {"metadata.endpointSuffix": "required with cloud: Private"}),
        (
            {"cloud": "Invalid"},
            {"metadata.namespace": "required with a pod identity", "metadata.cloud": "must be AzurePublicCloud"},
        ),
    ],
)
def test_problems_with_an_identity(metadata: dict[str, str], problems: dict[str, str]) -> None:
    with pytest.raises(Invalid) as caught:
        Parameters.parse({"queueName": "q", **metadata}, identity=POD)
    found = {problem.path: problem.message for problem in caught.value.problems}
    assert found.keys() == problems.keys()
    assert all(problems[path] in found[path] for path in problems)


def test_some_login_is_required() -> None:
    with pytest.raises(Invalid) as caught:
        Parameters.parse({"queueName": "q", "namespace": "ns"})
    assert str(caught.value) == (
        "authentication.connection: required without a pod identity; write it in authentication or "
        "metadata.connectionFromEnv"
    )


def test_a_variable_that_is_not_set_is_told() -> None:
    with pytest.raises(Invalid) as caught:
        Parameters.parse({"queueName": "q", "connectionFromEnv": "BUS"})
    assert str(caught.value) == "metadata.connectionFromEnv: the target's container sets no variable 'BUS'"


def test_another_identity_is_refused() -> None:
    with pytest.raises(Invalid) as caught:
        Parameters.parse({"queueName": "q", "namespace": "ns"}, identity=Identity(provider="aws"))
    assert str(caught.value) == "authentication.podIdentity.provider: must be azure-workload, not 'aws'"


def test_what_has_no_effect_is_told() -> None:
    metadata = {"queueName": "q", "namespace": "ns"}
    assert Parameters.parse(metadata, {"connection": STRING}, identity=POD).warnings() == [
        "connection has no effect with a pod identity"
    ]
    for more in ({"namespace": "ns"}, {"cloud": "Invalid"}):
        assert bus(**more).warnings() == ["namespace and cloud have no effect without a pod identity"]


def test_connections_are_shared_where_the_login_is_the_same() -> None:
    assert bus().connection() == bus(queueName="other").connection()
    assert bus().connection() != bus(STRING.replace("root", "other")).connection()
    pod = Parameters.parse({"queueName": "q", "namespace": "ns"}, identity=POD).connection()
    assert pod != bus().connection()
    assert pod.host == KEYED.host


def test_no_key_is_shown() -> None:
    found = bus()
    seen = (found, found.connection(), found.shown(), found.warnings())
    assert "canary" not in f"{seen!r} {seen!s}"
    assert found.shown()["connection"] == "***"


def test_the_clouds_have_hosts_of_their_own() -> None:
    assert len(set(CLOUDS.values())) == len(CLOUDS) == 4
