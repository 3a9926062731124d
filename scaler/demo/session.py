"""One AMQP connection of the demo's broker, server side; frames and methods are encoded and decoded by pika's codec."""

import contextlib
import struct
from asyncio import IncompleteReadError, StreamReader, StreamWriter
from dataclasses import dataclass, field
from typing import Any

from pika import frame, spec

from scaler.demo.queue import Consumer, Queue

_FRAME_MAX = 131072
_HEADER = struct.Struct(">BHL")
_NOT_FOUND = 404


@dataclass
class _Channel:
    """What a channel is in the middle of."""

    prefetch: int = 0
    routing_key: str = ""
    size: int = 0
    body: bytes = b""
    next_tag: int = 1
    unacknowledged: dict[int, tuple[Consumer | None, Queue, bytes]] = field(default_factory=dict)


class Session:
    """Answers one client until it goes."""

    def __init__(self, queues: dict[str, Queue], reader: StreamReader, writer: StreamWriter) -> None:
        self._queues = queues
        self._reader = reader
        self._writer = writer
        self._channels: dict[int, _Channel] = {}
        self._open = True

    async def run(self) -> None:
        """Until the client closes; what it had not acknowledged goes back to its queues."""
        with contextlib.suppress(IncompleteReadError, ConnectionError):
            await self._reader.readexactly(8)
            self._send(0, spec.Connection.Start(server_properties={"product": "scalerule demo"}))
            while self._open:
                await self._frame()
                await self._writer.drain()
        for number in list(self._channels):
            self._drop_channel(number)
        self._writer.close()

    def _deliver(self, consumer: Consumer, queue: Queue, body: bytes) -> None:
        """Hand a message to a consumer of this connection."""
        channel = self._channels[consumer.channel]
        tag = self._remember(channel, consumer, queue, body)
        self._send(consumer.channel, spec.Basic.Deliver(consumer.tag, tag, False, "", ""))
        self._content(consumer.channel, body)

    async def _frame(self) -> None:
        header = await self._reader.readexactly(_HEADER.size)
        kind, number, size = _HEADER.unpack(header)
        payload = await self._reader.readexactly(size + 1)
        if kind == spec.FRAME_BODY:
            self._body(number, payload[:-1])
            return
        _, decoded = frame.decode_frame(header + payload)
        if isinstance(decoded, frame.Method):
            self._method(number, decoded.method)
        elif isinstance(decoded, frame.Header):
            self._channels[number].size = decoded.body_size
            self._channels[number].body = b""
            if not decoded.body_size:
                self._publish(self._channels[number])

    def _body(self, number: int, part: bytes) -> None:
        channel = self._channels[number]
        channel.body += part
        if len(channel.body) >= channel.size:
            self._publish(channel)

    def _publish(self, channel: _Channel) -> None:
        queue = self._queues.get(channel.routing_key)
        if queue is not None:
            queue.put(channel.body)

    def _method(self, number: int, method: Any) -> None:
        """A method `Queue.Declare` is answered by `_queue_declare`."""
        name = method.NAME.lower().replace(".", "_").replace("-", "_")
        answer = getattr(self, f"_{name}", None)
        if answer is None:
            self._send(0, spec.Connection.Close(540, f"NOT_IMPLEMENTED - {method.NAME}", 0, 0))
        else:
            answer(number, method)

    def _connection_startok(self, number: int, method: Any) -> None:
        self._send(0, spec.Connection.Tune(channel_max=2047, frame_max=_FRAME_MAX, heartbeat=0))

    def _connection_tuneok(self, number: int, method: Any) -> None:
        """Needs no answer."""

    def _connection_open(self, number: int, method: Any) -> None:
        self._send(0, spec.Connection.OpenOk())

    def _connection_close(self, number: int, method: Any) -> None:
        self._send(0, spec.Connection.CloseOk())
        self._open = False

    def _connection_closeok(self, number: int, method: Any) -> None:
        self._open = False

    def _channel_open(self, number: int, method: Any) -> None:
        self._channels[number] = _Channel()
        self._send(number, spec.Channel.OpenOk())

    def _channel_close(self, number: int, method: Any) -> None:
        self._drop_channel(number)
        self._send(number, spec.Channel.CloseOk())

    def _channel_closeok(self, number: int, method: Any) -> None:
        """Needs no answer."""

    def _queue_declare(self, number: int, method: Any) -> None:
        if method.passive and method.queue not in self._queues:
            self._drop_channel(number)
            message = f"NOT_FOUND - no queue '{method.queue}' in vhost '/'"
            self._send(number, spec.Channel.Close(_NOT_FOUND, message, *divmod(spec.Queue.Declare.INDEX, 1 << 16)))
            return
        queue = self._queue(method.queue)
        self._send(number, spec.Queue.DeclareOk(method.queue, len(queue.ready), len(queue.consumers)))

    def _queue_purge(self, number: int, method: Any) -> None:
        queue = self._queue(method.queue)
        count = len(queue.ready)
        queue.ready.clear()
        self._send(number, spec.Queue.PurgeOk(count))

    def _queue_delete(self, number: int, method: Any) -> None:
        queue = self._queues.pop(method.queue, None)
        self._send(number, spec.Queue.DeleteOk(len(queue.ready) if queue else 0))

    def _basic_qos(self, number: int, method: Any) -> None:
        self._channels[number].prefetch = method.prefetch_count
        self._send(number, spec.Basic.QosOk())

    def _basic_publish(self, number: int, method: Any) -> None:
        self._channels[number].routing_key = method.routing_key

    def _basic_consume(self, number: int, method: Any) -> None:
        queue, channel = self._queue(method.queue), self._channels[number]
        queue.consumers.append(Consumer(self, self._deliver, number, method.consumer_tag, channel.prefetch))
        self._send(number, spec.Basic.ConsumeOk(method.consumer_tag))
        queue.dispatch()

    def _basic_cancel(self, number: int, method: Any) -> None:
        self._drop_consumers(number, method.consumer_tag)
        self._send(number, spec.Basic.CancelOk(method.consumer_tag))

    def _basic_get(self, number: int, method: Any) -> None:
        queue = self._queue(method.queue)
        if not queue.ready:
            self._send(number, spec.Basic.GetEmpty())
            return
        body = queue.ready.popleft()
        tag = 0 if method.no_ack else self._remember(self._channels[number], None, queue, body)
        self._send(number, spec.Basic.GetOk(tag, False, "", method.queue, len(queue.ready)))
        self._content(number, body)

    def _basic_ack(self, number: int, method: Any) -> None:
        for queue, _ in self._settle(number, method.delivery_tag, method.multiple):
            queue.dispatch()

    def _basic_nack(self, number: int, method: Any) -> None:
        self._refused(number, method.delivery_tag, method.multiple)

    def _basic_reject(self, number: int, method: Any) -> None:
        self._refused(number, method.delivery_tag, False)

    def _refused(self, number: int, tag: int, multiple: bool) -> None:
        for queue, body in reversed(self._settle(number, tag, multiple)):
            queue.put_back(body)
            queue.dispatch()

    def _settle(self, number: int, tag: int, multiple: bool) -> list[tuple[Queue, bytes]]:
        """The messages that an acknowledgement or refusal speaks of, oldest first."""
        pending = self._channels[number].unacknowledged
        settled = []
        # A tag of 0 with `multiple` means all.
        for each in [each for each in pending if each == tag or (multiple and (each < tag or not tag))]:
            consumer, queue, body = pending.pop(each)
            if consumer is not None:
                consumer.unacknowledged -= 1
            settled.append((queue, body))
        return settled

    def _queue(self, name: str) -> Queue:
        return self._queues.setdefault(name, Queue())

    def _remember(self, channel: _Channel, consumer: Consumer | None, queue: Queue, body: bytes) -> int:
        tag, channel.next_tag = channel.next_tag, channel.next_tag + 1
        channel.unacknowledged[tag] = consumer, queue, body
        return tag

    def _drop_consumers(self, number: int, tag: str | None = None) -> None:
        for queue in self._queues.values():
            for consumer in list(queue.consumers):
                if consumer.owner is self and consumer.channel == number and tag in (None, consumer.tag):
                    queue.consumers.remove(consumer)

    def _drop_channel(self, number: int) -> None:
        """Its consumers go, and what they had not acknowledged goes back, oldest first."""
        self._drop_consumers(number)
        channel = self._channels.pop(number, _Channel())
        queues = []
        for _, queue, body in reversed(channel.unacknowledged.values()):
            queue.put_back(body)
            queues.append(queue)
        for queue in queues:
            queue.dispatch()

    def _send(self, number: int, method: Any) -> None:
        self._writer.write(frame.Method(number, method).marshal())

    def _content(self, number: int, body: bytes) -> None:
        self._writer.write(frame.Header(number, len(body), spec.BasicProperties()).marshal())
        self._writer.write(frame.Body(number, body).marshal())
