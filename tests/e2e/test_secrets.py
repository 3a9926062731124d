"""Where rules get their logins from, on real parts: nobody else's, noticed when changed."""

import json
import secrets
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
import requests

from tests.cluster.client import worker
from tests.cluster.proxy import Proxy
from tests.e2e.conftest import Start
from tests.e2e.stage import QUICK, Stage
from tests.rabbitmq import Rabbitmq
from tests.wait import wait


class Login:
    """A user of the broker whose password changes."""

    def __init__(self, broker: Rabbitmq, stage: Stage) -> None:
        self.name = f"user-{secrets.token_hex(4)}"
        self._broker = broker
        self._stage = stage
        self.renew()
        path = f"permissions/{quote(stage.vhost.name, safe='')}/{self.name}"
        broker.manage("PUT", path, {"configure": "", "write": "", "read": ".*"})

    def renew(self) -> None:
        """Another password, known to the broker alone so far; who is connected has to come again."""
        self.password = f"canary-{secrets.token_hex(8)}"
        self._broker.manage("PUT", f"users/{self.name}", {"password": self.password, "tags": "management"})
        for name in self.connections():
            wait(lambda name=name: self._end(name), 10, "the connection ended")

    def _end(self, connection: str) -> bool:
        """The management API may not know a new connection yet."""
        try:
            self._broker.manage("DELETE", f"connections/{quote(connection, safe='')}")
        except requests.HTTPError:
            return connection not in self.connections()
        return True

    def host(self, http: bool) -> str:
        url = self._stage.vhost.management_url if http else self._stage.vhost.amqp_url
        return f"{url.partition('://')[0]}://{self.name}:{self.password}@{url.rpartition('@')[2]}"

    def connections(self) -> list[str]:
        """The names of its open connections."""
        found = self._broker.manage("GET", "connections?disable_stats=true")
        return sorted(connection["name"] for connection in found if connection["user"] == self.name)

    def forget(self) -> None:
        self._broker.manage("DELETE", f"users/{self.name}")


@pytest.fixture
def login(rabbitmq: Rabbitmq, stage: Stage) -> Iterator[Login]:
    made = Login(rabbitmq, stage)
    yield made
    made.forget()


def rule(metadata: dict[str, str] | None = None, **trigger: Any) -> dict[str, str]:
    written = {"queueName": "orders", "mode": "QueueLength", "value": "5", **(metadata or {})}
    return {
        "scalerule.dev/rule": json.dumps({"triggers": [{"type": "rabbitmq", "metadata": written, **trigger}], **QUICK})
    }


WHOLE = {"authentication": {"secret": "rabbit"}}


def containers(**container: Any) -> list[dict[str, Any]]:
    return [{"name": "worker", "image": "worker", **container}]


@pytest.mark.parametrize(
    ("trigger", "container"),
    [
        (WHOLE, {}),
        ({"authentication": {"parameters": {"host": {"secret": {"name": "rabbit", "key": "host"}}}}}, {}),
        (
            {"metadata": {"hostFromEnv": "URL"}},
            {"env": [{"name": "URL", "valueFrom": {"secretKeyRef": {"name": "rabbit", "key": "host"}}}]},
        ),
        ({"metadata": {"hostFromEnv": "MY_host"}}, {"envFrom": [{"prefix": "MY_", "secretRef": {"name": "rabbit"}}]}),
    ],
    ids=["a whole Secret", "a key of it", "a variable", "all variables"],
)
def test_a_login_from_a_secret(
    stage: Stage, scaler: Start, login: Login, trigger: dict[str, Any], container: dict[str, Any]
) -> None:
    stage.vhost.declare("orders")
    stage.client.put("Secret", stage.namespace, "rabbit", {"host": login.host(http=False)})
    template = {"containers": containers(**container)}
    stage.client.create(stage.namespace, worker("orders", rule(**trigger), 0, **template))
    scaler()
    stage.vhost.publish("orders", 20)
    stage.wait_for("orders", 4)


