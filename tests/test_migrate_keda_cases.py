"""KEDA's own cases and samples, each as a ScaledObject: what is valid there is valid here."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.migrating import authentication, notes, outcome, rule_of, scaled_object

Case = dict[str, Any]

CASES: list[Case] = [
    case
    for path in sorted((Path(__file__).parent / "cases").glob("keda_*.json"))
    for case in json.loads(path.read_text())["cases"]
    if case["kind"] == "parse"
]


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_keda_case(case: Case, tmp_path: Path) -> None:
    trigger = {"type": case["scaler"], "metadata": case["metadata"], "authenticationRef": {"name": "auth"}}
    secret = [{"parameter": name, "name": "s", "key": name} for name, text in case["auth"].items() if text]
    auth = authentication(secretTargetRef=secret, podIdentity=identity(case))
    found = outcome(tmp_path, scaled_object(trigger), auth)
    if case["valid"]:
        assert found.mapped, notes(found, "error")
        (made,) = rule_of(found)["triggers"]
        told = {path.rpartition(".")[2] for path in notes(found, "warning") if ".metadata." in path}
        assert made["metadata"] == {key: text for key, text in case["metadata"].items() if key not in told}


def identity(case: Case) -> dict[str, str]:
    said = case["pod_identity"] or {}
    return {name: text for name, text in said.items() if text}


TEXTS = {"host": "x", "connection": "x", "awsAccessKeyID": "x", "awsSecretAccessKey": "x"}

#: The shapes that KEDA's own pages and examples show for the types that are there; values are ours.
SAMPLES: dict[str, Case] = {
    "rabbitmq, deprecated length": {
        "type": "rabbitmq",
        "metadata": {"queueName": "hello", "queueLength": "5", "hostFromEnv": "RABBITMQ_HOST"},
    },
    "rabbitmq, rate over http": {
        "type": "rabbitmq",
        "metricType": "Value",
        "metadata": {
            "host": "http://guest:password@rabbit.ns:15672/path/vhost",
            "protocol": "auto",
            "mode": "MessageRate",
            "value": "100.50",
            "activationValue": "10.5",
            "queueName": "testqueue",
            "unsafeSsl": "true",
        },
    },
    "rabbitmq, pattern": {
        "type": "rabbitmq",
        "metadata": {
            "hostFromEnv": "URL",
            "protocol": "http",
            "mode": "QueueLength",
            "value": "20",
            "queueName": "^tenant-.*$",
            "useRegex": "true",
            "pageSize": "50",
            "operation": "max",
            "vhostName": "/",
            "excludeUnacknowledged": "true",
            "timeout": "1000",
        },
    },
    "sqs, operator": {
        "type": "aws-sqs-queue",
        "metadata": {
            "queueURL": "https://sqs.eu-west-1.amazonaws.com/111122223333/q",
            "queueLength": "5",
            "activationQueueLength": "50",
            "awsRegion": "eu-west-1",
            "scaleOnInFlight": "false",
            "scaleOnDelayed": "true",
            "identityOwner": "operator",
        },
    },
    "service bus, queue": {
        "type": "azure-servicebus",
        "metadata": {
            "queueName": "q",
            "namespace": "ns",
            "messageCount": "5",
            "activationMessageCount": "2",
            "connectionFromEnv": "SERVICEBUS_CONNECTIONSTRING",
            "cloud": "AzureUSGovernmentCloud",
        },
    },
    "service bus, subscriptions": {
        "type": "azure-servicebus",
        "metadata": {
            "topicName": "t",
            "subscriptionName": "^s.*$",
            "useRegex": "true",
            "operation": "avg",
            "connectionFromEnv": "C",
        },
    },
}


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)
def test_keda_sample(sample: Case, tmp_path: Path) -> None:
    found = outcome(tmp_path, scaled_object(sample))
    assert rule_of(found)["triggers"] == [sample]
    assert found.mapped


OTHERS = """
activemq apache-kafka arangodb artemis-queue aws-cloudwatch aws-dynamodb aws-dynamodb-streams aws-kinesis-
stream azure-app-insights azure-blob azure-data-explorer azure-eventhub azure-log-analytics azure-monitor
azure-pipelines azure-queue beanstalkd cassandra couchdb cpu cron datadog dynatrace elasticsearch etcd
external external-push forgejo-runner gcp-cloudtasks gcp-pubsub gcp-stackdriver gcp-storage github-runner
graphite huawei-cloudeye ibmmq influxdb kafka kubernetes-resource kubernetes-workload liiklus loki memory
metrics-api mongodb mssql mysql nats-jetstream new-relic nsq openstack-metric openstack-swift postgresql
predictkube prometheus pulsar redis redis-cluster redis-cluster-streams redis-sentinel redis-sentinel-streams
redis-streams selenium-grid solace-event-queue solarwinds solr splunk splunk-observability stan sumologic
temporal
"""


@pytest.mark.parametrize("kind", OTHERS.split())
def test_types_without_an_equal_say_what_to_do(kind: str, tmp_path: Path) -> None:
    found = outcome(tmp_path, scaled_object({"type": kind, "metadata": {"value": "1", "desiredReplicas": "2"}}))
    (told,) = notes(found, "error").values()
    assert told.startswith(f"{kind}: ")
    assert ":" in told.removeprefix(f"{kind}: ")
    assert not found.annotations
