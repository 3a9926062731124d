"""The API server or the broker is killed and comes back. Each test has servers of its own."""

import contextlib
import socket
import ssl
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.cluster.access import Access, Kubeconfig
from tests.cluster.client import Client, Refusal
from tests.cluster.control_plane import ControlPlane
from tests.e2e.conftest import Start
from tests.e2e.stage import Stage
from tests.rabbitmq import Vhost
from tests.rabbitmq_server import RabbitmqServer
from tests.wait import wait

#: The scaler's writes of counts have a level of priority to themselves, with one seat: the API server
#: lets in one request even where there is none.
ONE_SEAT = """
apiVersion: flowcontrol.apiserver.k8s.io/v1
kind: PriorityLevelConfiguration
metadata: {name: one-seat}
spec:
  type: Limited
  limited:
    nominalConcurrencyShares: 0
    lendablePercent: 0
    borrowingLimitPercent: 0
    limitResponse: {type: Reject}
---
apiVersion: flowcontrol.apiserver.k8s.io/v1
kind: FlowSchema
metadata: {name: one-seat}
spec:
  priorityLevelConfiguration: {name: one-seat}
  matchingPrecedence: 2
  rules:
    - subjects: [{kind: ServiceAccount, serviceAccount: {namespace: scalerule-system, name: scaler}}]
      resourceRules:
        - {verbs: [patch], apiGroups: [apps], resources: [deployments/scale], namespaces: ["*"]}
"""


@pytest.fixture
def broken_broker_stage(cluster: Access, namespace: str, private_rabbitmq: RabbitmqServer) -> Stage:
    """A stage whose broker may be killed."""
    return Stage(cluster.client, namespace, private_rabbitmq.vhost)


@pytest.fixture
def broken_cluster_stage(private_cluster: ControlPlane, vhost: Vhost) -> Stage:
    """A stage whose API server may be killed."""
    client = private_cluster.client
    return Stage(client, client.create_namespace(), vhost)


@pytest.mark.parametrize("http", [False, True], ids=["amqp", "http"])
def test_a_broker_that_is_killed_never_lowers(
    broken_broker_stage: Stage, private_rabbitmq: RabbitmqServer, scaler: Start, http: bool
) -> None:
    stage = broken_broker_stage
    stage.deploy("orders", http=http, pollingInterval=2)
    running = scaler()
    stage.vhost.publish("orders", 20)
    stage.wait_for("orders", 4)
    private_rabbitmq.kill()
    stage.wait_for_event("orders", "TriggerFailed")
    # More than the cooldown.
    wait(lambda: running.metric("scaler_trigger_errors_total", deployment="orders") >= 3, 20, "three failed readings")
    assert stage.replicas("orders") == 4
    private_rabbitmq.start()
    # Killed right after its first start, RabbitMQ 3.10 has now and then lost what was declared just before.
    stage.vhost.declare("orders")
    stage.vhost.publish("orders", 20 - stage.vhost.depth("orders"))
    failed = running.metric("scaler_source_reads_total", outcome="error")
    wait(lambda: running.metric("scaler_rules", state="ready") == 1, 10, "reading again")
    # One may have been under way.
    assert running.metric("scaler_source_reads_total", outcome="error") <= failed + 1
    stage.wait_for_event("orders", "TriggerRecovered")
    assert stage.replicas("orders") == 4
    stage.vhost.purge("orders")
    stage.wait_for("orders", 0)


def test_an_api_server_that_is_killed(
    broken_cluster_stage: Stage, private_cluster: ControlPlane, scaler: Start
) -> None:
    stage = broken_cluster_stage
    stage.deploy("orders", pollingInterval=0.5)
    running = scaler(kubeconfig=private_cluster.scaler_kubeconfig(), namespace=stage.namespace)
    stage.vhost.publish("orders", 20)
    stage.wait_for("orders", 4)
    private_cluster.kill_apiserver()
    stage.vhost.publish("orders", 20)
    wait(lambda: running.metric("scaler_scale_errors_total", reason="unreachable"), 5, "a write that failed")
    assert running.get("/healthz").ok
    private_cluster.start_apiserver()
    stage.wait_for("orders", 8, 15)
    stage.deploy("others")
    stage.vhost.publish("others", 20)
    stage.wait_for("others", 4, 15)


