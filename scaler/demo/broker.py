"""The demo's queue: an embedded broker that speaks AMQP 0-9-1, so that the demo needs none installed.

A stand-in, for the demo only: the tests run on a real RabbitMQ. It knows what the demo uses: durable-looking queues in
memory, publish, consume with a prefetch, acknowledge, passive declares.
"""

import asyncio

from scaler.demo.queue import Queue
from scaler.demo.session import Session


class Broker:
    """Listens on a loopback port of its own. `url` is where."""

    def __init__(self) -> None:
        self.queues: dict[str, Queue] = {}
        self.url = ""
        self._server: asyncio.Server | None = None
        self._sessions: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "Broker":
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        self.url = f"amqp://demo:demo@127.0.0.1:{port}/"
        return self

    async def __aexit__(self, *error: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._sessions:
            task.cancel()
        await asyncio.gather(*self._sessions, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._sessions.add(task)
        try:
            await Session(self.queues, reader, writer).run()
        finally:
            self._sessions.discard(task)
