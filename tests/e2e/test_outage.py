"""The API server or the broker is killed and comes back. Each test has servers of its own."""

import time

import pytest

from tests.cluster.access import Access
from tests.cluster.control_plane import ControlPlane
from tests.e2e.conftest import Start
from tests.e2e.stage import Stage
from tests.rabbitmq import Vhost
from tests.rabbitmq_server import RabbitmqServer
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
