"""Reviews from many connections at once, again and again, from a thread."""

import asyncio
import ssl
import threading

import aiohttp

from tests.admission import deployment, review
from tests.rules import annotations
from tests.tls import SESSION


class Flood:
    """Asks a webhook on loopback, inside its `with` block; counts the answers."""

    def __init__(self, port: int, connections: int) -> None:
        self.answered = 0
        self.failed = 0
        self._url = f"https://localhost:{port}/validate"
        self._connections = connections
        self._body = review(deployment(annotations()))
        self._over = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)

    def __enter__(self) -> "Flood":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join()

    async def _run(self) -> None:
        trust = ssl.create_default_context(cadata=SESSION.pem)
        connector = aiohttp.TCPConnector(ssl=trust, limit=0)
        async with aiohttp.ClientSession(connector=connector) as session:
            await asyncio.gather(*(self._ask(session) for _ in range(self._connections)))

    async def _ask(self, session: aiohttp.ClientSession) -> None:
        while not self._over.is_set():
            async with session.post(self._url, data=self._body) as answer:
                good = answer.status == 200 and (await answer.json())["response"]["allowed"]
                self.answered += good
                self.failed += not good