def test_an_etcd_that_is_slow_and_one_that_hangs(
    broken_cluster_stage: Stage, private_cluster: ControlPlane, scaler: Start
) -> None:
    stage, lease = broken_cluster_stage, 6.0
    stage.deploy("orders", cooldownPeriod=60)
    kubeconfig, flag = private_cluster.scaler_kubeconfig(), f"--lease-duration={lease:g}"
    first, second = (
        scaler(flag, f"--identity={name}", kubeconfig=kubeconfig, namespace=stage.namespace) for name in "ab"
    )
    stage.wait_for_rules(first, "ready", 1)
    with private_cluster.slow_etcd(1.0):
        stage.vhost.publish("orders", 20)
        stage.wait_for("orders", 4, 20)
        # Longer than a Lease lasts: it is renewed in time all the same.
        time.sleep(lease)
        stage.vhost.publish("orders", 20)
        stage.wait_for("orders", 8, 20)
    assert private_cluster.counts(stage.namespace) == [("orders", "a", 4), ("orders", "a", 8)]
    with private_cluster.slow_etcd(60):
        wait(lambda: not first.leads(), lease, "the leader knows that it may not write any more")
        stage.vhost.publish("orders", 10)
        time.sleep(lease)
        assert first.leads() + second.leads() == 0
    wait(lambda: first.leads() + second.leads() == 1, 4 * lease, "one leads again")
    stage.wait_for("orders", 10, 20)
    assert [each.replicas for each in private_cluster.counts(stage.namespace)] == [4, 8, 10]


def test_priority_and_fairness_turn_writes_away(
    broken_cluster_stage: Stage, private_cluster: ControlPlane, scaler: Start
) -> None:
    stage = broken_cluster_stage
    stage.deploy("orders", cooldownPeriod=60)
    running = scaler(kubeconfig=private_cluster.scaler_kubeconfig(), namespace=stage.namespace)
    stage.vhost.publish("orders", 20)
    stage.wait_for("orders", 4)
    private_cluster.kubectl("apply", "-f", "-", input=ONE_SEAT)
    user = Kubeconfig.read(private_cluster.scaler_kubeconfig())
    path = f"/apis/apps/v1/namespaces/{stage.namespace}/deployments/orders/scale"
    # The level is in effect some time after it was made: until then a seat taken is one of another level.
    with contextlib.ExitStack() as seats:
        wait(lambda: seats.enter_context(seated(user, path)) and is_turned_away(user, path), 30, "no seat is left")
        stage.vhost.publish("orders", 20)
        wait(lambda: running.metric("scaler_kubernetes_requests_total", code="429") >= 2, 20, "turned away")
        wait(lambda: running.metric("scaler_scale_errors_total", reason="429"), 20, "given up until the next reading")
        assert stage.replicas("orders") == 4
    stage.wait_for("orders", 8, 15)
    assert [each.replicas for each in private_cluster.counts(stage.namespace)] == [4, 8]


@contextlib.contextmanager
def seated(user: Kubeconfig, path: str) -> Iterator[bool]:
    """Somebody writes a count, and takes long over it: the API server waits for a body that does not come."""
    where = urlsplit(user.server)
    context = ssl.create_default_context(cafile=user.ca)
    plain = socket.create_connection((where.hostname, where.port))
    with context.wrap_socket(plain, server_hostname=where.hostname) as slow:
        lines = (
            f"PATCH {path}?dryRun=All HTTP/1.1",
            f"Host: {where.netloc}",
            f"Authorization: Bearer {user.token}",
            "Content-Type: application/merge-patch+json",
            "Content-Length: 2",
            "",
            "",
        )
        slow.sendall("\r\n".join(lines).encode())
        yield True


def is_turned_away(user: Kubeconfig, path: str) -> bool:
    """Whether a write of a count is."""
    try:
        Client(user.server, user.ca, user.token).call("PATCH", path, {}, dryRun="All")
    except Refusal as refusal:
        return refusal.status == 429
    return False
