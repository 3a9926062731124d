"""Asks RabbitMQ for queue lengths over the channels of one AMQP connection.

A passive declare answers with the number of ready messages. pika sends one at a time on each channel, so several
channels work on one batch, each taking the next queue once it has its answer. The broker closes the channel that
asked for a missing queue; since no other request waits on that channel, no other queue is affected.
"""

import asyncio
from collections import deque
from collections.abc import Sequence

from pika.adapters.asyncio_connection import AsyncioConnection
from pika.channel import Channel
from pika.exceptions import ChannelClosedByBroker
from pika.frame import Method

from scalers import Reading

__all__ = ["Batch", "Lane"]


class Batch:
    """Queues to ask for by name, and the answers: a reading, or the code with which the broker refused."""

    def __init__(self, names: Sequence[str]) -> None:
        self.answers: dict[str, Reading | int] = {}
        self.waiting = deque(names)
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._missing = len(names)

    def answer(self, name: str, answer: Reading | int) -> None:
        """Takes note of an answer."""
        self.answers[name] = answer
        self._missing -= 1
        if not self._missing and not self.done.done():
            self.done.set_result(None)


class Lane:
    """One channel, opened when there is work and kept."""

    def __init__(self, connection: AsyncioConnection) -> None:
        self._connection = connection
        self._channel: Channel | None = None
        self._batch = Batch([])
        self._name: str | None = None

    def work(self, batch: Batch) -> None:
        """Asks for queues of the batch until none waits."""
        self._batch = batch
        if self._channel:
            self._next(self._channel)
        elif batch.waiting:
            self._channel = self._connection.channel(on_open_callback=self._next)
            self._channel.add_on_close_callback(self._closed)

    def _next(self, channel: Channel) -> None:
        self._name = self._batch.waiting.popleft() if self._batch.waiting else None
        if self._name is not None:
            channel.queue_declare(self._name, passive=True, callback=self._answered)

    def _answered(self, frame: Method) -> None:
        if self._channel and self._name is not None:
            count = frame.method.message_count
            self._batch.answer(self._name, Reading(count, count))
            self._next(self._channel)

    def _closed(self, _: Channel, reason: Exception) -> None:
        self._channel = None
        if self._name is not None and isinstance(reason, ChannelClosedByBroker):
            self._batch.answer(self._name, reason.reply_code)
            self.work(self._batch)
