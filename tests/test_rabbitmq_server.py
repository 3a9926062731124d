"""The test broker is what the other tests take it for."""

from tests.rabbitmq import Rabbitmq, Vhost
from tests.rabbitmq_server import RabbitmqServer


def test_messages_are_there_at_once(vhost: Vhost) -> None:
    vhost.declare("a", "b")
    vhost.publish("a", 30)
    vhost.consume("a", 10)
    assert (vhost.depth("a"), vhost.depth("b")) == (20, 0)
    vhost.purge("a")
    assert vhost.depth("a") == 0


def test_connections_are_counted_at_once(rabbitmq: Rabbitmq, vhost: Vhost) -> None:
    with vhost.channel():
        assert rabbitmq.connections(vhost) == 1
    assert rabbitmq.connections(vhost) == 0


def test_requests_over_http_are_counted(private_rabbitmq: RabbitmqServer) -> None:
    before = private_rabbitmq.http_requests()
    private_rabbitmq.manage("GET", "queues")
    # With the two of the second count.
    assert private_rabbitmq.http_requests() == before + 3


def test_it_comes_back_with_its_queues(private_rabbitmq: RabbitmqServer) -> None:
    private_rabbitmq.vhost.declare("a")
    private_rabbitmq.vhost.publish("a", 7)
    private_rabbitmq.stop()
    private_rabbitmq.start()
    assert private_rabbitmq.vhost.depth("a") == 7


def test_it_comes_back_when_it_was_killed(private_rabbitmq: RabbitmqServer) -> None:
    private_rabbitmq.vhost.declare("a")
    private_rabbitmq.kill()
    private_rabbitmq.start()
    # Killed right after its first start, RabbitMQ 3.10 has now and then lost what was declared just before.
    private_rabbitmq.vhost.declare("a")
    private_rabbitmq.vhost.publish("a", 7)
    assert private_rabbitmq.vhost.depth("a") == 7
