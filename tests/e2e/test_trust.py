"""Who writes a rule is not trusted: what a rule may not reach, and what it may never show."""

import json
import secrets
from typing import Any

import pytest

from scaler.target import RULE
from tests.cluster.client import worker
from tests.e2e.conftest import Start
from tests.e2e.stage import QUICK, Stage
from tests.wait import wait


def trigger(kind: str, metadata: dict[str, str], **authentication: Any) -> dict[str, Any]:
    return {"type": kind, "metadata": metadata, "authentication": authentication}


#: What a rule tries, by a name for it: with what, and why not.
ATTEMPTS = {
    "loopback by AMQP": (trigger("rabbitmq", {"host": "amqp://localhost/", "queueName": "q"}), "127.0.0.1, a loopback"),
    "loopback by HTTP": (
        trigger("rabbitmq", {"host": "http://127.0.0.1/", "queueName": "q"}),
        "127.0.0.1, a loopback",
    ),
    "loopback as a number": (
        trigger("rabbitmq", {"host": "amqp://2130706433/", "queueName": "q"}),
        "2130706433 is 127.0.0.1, a loopback",
    ),
    "loopback by IPv6": (
        trigger("rabbitmq", {"host": "http://[::ffff:127.0.0.1]/", "queueName": "q"}),
        "::ffff:127.0.0.1, a loopback",
    ),
    "loopback by SQS": (
        trigger(
            "aws-sqs-queue",
            {"queueURL": "q", "awsRegion": "eu-west-1", "awsEndpoint": "http://127.0.0.1", "awsAccessKeyID": "a"},
            parameters={"awsSecretAccessKey": {"env": "TEXT"}},
        ),
        "127.0.0.1, a loopback",
    ),
    "loopback by Service Bus": (
        trigger("azure-servicebus", {"queueName": "q", "connectionFromEnv": "BUS"}),
        "127.0.0.1, a loopback",
    ),
    "loopback by KubeMQ": (trigger("kubemq", {"queueName": "q", "address": "localhost:1"}), "127.0.0.1, a loopback"),
    "a token server on loopback": (
        trigger(
            "rabbitmq",
            {"host": "https://192.0.2.1/", "queueName": "q"},
            parameters={name: {"env": "URL"} for name in ("oauthTokenURI", "clientID", "clientSecret")},
        ),
        "127.0.0.1, a loopback",
    ),
    "metadata": (
        trigger("rabbitmq", {"host": "http://169.254.169.254/", "queueName": "q"}),
        "a link-local or metadata address",
    ),
    "no address of a host": (trigger("kubemq", {"queueName": "q", "address": "[::]:1"}), "no address of a host"),
    "another namespace": (
        trigger("kubemq", {"queueName": "q", "address": "h:1"}, secret="../../default/secrets/login"),
        "no object can have this name",
    ),
    "a file": (
        trigger("kubemq", {"queueName": "q", "address": "h:1"}, parameters={"authToken": {"file": "/etc/passwd"}}),
        "the operator allows no files",
    ),
    "a shared credential": (
        trigger("kubemq", {"queueName": "q", "address": "h:1"}, shared="kube-root-ca"),
        "is not there, or not shared",
    ),
    "the scaler's role": (
        trigger("aws-sqs-queue", {"queueURL": "q", "awsRegion": "eu-west-1"}, podIdentity={"provider": "aws"}),
        "not allowed by the operator: aws",
    ),
    "the scaler's role by its older name": (
        trigger("aws-sqs-queue", {"queueURL": "q", "awsRegion": "eu-west-1", "identityOwner": "operator"}),
        "not allowed by the operator: aws",
    ),
    "the scaler's identity": (
        trigger(
            "azure-servicebus",
            {"queueName": "q", "namespace": "n"},
            podIdentity={"provider": "azure-workload", "authorityHost": "https://evil.invalid"},
        ),
        "not allowed by the operator: azure-workload",
    ),
    "the scaler's identity for RabbitMQ": (
        trigger(
            "rabbitmq",
            {"host": "https://h/", "queueName": "q"},
            parameters={"workloadIdentityResource": {"env": "URL"}},
        ),
        "not allowed by the operator: azure-workload",
    ),
}
ENVIRONMENT = {
    "TEXT": "text",
    "URL": "http://127.0.0.1/",
    "BUS": "Endpoint=sb://127.0.0.1/;SharedAccessKeyName=n;SharedAccessKey=a2V5",
}


def test_what_a_rule_may_not_reach(stage: Stage, scaler: Start) -> None:
    env = [{"name": name, "value": value} for name, value in ENVIRONMENT.items()]
    containers = [{"name": "worker", "image": "worker", "env": env}]
    names = {attempt: f"rule-{number}" for number, attempt in enumerate(ATTEMPTS)}
    for attempt, (tried, _) in ATTEMPTS.items():
        rule = {RULE: json.dumps({"triggers": [tried], **QUICK})}
        stage.client.create(stage.namespace, worker(names[attempt], rule, 3, containers=containers))
    running = scaler(env={"SCALER_ALLOW_DESTINATION": ""})
    wait(
        lambda: sum(running.metric("scaler_rules", state=state) for state in ("failing", "invalid")) == len(ATTEMPTS),
        20,
        "every rule judged",
    )
    for attempt, (_, why) in ATTEMPTS.items():
        condition = stage.wait_for_condition(names[attempt], "Ready", "False")
        assert why in condition["message"], attempt
    assert set(stage.all_replicas().values()) == {3}


@pytest.mark.parametrize("scheme", ["amqp", "http"])
def test_a_password_is_never_shown(stage: Stage, scaler: Start, scheme: str) -> None:
    canary = f"canary-{secrets.token_hex(8)}"
    port = stage.vhost.amqp_url if scheme == "amqp" else stage.vhost.management_url
    place = port.rpartition("@")[2]
    for name, value in {"refused": "5", "invalid": "many"}.items():
        metadata = {"host": f"{scheme}://{canary}:{canary}@{place}", "queueName": name, "value": value}
        trigger = {"type": "rabbitmq", "metadata": {**metadata, "mode": "QueueLength"}}
        rule = {"scalerule.dev/rule": json.dumps({"triggers": [trigger], "pollingInterval": 0.5})}
        stage.client.create(stage.namespace, worker(name, rule, 1))
    running = scaler()
    stage.wait_for_event("refused", "TriggerFailed")
    stage.wait_for_event("invalid", "ScaleRuleInvalid")
    wait(lambda: stage.status("refused") and stage.status("invalid"), 10, "both states written")
    written = [json.dumps(stage.status(name)) + json.dumps(stage.events(name)) for name in ("refused", "invalid")]
    shown = running.get("/metrics").text + running.page("/rules").text + json.dumps(running.log())
    assert canary not in "".join(written) + shown
