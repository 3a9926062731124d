"""The demo's workers: as many as the Deployment has ready pods, each taking messages at a fixed rate over real AMQP."""

import threading
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pika
import pika.exceptions

#: Messages that one worker does in a second.
RATE = 5.0


def _connected(url: str) -> pika.BlockingConnection:
    """Raises ConnectionError without the password that the address holds."""
    try:
        return pika.BlockingConnection(pika.URLParameters(url))
    except (pika.exceptions.AMQPError, OSError, ValueError) as error:
        parts = urlsplit(url)
        what = type(error).__name__
        raise ConnectionError(f"cannot reach RabbitMQ at {parts.hostname}:{parts.port or 5672}: {what}") from None


class Worker(threading.Thread):
    """Takes one message at a time and acknowledges it when it is done; told to stop, it finishes the one it has."""

    def __init__(self, url: str, queue: str, done: "Tally") -> None:
        super().__init__(daemon=True)
        self.stopping = threading.Event()
        self._url = url
        self._queue = queue
        self._done = done

    def run(self) -> None:
        """Until told to stop."""
        connection = _connected(self._url)
        channel = connection.channel()
        channel.basic_qos(prefetch_count=1)
        for method, _, _ in channel.consume(self._queue, inactivity_timeout=0.05):
            if method is not None:
                connection.sleep(1 / RATE)
                channel.basic_ack(method.delivery_tag)
                self._done.count()
            if self.stopping.is_set():
                break
        connection.close()


@dataclass
class Tally:
    """How many messages were done, by all workers together."""

    total: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self) -> None:
        """One more."""
        with self._lock:
            self.total += 1


class Crew:
    """The workers of one queue."""

    def __init__(self, url: str, queue: str) -> None:
        self.done = Tally()
        self._url = url
        self._queue = queue
        self._workers: list[Worker] = []
        self._leaving: list[Worker] = []

    def follow(self, ready: int) -> None:
        """Be so many; those that go finish their message first."""
        while len(self._workers) < ready:
            worker = Worker(self._url, self._queue, self.done)
            worker.start()
            self._workers.append(worker)
        while len(self._workers) > ready:
            worker = self._workers.pop()
            worker.stopping.set()
            self._leaving.append(worker)

    def dismiss(self) -> None:
        """Nobody works any more when this returns."""
        self.follow(0)
        for worker in self._leaving:
            worker.join(5)


class Desk:
    """Who publishes: one connection to the broker, used from one thread at a time."""

    def __init__(self, url: str, queue: str) -> None:
        self.published = 0
        self._queue = queue
        self._connection = _connected(url)
        self._channel = self._connection.channel()
        self._channel.queue_declare(queue, durable=True)

    def publish(self, messages: int) -> None:
        """So many at once; they are in the queue when this returns."""
        for _ in range(messages):
            self._channel.basic_publish("", self._queue, b"work")
        self.left()
        self.published += messages

    def left(self) -> int:
        """How many wait in the queue."""
        return int(self._channel.queue_declare(self._queue, passive=True).method.message_count)

    def close(self) -> None:
        """The queue goes along."""
        self._channel.queue_delete(self._queue)
        self._connection.close()
