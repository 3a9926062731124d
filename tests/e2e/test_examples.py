"""Every example in manifests/examples, applied as it is but for its broker's address and its pace: 0, N, 0."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from tests.e2e.conftest import Start
from tests.e2e.stage import Stage
from tests.kubemq import Kubemq
from tests.servicebus import ServiceBus
from tests.sqs import ACCOUNT, KEY_ID, SECRET, SqsServer
from tests.tls import SESSION

FOLDER = Path(__file__).parents[2] / "manifests" / "examples"
WORKER = "orders-worker"


class Broker(NamedTuple):
    """Where an example's queue is, in its own words, and what happens to it."""

    secret: dict[str, str]
    metadata: dict[str, str]
    fill: Callable[[int], None]
    """Put so many messages into `orders`."""
    drain: Callable[[], None]
    """Take all of them."""


@pytest.fixture
def rabbitmq_example(stage: Stage) -> Broker:
    stage.vhost.declare("orders")
    return Broker(
        {"host": stage.vhost.amqp_url},
        {},
        lambda messages: stage.vhost.publish("orders", messages),
        lambda: stage.vhost.purge("orders"),
    )


@pytest.fixture
def azure_servicebus_example(servicebus: ServiceBus) -> Broker:
    space = servicebus.namespace
    space.keys["scaler"] = ("a2V5", "/")
    connection = f"Endpoint=sb://127.0.0.1:{servicebus.port}/;SharedAccessKeyName=scaler;SharedAccessKey=a2V5"
    space.add("orders")
    return Broker(
        {"connection": connection},
        {},
        lambda messages: space.add("orders", messages),
        lambda: space.add("orders", 0),
    )


@pytest.fixture
def aws_sqs_queue_example(private_sqs: SqsServer) -> Broker:
    region = "eu-west-1"
    private_sqs.create(region, ["orders"])
    queue = f"{private_sqs.url}/{ACCOUNT}/orders"
    return Broker(
        {"awsAccessKeyID": KEY_ID, "awsSecretAccessKey": SECRET},
        {"awsEndpoint": private_sqs.url},
        lambda messages: private_sqs.send(region, "orders", messages),
        lambda: private_sqs.client("sqs", region).purge_queue(QueueUrl=queue),
    )


@pytest.fixture
def kubemq_example(kubemq: Kubemq) -> Broker:
    kubemq.token = "token"
    queue = kubemq.queue("orders")
    return Broker(
        {"authToken": kubemq.token},
        {"address": f"127.0.0.1:{kubemq.secure_port}"},
        queue.send,
        lambda: queue.consume(queue.waiting),
    )


def documents(name: str, broker: Broker) -> Iterator[dict[str, Any]]:
    for document in yaml.safe_load_all((FOLDER / f"{name}.yaml").read_text()):
        if document["kind"] == "Secret":
            document["stringData"] |= broker.secret
        else:
            annotations = document["metadata"]["annotations"]
            rule = yaml.safe_load(annotations["scalerule.dev/rule"])
            rule["triggers"][0]["metadata"] |= broker.metadata
            rule |= {"pollingInterval": 0.5, "cooldownPeriod": 1, "initialCooldownPeriod": 0}
            annotations["scalerule.dev/rule"] = yaml.safe_dump(rule)
            document["spec"]["replicas"] = 0
        yield document


def test_every_example_has_a_broker() -> None:
    assert {path.stem for path in FOLDER.glob("*.yaml")} == set(EXAMPLES)


EXAMPLES = ["aws-sqs-queue", "azure-servicebus", "kubemq", "rabbitmq"]


@pytest.mark.parametrize("name", EXAMPLES)
def test_from_zero_to_n_and_back(
    name: str, stage: Stage, scaler: Start, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    broker: Broker = request.getfixturevalue(f"{name.replace('-', '_')}_example")
    for document in documents(name, broker):
        if document["kind"] == "Secret":
            stage.client.put("Secret", stage.namespace, document["metadata"]["name"], document["stringData"])
        else:
            stage.client.create(stage.namespace, document)
    (tmp_path / "authority.pem").write_text(SESSION.pem)
    running = scaler(env={"SSL_CERT_FILE": str(tmp_path / "authority.pem")})
    stage.wait_for_rules(running, "ready", 1)
    broker.fill(70)
    stage.wait_for(WORKER, 4)
    broker.drain()
    stage.wait_for(WORKER, 0)
    assert "no work: rests at 0" in stage.wait_for_event(WORKER, "ScaleTargetDeactivated")["message"]
