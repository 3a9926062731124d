"""Reads queues through RabbitMQ's management API: one request per vhost, whatever the number of queues."""

import asyncio
import base64
import socket
import ssl
import weakref
from collections.abc import Collection, Sequence
from typing import Final

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.connector import AddrInfoType
from aiohttp.helpers import is_ip_address
from yarl import URL

from scalers import Dial, Reading, Scaler, ScalerError
from scalers.rabbitmq.connection import Connection, Queue
from scalers.rabbitmq.listing import Listing, Refused, listing_path
from scalers.rabbitmq.unreachable import unreachable

__all__ = ["HttpScaler"]

_LARGEST_ANSWER: Final = 64 * 2**20
_MOST_CONNECTIONS: Final = 4
_KEEPALIVE: Final = 50  # seconds; the broker hangs up after 60
_LOGIN_REFUSED: Final = "login refused; check user, password and the user's permissions"
_REFUSALS: Final = {401: _LOGIN_REFUSED, 403: _LOGIN_REFUSED, 404: "not found; check the vhost and the path in host"}


class HttpScaler(Scaler[Connection, Queue]):
    """One management API. All vhosts share its few connections."""

    def __init__(self, connection: Connection, dial: Dial) -> None:
        super().__init__(connection, dial)
        self._session: aiohttp.ClientSession | None = None
        self._turn = asyncio.Semaphore(_MOST_CONNECTIONS)
        self._sockets: weakref.WeakSet[socket.socket] = weakref.WeakSet()

    async def read(self, queues: Sequence[Queue]) -> Sequence[Reading | ScalerError]:
        names: dict[str, set[str]] = {}
        for queue in queues:
            names.setdefault(queue.vhost, set()).add(queue.name)
        try:
            async with asyncio.TaskGroup() as group:
                tasks = {vhost: group.create_task(self._listing(vhost, names[vhost])) for vhost in names}
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None
        listings = {vhost: task.result() for vhost, task in tasks.items()}
        refused = [listing for listing in listings.values() if isinstance(listing, Refused)]
        if refused and len(refused) == len(listings):
            raise refused[0]
        return [_reading(queue, listings[queue.vhost]) for queue in queues]

    async def close(self) -> None:
        if self._session:
            await self._session.close()
            self._session = None

    @property
    def connections(self) -> int:
        return sum(item.fileno() >= 0 for item in self._sockets)

    async def _listing(self, vhost: str, names: Collection[str]) -> Listing | Refused:
        try:
            listing = Listing(await self._get(listing_path(self.connection.path, vhost, names, fresh=True)))
            if listing.uncounted():
                listing = Listing(await self._get(listing_path(self.connection.path, vhost, names, fresh=False)))
        except Refused as refused:
            return Refused(f"RabbitMQ at {self.connection.place}, vhost {vhost!r}: {refused}")
        return listing

    async def _get(self, path: str) -> bytes:
        place = f"RabbitMQ's management API at {self.connection.place}"
        timeout = self.connection.timeout or self.dial.timeout
        try:
            async with self._turn, asyncio.timeout(timeout):
                return await self._body(path)
        except TimeoutError:
            raise ScalerError(f"no answer from {place} within {timeout:g} s") from None
        except aiohttp.ClientConnectorCertificateError as error:
            raise unreachable(place, error.certificate_error) from None
        except aiohttp.ClientConnectorError as error:
            raise unreachable(place, error.os_error) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            # What the error says may be what the other end sent.
            raise ScalerError(f"{place} does not answer as expected ({type(error).__name__})") from None

    async def _body(self, path: str) -> bytes:
        url = URL(f"{self.connection.scheme}://{self.connection.place}{path}", encoded=True)
        if is_ip_address(self.connection.host):
            # aiohttp asks its resolver about names only.
            await self.dial.resolve(self.connection.host, self.connection.port)
        self._session = self._session or self._opened()
        async with self._session.get(url, allow_redirects=False) as response:
            if response.status != 200:
                raise Refused(_REFUSALS.get(response.status, f"unexpected HTTP status {response.status}"))
            body = bytearray()
            async for chunk in response.content.iter_any():
                body += chunk
                if len(body) > _LARGEST_ANSWER:
                    raise Refused(f"the answer is longer than {_LARGEST_ANSWER >> 20} MiB")
            return bytes(body)

    def _opened(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            resolver=_Resolver(self.dial),
            use_dns_cache=False,
            limit=_MOST_CONNECTIONS,
            keepalive_timeout=_KEEPALIVE,
            ssl=ssl.create_default_context() if self.connection.tls else True,
            socket_factory=self._socket,
        )
        return aiohttp.ClientSession(
            connector=connector,
            headers=_headers(self.connection),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(),
        )

    def _socket(self, address: AddrInfoType) -> socket.socket:
        made = socket.socket(*address[:3])
        self._sockets.add(made)
        return made


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


def _headers(connection: Connection) -> dict[str, str]:
    headers = {"Accept-Encoding": "identity", "User-Agent": "scalerule"}
    if connection.username:
        login = f"{connection.username}:{connection.password.get_secret_value()}"
        headers["Authorization"] = f"Basic {base64.b64encode(login.encode()).decode()}"
    return headers


def _reading(queue: Queue, listing: Listing | Refused) -> Reading | ScalerError:
    return listing.reading(queue) if isinstance(listing, Listing) else listing
