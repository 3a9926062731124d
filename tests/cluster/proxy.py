"""Stands between the scaler and the real API server, counts every request, and breaks what a test wants broken.

Plain HTTP towards the scaler; its credentials are passed on, so that its rights stay the real ones.
"""

import asyncio
import json
import re
import ssl
from collections.abc import Coroutine
from pathlib import Path
from threading import Thread
from typing import Any, TypeVar

import aiohttp
from aiohttp import web

from tests.cluster.access import Kubeconfig
from tests.cluster.fault import EXPIRED, Fault, Hang, Refuse
from tests.cluster.request import Request

T = TypeVar("T")

#: They belong to one connection, or are the client library's to make.
_OWN = {"host", "connection", "content-length", "transfer-encoding", "keep-alive", "content-encoding"}


class Proxy:
    """For `with`: it runs in a thread of its own. Paths are regular expressions over `path?query`, searched."""

    def __init__(self, kubeconfig: Path, folder: Path) -> None:
        self._real = Kubeconfig.read(kubeconfig)
        self._folder = folder
        self._faults: list[Fault] = []
        self._delay: tuple[str, re.Pattern[str], float] | None = None
        self._watches: set[asyncio.Future[bytes | None]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, daemon=True)
        self._session: aiohttp.ClientSession
        self._runner: web.AppRunner
        self.url = ""
        self.requests: list[Request] = []

    def __enter__(self) -> "Proxy":
        self._thread.start()
        self._call(self._open())
        return self

    def __exit__(self, *error: object) -> None:
        self._call(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def kubeconfig(self) -> Path:
        """The same credentials, by way of here."""
        name = f"proxy-{self.url.rpartition(':')[2]}.kubeconfig"
        return Kubeconfig(self.url, None, self._real.token, self._real.namespace).write(self._folder / name)

    def refuse(
        self, status: int, method: str = "", path: str = "", times: int = 1, retry_after: float | None = None
    ) -> Fault:
        """Answer the next so many matching requests with that status, as the API server words it."""
        return self._add(Refuse(method, re.compile(path), times, status, retry_after))

    def hang(self, method: str = "", path: str = "", times: int = 1_000_000) -> Fault:
        """Never answer matching requests, until `heal`."""
        return self._add(Hang(method, re.compile(path), times))

    def delay(self, seconds: float, method: str = "", path: str = "") -> None:
        """Pass matching requests on at once, and their answers so much later, until `heal`."""
        self._delay = method, re.compile(path), seconds

    def heal(self) -> None:
        """No more faults; what hangs is cut."""
        self._delay = None
        faults, self._faults = self._faults, []
        for fault in faults:
            self._loop.call_soon_threadsafe(fault.end)

    def cut_watches(self) -> int:
        """Break every open watch in mid-stream, as by a lost connection. How many there were."""
        return self._call(self._end_watches(None))

    def expire_watches(self) -> int:
        """End every open watch by an ERROR event with code 410, as when its version was compacted."""
        return self._call(self._end_watches(json.dumps(EXPIRED).encode() + b"\n"))

    @property
    def watching(self) -> int:
        """Open watches."""
        return len(self._watches)

    def count(self, method: str = "", path: str = "") -> int:
        return len(self.matching(method, path))

    def matching(self, method: str = "", path: str = "") -> list[Request]:
        """The requests so far of that method (any if empty) whose path matches."""
        return [each for each in self.requests if method in ("", each.method) and re.search(path, each.path)]

    def _add(self, fault: Fault) -> Fault:
        self._faults.append(fault)
        return fault

    def _call(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _open(self) -> None:
        context = ssl.create_default_context(cafile=str(self._real.ca)) if self._real.ca else True
        connector = aiohttp.TCPConnector(ssl=context, limit=0)
        # A line of a watch is a whole object. The scaler decompresses for itself.
        self._session = aiohttp.ClientSession(connector=connector, read_bufsize=2**21, auto_decompress=False)
        app = web.Application(client_max_size=2**24)
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = "http://{}:{}".format(*self._runner.addresses[0])

    async def _close(self) -> None:
        for fault in self._faults:
            fault.end()
        await self._end_watches(None)
        await self._runner.cleanup()
        await self._session.close()

    async def _end_watches(self, farewell: bytes | None) -> int:
        open_now = [watch for watch in self._watches if not watch.done()]
        for watch in open_now:
            watch.set_result(farewell)
        return len(open_now)

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        seen = await Request.of(request)
        self.requests.append(seen)
        for fault in self._faults:
            if fault.strikes(request.method, request.path_qs):
                answer = await fault.answer(request)
                break
        else:
            answer = await self._pass_on(request, seen)
            await self._hold_back(request)
        seen.status = answer.status
        return answer

    async def _hold_back(self, request: web.Request) -> None:
        if self._delay is not None:
            method, path, seconds = self._delay
            if method in ("", request.method) and path.search(request.path_qs):
                await asyncio.sleep(seconds)

    async def _pass_on(self, request: web.Request, seen: Request) -> web.StreamResponse:
        headers = {key: value for key, value in request.headers.items() if key.lower() not in _OWN}
        # One watch lasts as long as both sides want.
        timeout = aiohttp.ClientTimeout(total=None if seen.is_watch else 60)
        url = self._real.server + request.raw_path
        try:
            async with self._session.request(
                request.method, url, headers=headers, data=seen.body or None, timeout=timeout
            ) as real:
                if seen.is_watch and real.status == 200:
                    return await self._stream(request, real)
                return web.Response(status=real.status, headers=_passed(real), body=await real.read())
        except aiohttp.ClientError as error:
            return web.Response(status=502, text=f"proxy: {error}")

    async def _stream(self, request: web.Request, real: aiohttp.ClientResponse) -> web.StreamResponse:
        answer = web.StreamResponse(headers=_passed(real))
        await answer.prepare(request)
        ending: asyncio.Future[bytes | None] = self._loop.create_future()
        self._watches.add(ending)
        try:
            await _lines(answer, real, ending)
        finally:
            self._watches.discard(ending)
        if ending.done() and ending.result() is None and request.transport:
            request.transport.abort()
        return answer


async def _lines(
    answer: web.StreamResponse, real: aiohttp.ClientResponse, ending: "asyncio.Future[bytes | None]"
) -> None:
    while True:
        reading = asyncio.ensure_future(real.content.readline())
        both: set[asyncio.Future[Any]] = {reading, ending}
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            if not reading.done():
                reading.cancel()
        line = ending.result() if ending.done() else await reading
        if line:
            await answer.write(line)
        if ending.done() or not line:
            return


def _passed(real: aiohttp.ClientResponse) -> dict[str, str]:
    kept = {key: value for key, value in real.headers.items() if key.lower() not in _OWN}
    encoding = real.headers.get("Content-Encoding")
    return kept | ({"Content-Encoding": encoding} if encoding else {})
