"""One open AMQP connection: from the handshake to the end, in terms of asyncio instead of pika's callbacks."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

import pika
from pika.adapters.asyncio_connection import AsyncioConnection
from pika.exceptions import ConnectionClosedByClient, InvalidFrameError

from scalers import Reading
from scalers.rabbitmq.connection import Connection
from scalers.rabbitmq.lane import Batch, Lane

__all__ = ["Link"]

_MOST_LANES: Final = 20  # more do not read faster
_LARGEST_ANSWER: Final = 2**20  # bytes; all queues that are asked for at once are answered in a seventh of it


class Link:
    """A connection, and the lanes on it."""

    def __init__(self, connection: Connection, address: str) -> None:
        """Begins to connect."""
        loop = asyncio.get_running_loop()
        self.opened: asyncio.Future[None] = loop.create_future()
        self._ended: asyncio.Future[Exception] = loop.create_future()
        self._lanes: list[Lane] = []
        self._pika = _Wary(
            _parameters(connection, address),
            on_open_callback=self._on_open,
            on_open_error_callback=self._on_end,
            on_close_callback=self._on_end,
        )

    @property
    def is_open(self) -> bool:
        return bool(self._pika.is_open)

    async def ask(self, names: Sequence[str]) -> dict[str, Reading | int]:
        """A reading or a reply code for each name. Raises what ended the connection, where it ends meanwhile."""
        batch = Batch(names)
        self._pika.unasked = 0
        wanted = min(len(names), _MOST_LANES, self._pika.params.channel_max)
        self._lanes += [Lane(self._pika) for _ in range(wanted - len(self._lanes))]
        for lane in self._lanes:
            lane.work(batch)
        ends: set[asyncio.Future[Any]] = {batch.done, self._ended}
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        if not batch.done.done():
            raise self._ended.result()
        return batch.answers

    async def close(self) -> None:
        """Takes leave of the broker, once it agrees."""
        if self._pika.is_open:
            self._pika.close()
        await asyncio.wait({self._ended})

    def abort(self) -> None:
        """Lets go of the socket, whatever the broker does."""
        if not self._pika.is_closed:
            self._pika.abort()

    def _on_open(self, _: AsyncioConnection) -> None:
        if not self.opened.done():
            self.opened.set_result(None)

    def _on_end(self, _: AsyncioConnection, error: Exception) -> None:
        if not self._ended.done():
            self._ended.set_result(error)
        if not self.opened.done():
            self.opened.set_exception(error)


class _Wary(AsyncioConnection):  # type: ignore[misc]  # pika has no types
    """pika, for a broker that may be hung or hostile."""

    unasked = 0
    """Bytes that it has sent since it was last asked for something."""

    def abort(self) -> None:
        """close() waits until the broker agrees."""
        self._terminate_stream(ConnectionClosedByClient(320, "aborted"))

    def _on_data_available(self, data_in: bytes) -> None:
        self.unasked += len(data_in)
        if self.unasked > _LARGEST_ANSWER:
            raise InvalidFrameError("more than was asked for")
        super()._on_data_available(data_in)


def _parameters(connection: Connection, address: str) -> pika.ConnectionParameters:
    tls = pika.SSLOptions(connection.tls.context(), connection.host) if connection.secure else None
    return pika.ConnectionParameters(
        host=address,
        port=connection.port,
        virtual_host=connection.vhost,
        credentials=_credentials(connection),
        ssl_options=tls,
        connection_attempts=1,
        # The caller has a time-out for all of it.
        socket_timeout=None,
        stack_timeout=None,
        client_properties={"connection_name": "scalerule"},
    )


def _credentials(connection: Connection) -> Any:
    if connection.secure and connection.external:
        return pika.credentials.ExternalCredentials()
    return pika.PlainCredentials(connection.username, connection.password.get_secret_value())
