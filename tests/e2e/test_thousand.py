"""A thousand rules on one broker: what the broker itself counts."""

import pytest

from tests.cluster.access import Access
from tests.e2e.conftest import Start
from tests.e2e.stage import Stage
from tests.rabbitmq import Rabbitmq
from tests.rabbitmq_server import RabbitmqServer
from tests.wait import wait

RULES = 1000


@pytest.fixture
def crowd(stage: Stage) -> list[str]:
    """A thousand Deployments with a queue each."""
    names = [f"worker-{number}" for number in range(RULES)]
    stage.vhost.declare(*names)
    return names


@pytest.mark.timeout(300)
def test_over_amqp_they_are_one_connection(
    stage: Stage, crowd: list[str], scaler: Start, rabbitmq: Rabbitmq, cluster: Access
) -> None:
    stage.deploy_all(crowd, pollingInterval=5)
    running = scaler()
    stage.wait_for_rules(running, "ready", RULES, 60)
    wait(lambda: rabbitmq.connections(stage.vhost) == 1, 10, "one connection")
    reads = running.metric("scaler_source_reads_total", outcome="ok")
    wait(lambda: running.metric("scaler_source_reads_total", outcome="ok") >= reads + 2, 30, "two more reads")
    assert rabbitmq.connections(stage.vhost) == 1
    assert running.metric("scaler_source_connections") == 1
    stage.vhost.publish(crowd[0], 10)
    stage.wait_for(crowd[0], 2)
    # It ends in time with all of them, too.
    running.stop()


@pytest.mark.timeout(300)
def test_over_http_they_are_one_request_a_read(
    cluster: Access, namespace: str, private_rabbitmq: RabbitmqServer, scaler: Start
) -> None:
    stage = Stage(cluster.client, namespace, private_rabbitmq.vhost)
    names = [f"worker-{number}" for number in range(RULES)]
    stage.vhost.declare(*names)
    stage.deploy_all(names, http=True, pollingInterval=5)
    running = scaler()
    stage.wait_for_rules(running, "ready", RULES, 60)
    requests = private_rabbitmq.http_requests()
    reads = running.metric("scaler_source_reads_total")
    wait(lambda: running.metric("scaler_source_reads_total") >= reads + 3, 30, "three more reads")
    # The broker's own count; asking for it takes two requests more.
    assert 3 <= private_rabbitmq.http_requests() - requests - 2 <= 4
    stage.vhost.publish(names[-1], 10)
    stage.wait_for(names[-1], 2)
