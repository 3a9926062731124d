"""The demo's broker speaks AMQP to the real client library, and to our own reader."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pika
import pytest

from scaler.demo.broker import Broker
from scaler.destination import anywhere
from scalers import Dial, Reading, ScalerError
from scalers.rabbitmq import Parameters, Scaler


@pytest.fixture
async def broker() -> AsyncIterator[Broker]:
    async with Broker() as broker:
        yield broker


async def as_client(broker: Broker, act: Callable[[Any], Any]) -> Any:
    """What `act` returns, given a channel of a blocking client in a thread."""

    def run() -> Any:
        connection = pika.BlockingConnection(pika.URLParameters(broker.url))
        try:
            return act(connection.channel())
        finally:
            if connection.is_open:
                connection.close()

    return await asyncio.wait_for(asyncio.to_thread(run), 10)


def publish(channel: Any, count: int) -> None:
    channel.queue_declare("orders")
    for number in range(count):
        channel.basic_publish("", "orders", str(number).encode())


def depth(channel: Any) -> int:
    return int(channel.queue_declare("orders", passive=True).method.message_count)


async def test_messages_come_in_order(broker: Broker) -> None:
    await as_client(broker, lambda channel: publish(channel, 3))
    got = await as_client(broker, lambda channel: [channel.basic_get("orders", auto_ack=True)[2] for _ in range(4)])
    assert got == [b"0", b"1", b"2", None]


async def test_a_large_message_arrives_whole(broker: Broker) -> None:
    body = bytes(300_000)

    def act(channel: Any) -> Any:
        channel.queue_declare("orders")
        channel.basic_publish("", "orders", body)
        return channel.basic_get("orders", auto_ack=True)[2]

    assert await as_client(broker, act) == body


async def test_unacknowledged_messages_go_back(broker: Broker) -> None:
    await as_client(broker, lambda channel: publish(channel, 3))

    def take_two_and_go(channel: Any) -> int:
        first = channel.basic_get("orders")[0]
        channel.basic_get("orders")
        channel.basic_ack(first.delivery_tag)
        return depth(channel)

    assert await as_client(broker, take_two_and_go) == 1
    assert await as_client(broker, depth) == 2
    assert (await as_client(broker, lambda channel: channel.basic_get("orders")))[2] == b"1"


async def test_a_consumer_gets_no_more_than_its_prefetch(broker: Broker) -> None:
    await as_client(broker, lambda channel: publish(channel, 5))

    def consume(channel: Any) -> tuple[int, int]:
        channel.basic_qos(prefetch_count=2)
        channel.basic_consume("orders", lambda *message: None)
        channel.connection.process_data_events(0.1)
        return depth(channel), len(broker.queues["orders"].consumers)

    assert await as_client(broker, consume) == (3, 1)
    assert await as_client(broker, depth) == 5
    assert not broker.queues["orders"].consumers


async def test_a_missing_queue_closes_the_channel(broker: Broker) -> None:
    with pytest.raises(pika.exceptions.ChannelClosedByBroker, match="NOT_FOUND"):
        await as_client(broker, depth)


async def test_purge(broker: Broker) -> None:
    await as_client(broker, lambda channel: publish(channel, 5))
    assert (await as_client(broker, lambda channel: channel.queue_purge("orders"))).method.message_count == 5
    assert await as_client(broker, depth) == 0


async def test_our_reader_reads_it(broker: Broker) -> None:
    await as_client(broker, lambda channel: publish(channel, 5))
    written = {"host": broker.url, "queueName": "orders", "mode": "QueueLength", "value": "5"}
    parameters = Parameters.parse(written)
    missing = Parameters.parse({**written, "queueName": "missing"})
    scaler = Scaler(parameters.connection(), Dial(5.0, anywhere))
    found, error = await scaler.read([parameters.queue(), missing.queue()])
    await scaler.close()
    assert found == Reading(5, 5)
    assert isinstance(error, ScalerError)
