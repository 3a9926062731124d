"""The API server or the broker is killed and comes back. Each test has servers of its own."""

import time

import pytest

from tests.cluster.access import Access
from tests.cluster.control_plane import ControlPlane
from tests.e2e.conftest import Start
from tests.e2e.stage import Stage
from tests.rabbitmq import Vhost
from tests.rabbitmq_server import RabbitmqServer
from tests.running import Running
from tests.wait import wait


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
    back = time.monotonic()
    wait(lambda: running.metric("scaler_rules", state="ready") == 1, 10, "reading again")
    # One interval, and what a busy machine needs to tell.
    assert time.monotonic() - back <= 2 + 2
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


def leads(running: Running) -> bool:
    return running.metric("scaler_leader", shard="0") == 1


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
        wait(lambda: not leads(first), lease, "the leader knows that it may not write any more")
        stage.vhost.publish("orders", 10)
        time.sleep(lease)
        assert leads(first) + leads(second) == 0
    wait(lambda: leads(first) + leads(second) == 1, 4 * lease, "one leads again")
    stage.wait_for("orders", 10, 20)
    assert [each.replicas for each in private_cluster.counts(stage.namespace)] == [4, 8, 10]
