"""A thousand rules on one broker: what the broker itself counts."""

from collections.abc import Callable

import pytest

from tests.cluster.control_plane import ControlPlane
from tests.e2e.conftest import Start
from tests.e2e.stage import Stage
from tests.rabbitmq import Rabbitmq, Vhost
from tests.rabbitmq_server import RabbitmqServer
from tests.running import Running
from tests.wait import wait

RULES = 1000
NAMES = [f"worker-{number}" for number in range(RULES)]

Crowd = Callable[..., tuple[Stage, Running]]


@pytest.fixture
def crowd(private_cluster: ControlPlane, crowd_namespace: str, scaler: Start) -> Crowd:
    """Starts a scaler for a thousand Deployments with a queue each."""

    def start(vhost: Vhost, http: bool) -> tuple[Stage, Running]:
        stage = Stage(private_cluster.client, crowd_namespace, vhost)
        vhost.declare(*NAMES)
        stage.deploy_all(NAMES, http=http, pollingInterval=5)
        running = scaler(kubeconfig=private_cluster.scaler_kubeconfig(), namespace=crowd_namespace)
        stage.wait_for_rules(running, "ready", RULES, 60)
        return stage, running

    return start


def test_over_amqp_they_are_one_connection(crowd: Crowd, vhost: Vhost, rabbitmq: Rabbitmq) -> None:
    stage, running = crowd(vhost, http=False)
    wait(lambda: rabbitmq.connections(vhost) == 1, 10, "one connection")
    reads = running.metric("scaler_source_reads_total", outcome="ok")
    wait(lambda: running.metric("scaler_source_reads_total", outcome="ok") >= reads + 2, 30, "two more reads")
    assert rabbitmq.connections(vhost) == 1
    assert running.metric("scaler_source_connections") == 1
    vhost.publish(NAMES[0], 10)
    stage.wait_for(NAMES[0], 2)
    # It ends in time with all of them, too.
    running.stop()


def test_over_http_they_are_one_request_a_read(crowd: Crowd, private_rabbitmq: RabbitmqServer) -> None:
    stage, running = crowd(private_rabbitmq.vhost, http=True)
    requests = private_rabbitmq.http_requests()
    reads = running.metric("scaler_source_reads_total")
    wait(lambda: running.metric("scaler_source_reads_total") >= reads + 3, 30, "three more reads")
    # The broker's own count; asking for it takes two requests more.
    assert 3 <= private_rabbitmq.http_requests() - requests - 2 <= 4
    stage.vhost.publish(NAMES[-1], 10)
    stage.wait_for(NAMES[-1], 2)
