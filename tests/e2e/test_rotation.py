"""A login that is changed at the broker and then in its Secret: taken up, nothing scaled down, no connection more."""

import json
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import psutil
import pytest

from scaler.target import RULE
from tests.cluster.client import worker
from tests.e2e.conftest import Start
from tests.e2e.stage import QUICK, Stage
from tests.e2e.test_secrets import Login
from tests.kubemq import Kubemq
from tests.rabbitmq import Rabbitmq
from tests.servicebus import ServiceBus
from tests.sqs import Sqs
from tests.tls import SESSION
from tests.wait import wait

WORK = 20


class Broker(NamedTuple):
    """A queue of 20 messages at five per replica, and a login that reads it."""

    type: str
    port: int
    metadata: dict[str, str]
    login: Callable[[], dict[str, str]]
    """The present one, as a Secret."""
    renew: Callable[[], None]
    """Another login, known to the broker alone so far; the one before is worth nothing."""
    drain: Callable[[], None]


def rabbitmq_login(rabbitmq: Rabbitmq, stage: Stage, http: bool) -> Iterator[Broker]:
    login = Login(rabbitmq, stage)
    stage.vhost.declare("orders")
    stage.vhost.publish("orders", WORK)
    yield Broker(
        "rabbitmq",
        urlsplit(login.host(http)).port or 0,
        {"queueName": "orders", "mode": "QueueLength", "value": "5"},
        lambda: {"host": login.host(http)},
        login.renew,
        lambda: stage.vhost.purge("orders"),
    )
    login.forget()


@pytest.fixture
def rabbitmq_amqp_login(rabbitmq: Rabbitmq, stage: Stage) -> Iterator[Broker]:
    yield from rabbitmq_login(rabbitmq, stage, http=False)


@pytest.fixture
def rabbitmq_http_login(rabbitmq: Rabbitmq, stage: Stage) -> Iterator[Broker]:
    yield from rabbitmq_login(rabbitmq, stage, http=True)


class User:
    """Of AWS, with one access key at a time."""

    def __init__(self, sqs: Sqs) -> None:
        self._iam = sqs.client("iam")
        self._name = f"user-{secrets.token_hex(4)}"
        self._iam.create_user(UserName=self._name)
        reading = {"Effect": "Allow", "Action": "sqs:GetQueueAttributes", "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": reading})
        self._iam.put_user_policy(UserName=self._name, PolicyName="read", PolicyDocument=policy)
        self._key = self._created()

    def secret(self) -> dict[str, str]:
        return {"awsAccessKeyID": self._key["AccessKeyId"], "awsSecretAccessKey": self._key["SecretAccessKey"]}

    def renew(self) -> None:
        self._iam.delete_access_key(UserName=self._name, AccessKeyId=self._key["AccessKeyId"])
        self._key = self._created()

    def _created(self) -> dict[str, str]:
        key: dict[str, str] = self._iam.create_access_key(UserName=self._name)["AccessKey"]
        return key


@pytest.fixture
def aws_sqs_queue_login(sqs: Sqs) -> Broker:
    region = f"rotation-{secrets.token_hex(4)}"
    sqs.create(region, ["orders"])
    sqs.send(region, "orders", WORK)
    user = User(sqs)
    return Broker(
        "aws-sqs-queue",
        sqs.port,
        {"queueURL": "orders", "awsRegion": region, "awsEndpoint": sqs.url},
        user.secret,
        user.renew,
        lambda: sqs.client("sqs", region).purge_queue(QueueUrl="orders"),
    )


@pytest.fixture
def azure_servicebus_login(servicebus: ServiceBus) -> Broker:
    space = servicebus.namespace
    space.add("orders", WORK)

    def renew() -> None:
        space.keys["scaler"] = (secrets.token_hex(8), "/")

    renew()
    start = f"Endpoint=sb://127.0.0.1:{servicebus.port}/;SharedAccessKeyName=scaler;SharedAccessKey="
    return Broker(
        "azure-servicebus",
        servicebus.port,
        {"queueName": "orders"},
        lambda: {"connection": start + space.keys["scaler"][0]},
        renew,
        lambda: space.add("orders", 0),
    )


@pytest.fixture
def kubemq_login(kubemq: Kubemq) -> Broker:
    queue = kubemq.queue("orders")
    queue.send(WORK)

    def renew() -> None:
        kubemq.token = secrets.token_hex(8)

    renew()
    return Broker(
        "kubemq",
        kubemq.port,
        {"queueName": "orders", "address": f"127.0.0.1:{kubemq.port}", "targetWaiting": "5"},
        lambda: {"authToken": kubemq.token},
        renew,
        lambda: queue.consume(queue.waiting),
    )


@pytest.mark.parametrize("kind", ["rabbitmq_amqp", "rabbitmq_http", "aws_sqs_queue", "azure_servicebus", "kubemq"])
def test_a_changed_login_is_taken_up(
    kind: str, stage: Stage, scaler: Start, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    broker: Broker = request.getfixturevalue(f"{kind}_login")
    (tmp_path / "authority.pem").write_text(SESSION.pem)
    trigger = {"type": broker.type, "metadata": broker.metadata, "authentication": {"secret": "login"}}
    rule = {RULE: json.dumps({"triggers": [trigger], **QUICK})}
    stage.client.put("Secret", stage.namespace, "login", broker.login())
    stage.client.create(stage.namespace, worker("orders", rule, 0))
    running = scaler(env={"SSL_CERT_FILE": str(tmp_path / "authority.pem")})
    stage.wait_for("orders", 4)
    before = connections(running.pid, broker.port)

    broker.renew()
    broker.drain()
    assert "login refused" in stage.wait_for_event("orders", "TriggerFailed")["message"]
    stage.client.put("Secret", stage.namespace, "login", broker.login())
    stage.wait_for_event("orders", "TriggerRecovered")

    wait(lambda: connections(running.pid, broker.port) == before, 5, f"{before} connections again")
    assert running.metric("scaler_source_connections", type=broker.type) == before
    stage.wait_for("orders", 0)
    # The event comes after the count.
    stage.wait_for_event("orders", "ScaleTargetDeactivated")
    reasons = stage.reasons("orders")
    assert reasons.index("TriggerRecovered") < reasons.index("ScaleTargetDeactivated")


def connections(pid: int, port: int) -> int:
    """How many that process has to that port."""
    found = psutil.Process(pid).net_connections("tcp")
    return sum(bool(each.raddr) and each.raddr.port == port for each in found if each.status == "ESTABLISHED")
