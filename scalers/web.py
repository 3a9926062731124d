"""HTTP to a broker: a few kept connections, every address checked, nothing of an answer in an error."""

import asyncio
import functools
import socket
import weakref
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import AddrInfoType, Connection
from aiohttp.helpers import is_ip_address
from yarl import URL

from scalers import Dial, ScalerError
from scalers.tls import Tls
from scalers.unreachable import unreachable

__all__ = ["Answer", "Web"]

_LARGEST_ANSWER: Final = 64 * 2**20
_MOST_UNREAD: Final = 8  # answers; one more may come at once only where the first are mere announcements
_KEEPALIVE: Final = 50.0  # seconds; most servers hang up after 60
_USER_AGENT: Final = {"User-Agent": "scalerule", "Accept-Encoding": "identity"}


class Answer(NamedTuple):
    """What a server said. The body is not to be repeated in any message."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Web:
    """Connections to one host, at most `most`, opened when they are needed and kept.

    `place` is how errors call the host. Redirects are not followed; an answer ends at 64 MiB.
    """

    def __init__(self, dial: Dial, place: str, most: int, tls: Tls | None = None) -> None:
        self._dial = dial
        self._place = place
        self._most = most
        self._tls = tls
        self._turn = asyncio.Semaphore(most)
        self._session: aiohttp.ClientSession | None = None
        self._sockets: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        self._transports: weakref.WeakSet[asyncio.Transport] = weakref.WeakSet()

    async def get(self, url: str, headers: Mapping[str, str], seconds: float) -> Answer:
        """GET a URL that is percent-encoded already. At most that many seconds. Raises ScalerError."""
        return await self.request("GET", url, headers, None, seconds)

    async def request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, seconds: float
    ) -> Answer:
        """One request, once a connection is free; `seconds` count from then. Raises ScalerError."""
        async with self._turn:
            try:
                async with asyncio.timeout(seconds):
                    return await self._request(method, URL(url, encoded=True), headers, body)
            except TimeoutError:
                raise ScalerError(f"no answer from {self._place} within {seconds:g} s") from None
            except aiohttp.ClientConnectorCertificateError as error:
                raise unreachable(self._place, error.certificate_error) from None
            except aiohttp.ClientConnectorError as error:
                raise unreachable(self._place, error.os_error) from None
            except (aiohttp.ClientError, OSError, ValueError) as error:
                # What the error says may be what the other end sent.
                raise ScalerError(f"{self._place} does not answer as expected ({type(error).__name__})") from None

    async def close(self) -> None:
        """Let go of every connection; the next request opens new ones."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    @property
    def connections(self) -> int:
        """How many are open now."""
        return sum(item.fileno() >= 0 for item in self._sockets)

    async def session(self, host: str, port: int) -> aiohttp.ClientSession:
        """The session itself, for a client library that wants one, after a check that the host may be reached."""
        if is_ip_address(host):
            # aiohttp asks its resolver about names only.
            await self._dial.resolve(host, port)
        self._session = self._session or self._opened()
        return self._session

    async def _request(self, method: str, url: URL, headers: Mapping[str, str], body: bytes | None) -> Answer:
        session = await self.session(url.host or "", url.port or 0)
        try:
            async with session.request(method, url, headers=headers, data=body, allow_redirects=False) as response:
                return Answer(response.status, response.headers, await self._read(response))
        finally:
            self._abort_closing()

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        read = bytearray()
        async for chunk in response.content.iter_any():
            read += chunk
            if len(read) > _LARGEST_ANSWER:
                raise ScalerError(f"{self._place}: the answer is longer than {_LARGEST_ANSWER >> 20} MiB")
        return bytes(read)

    def _abort_closing(self) -> None:
        # Over TLS asyncio would wait half a minute for the goodbye of a server that hangs.
        for transport in self._transports:
            if transport.is_closing():
                transport.abort()

    def _opened(self) -> aiohttp.ClientSession:
        connector = _Connector(
            self._transports,
            resolver=_Resolver(self._dial),
            use_dns_cache=False,
            limit=self._most,
            keepalive_timeout=_KEEPALIVE,
            ssl=self._tls.context() if self._tls else True,
            socket_factory=self._socket,
        )
        return aiohttp.ClientSession(
            connector=connector,
            headers=_USER_AGENT,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(),
        )

    def _socket(self, address: AddrInfoType) -> socket.socket:
        made = socket.socket(*address[:3])
        self._sockets.add(made)
        return made


class _Connector(aiohttp.TCPConnector):
    """Tells which transports it uses."""

    def __init__(self, transports: weakref.WeakSet[asyncio.Transport], **options: Any) -> None:
        super().__init__(**options)
        protocol: type[ResponseHandler] = _Wary
        self._factory = functools.partial(protocol, loop=asyncio.get_running_loop())
        self._transports = transports

    async def connect(self, *request: Any, **options: Any) -> Connection:
        connection = await super().connect(*request, **options)
        if connection.transport is not None:
            self._transports.add(connection.transport)
        return connection


class _Wary(ResponseHandler):
    """Hangs up on a server that goes on answering what it was not asked: nobody else would read or bound it."""

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if len(self._buffer) > _MOST_UNREAD and self.transport is not None:
            self.transport.abort()


class _Resolver(AbstractResolver):
    """Leaves the choice of the address to the Dial."""

    def __init__(self, dial: Dial) -> None:
        self._dial = dial

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        address = await self._dial.resolve(host, port)
        version = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [
            ResolveResult(hostname=host, host=address, port=port, family=version, proto=0, flags=socket.AI_NUMERICHOST)
        ]

    async def close(self) -> None:
        pass