def test_a_shared_credential(stage: Stage, scaler: Start, login: Login) -> None:
    stage.vhost.declare("orders")
    allowed = {"allow_namespaces": stage.namespace, "allow_hosts": "127.0.0.1"}
    name = f"shared-{secrets.token_hex(4)}"
    stage.client.put("Secret", "scalerule-system", name, {"host": login.host(http=False)}, **allowed)
    stage.client.create(stage.namespace, worker("orders", rule(authentication={"shared": name}), 0))
    scaler("--scaler-namespace=scalerule-system")
    stage.vhost.publish("orders", 20)
    stage.wait_for("orders", 4)


def test_a_missing_secret_is_named_and_found_later(stage: Stage, scaler: Start, login: Login) -> None:
    stage.vhost.declare("orders")
    # One of the same name that this rule may not see.
    stage.client.put("Secret", "scalerule-system", "rabbit", {"host": login.host(http=False)})
    stage.client.create(stage.namespace, worker("orders", rule(**WHOLE), 3))
    scaler("--scaler-namespace=scalerule-system")
    message = stage.wait_for_event("orders", "ScaleRuleInvalid")["message"]
    assert f"triggers[0].authentication.secret: Secret 'rabbit' not found in namespace '{stage.namespace}'" in message
    assert stage.replicas("orders") == 3
    stage.client.put("Secret", stage.namespace, "rabbit", {"host": login.host(http=False)})
    stage.vhost.publish("orders", 20)
    stage.wait_for("orders", 4, 15)


def test_only_what_a_secret_feeds_reconnects(stage: Stage, scaler: Start, login: Login, rabbitmq: Rabbitmq) -> None:
    other = Login(rabbitmq, stage)
    try:
        for name, each in {"orders": login, "others": other}.items():
            stage.vhost.declare(name)
            stage.client.put("Secret", stage.namespace, name, {"host": each.host(http=False)})
            fed = rule({"queueName": name}, authentication={"secret": name})
            stage.client.create(stage.namespace, worker(name, fed, 0))
        running = scaler()
        stage.wait_for_rules(running, "ready", 2)
        kept = other.connections()
        login.renew()
        stage.wait_for_event("orders", "TriggerFailed")
        stage.client.put("Secret", stage.namespace, "orders", {"host": login.host(http=False)})
        stage.wait_for_event("orders", "TriggerRecovered", 6)
        assert other.connections() == kept
    finally:
        other.forget()


def test_secrets_are_read_one_by_one(stage: Stage, scaler: Start, login: Login, proxy: Proxy) -> None:
    stage.vhost.declare("orders")
    stage.client.put("Secret", stage.namespace, "rabbit", {"host": login.host(http=False)})
    for name in ("a", "b", "c"):
        stage.client.create(stage.namespace, worker(name, rule(**WHOLE), 0))
    running = scaler(kubeconfig=proxy.kubeconfig)
    stage.wait_for_rules(running, "ready", 3)
    assert [(each.method, each.path) for each in proxy.matching(path="secrets")] == [
        ("GET", f"/api/v1/namespaces/{stage.namespace}/secrets/rabbit")
    ]


def test_an_api_server_that_cannot_tell_changes_nothing(
    stage: Stage, scaler: Start, login: Login, proxy: Proxy
) -> None:
    stage.vhost.declare("orders")
    stage.client.put("Secret", stage.namespace, "rabbit", {"host": login.host(http=False)})
    stage.client.create(stage.namespace, worker("orders", rule(**WHOLE), 3))
    proxy.refuse(500, "GET", "/secrets/", times=1)
    scaler(kubeconfig=proxy.kubeconfig)
    wait(lambda: proxy.count("GET", "/secrets/"), 5, "an attempt")
    assert stage.replicas("orders") == 3
    assert "ScaleRuleInvalid" not in stage.reasons("orders")
    stage.vhost.publish("orders", 30)
    stage.wait_for("orders", 6, 15)
