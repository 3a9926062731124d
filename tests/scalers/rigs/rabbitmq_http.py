"""RabbitMQ over its management API."""

from scalers.rabbitmq import Connection
from tests.scalers.rigs import CANARY, Place
from tests.scalers.rigs.rabbitmq_amqp import RabbitmqAmqp, _place


class RabbitmqHttp(RabbitmqAmqp):
    @property
    def place(self) -> Place:
        return _place(self.broker.management_url)

    def connection(self, place: Place, password: str = CANARY, secure: bool = False) -> Connection:
        amqp = super().connection(place, password)
        return amqp.model_copy(update={"protocol": "http", "scheme": "https" if secure else "http", "vhost": ""})
