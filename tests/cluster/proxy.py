"""Stands before the real API server and fails on demand: with the answers that a healthy one cannot be made to give."""

import asyncio
import contextlib
import re
import ssl
import threading
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp import web

from tests.process import free_port


@dataclass
class Fault:
    """An answer for the next `times` requests whose "METHOD path" matches; status 0 is no answer at all."""

    pattern: str
    times: int
    status: int
    headers: dict[str, str] = field(default_factory=dict)


class Proxy:
    """A plain HTTP reverse proxy in a thread of its own; bearer tokens and streams pass through."""

    def __init__(self, upstream: str, authority: Path) -> None:
        self.url = f"http://127.0.0.1:{free_port()}"
        self.requests: list[str] = []
        self._upstream = upstream
        self._context = ssl.create_default_context(cafile=str(authority))
        self._faults: list[Fault] = []
        self._watches: set[web.StreamResponse] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def fail(self, pattern: str, status: int, times: int = 1, **headers: str) -> None:
        """Answer the next requests that match with an error; 0 keeps them waiting for ever."""
        self._faults.append(
            Fault(pattern, times, status, {name.replace("_", "-"): text for name, text in headers.items()})
        )

    def cut_watches(self) -> int:
        """Break every watch in the middle; returns how many there were."""

        async def cut() -> int:
            cut_off = [watch for watch in self._watches if watch._payload_writer is not None]
            for watch in cut_off:
                transport = watch._payload_writer.transport  # type: ignore[union-attr]
                if transport is not None:
                    transport.abort()
            return len(cut_off)

        return asyncio.run_coroutine_threadsafe(cut(), self._loop).result(10)

    def count(self, pattern: str) -> int:
        """How many requests matched so far."""
        return sum(bool(re.search(pattern, request)) for request in self.requests)

    async def _start(self) -> None:
        connector = aiohttp.TCPConnector(ssl=self._context, limit=0)
        self._session = aiohttp.ClientSession(connector=connector, auto_decompress=False, read_bufsize=2**21)
        app = web.Application(client_max_size=2**24)
        app.router.add_route("*", "/{path:.*}", self._pass)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", int(self.url.rsplit(":", 1)[1])).start()

    async def _stop(self) -> None:
        await self._session.close()
        await self._runner.cleanup()

    async def _pass(self, request: web.Request) -> web.StreamResponse:
        line = f"{request.method} {request.path_qs}"
        self.requests.append(line)
        fault = next((each for each in self._faults if each.times and re.search(each.pattern, line)), None)
        if fault is None:
            return await self._forward(request)
        fault.times -= 1
        if not fault.status:
            await asyncio.sleep(3600)
        return web.json_response(_status(fault.status), status=fault.status, headers=fault.headers)

    async def _forward(self, request: web.Request) -> web.StreamResponse:
        headers = {name: text for name, text in request.headers.items() if name not in ("Host", "Content-Length")}
        url = self._upstream + request.path_qs
        timeout = aiohttp.ClientTimeout(total=None)
        body = await request.read()
        async with self._session.request(request.method, url, headers=headers, data=body, timeout=timeout) as answer:
            kept = {name: answer.headers[name] for name in ("Content-Type", "Retry-After") if name in answer.headers}
            response = web.StreamResponse(status=answer.status, headers=kept)
            await response.prepare(request)
            if "watch=true" in request.query_string:
                self._watches.add(response)
            with contextlib.suppress(ConnectionError, aiohttp.ClientError):
                async for chunk in answer.content.iter_any():
                    await response.write(chunk)
            self._watches.discard(response)
            return response


def _status(code: int) -> dict[str, object]:
    return {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "message": f"injected {code}"}
