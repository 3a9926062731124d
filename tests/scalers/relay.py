"""A TCP relay before a broker: it adds latency, counts connections, and can stop passing anything on."""

import asyncio
import ssl
from collections.abc import Callable
from types import TracebackType
from typing import Self


class Relay:
    """Listens on a loopback port of its own; with `tls` it ends TLS there."""

    def __init__(self, host: str, port: int, delay: float = 0.0, tls: ssl.SSLContext | None = None) -> None:
        self._upstream = (host, port)
        self._delay = delay
        self._tls = tls
        self._writers: list[asyncio.StreamWriter] = []
        self.frozen = False
        self.connections = 0
        """How many were ever made."""
        self.round_trips = 0
        """The longest chain of requests of which each was sent after the answer to the one before, on any connection.

        The same on every machine: a slow one takes longer for it."""

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accepted, "127.0.0.1", 0, ssl=self._tls)
        self.host, self.port = self._server.sockets[0].getsockname()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.sleep(0.01)

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        behind, before = await asyncio.open_connection(*self._upstream)
        self._writers += (writer, before)
        loop = asyncio.get_running_loop()
        asked = 0

        def request(data: bytes) -> None:
            nonlocal asked
            asked = self.round_trips + 1
            loop.call_later(self._delay, before.write, data)

        def answer(data: bytes) -> None:
            self.round_trips = max(self.round_trips, asked)
            writer.write(data)

        def answered(data: bytes) -> None:
            loop.call_later(self._delay, answer, data)

        await asyncio.gather(
            self._pass(reader, before, request), self._pass(behind, writer, answered), return_exceptions=True
        )

    async def _pass(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, on: Callable[[bytes], None]
    ) -> None:
        loop = asyncio.get_running_loop()
        while data := await source.read(65536):
            if not self.frozen:
                on(data)
        loop.call_later(self._delay, sink.close)
