"""Reads queues through RabbitMQ's management API: one request per vhost, whatever the number of queues."""

import asyncio
import base64
from collections.abc import Collection, Sequence
from typing import Final

from scalers import Dial, Reading, Scaler, ScalerError
from scalers.rabbitmq.connection import Connection, Queue
from scalers.rabbitmq.listing import Ask, Listing, Refused, RefusedLogin
from scalers.rabbitmq.token import Tokens
from scalers.web import Answer, Web

__all__ = ["HttpScaler"]

_MOST_CONNECTIONS: Final = 4
_MOST_PAGES: Final = 1000
_REFUSALS: Final = {
    400: "the request is refused; is queueName a regular expression that RabbitMQ knows?",
    404: "not found; check the vhost and the path in host",
}


_LOGIN: Final = "login refused; check user, password and the user's permissions"


class HttpScaler(Scaler[Connection, Queue]):
    """One management API. All vhosts share its few connections."""

    def __init__(self, connection: Connection, dial: Dial) -> None:
        super().__init__(connection, dial)
        tls = connection.tls if connection.secure else None
        self._web = Web(dial, f"RabbitMQ's management API at {connection.place}", _MOST_CONNECTIONS, tls)
        self._tokens = Tokens(connection, dial) if connection.oauth or connection.identity else None

    async def read(self, queues: Sequence[Queue]) -> Sequence[Reading | ScalerError]:
        asks = [Ask.of(queue) for queue in queues]
        names: dict[Ask, set[str]] = {ask: set() for ask in asks}
        for ask, queue in zip(asks, queues, strict=True):
            names[ask].add(queue.name)
        try:
            async with asyncio.TaskGroup() as group:
                tasks = {ask: group.create_task(self._listing(ask, names[ask])) for ask in names}
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None
        listings = {ask: task.result() for ask, task in tasks.items()}
        refused = [listing for listing in listings.values() if isinstance(listing, Refused)]
        if refused and len(refused) == len(listings):
            raise refused[0]
        return [_reading(queue, listings[ask]) for ask, queue in zip(asks, queues, strict=True)]

    async def close(self) -> None:
        await self._web.close()

    @property
    def connections(self) -> int:
        return self._web.connections

    async def _listing(self, ask: Ask, names: Collection[str]) -> Listing | Refused:
        try:
            listing = await self._pages(ask, names, fresh=True)
            if listing.uncounted():
                listing = await self._pages(ask, names, fresh=False)
        except Refused as refused:
            return type(refused)(f"RabbitMQ at {self.connection.place}, vhost {ask.vhost!r}: {refused}")
        return listing

    async def _pages(self, ask: Ask, names: Collection[str], *, fresh: bool) -> Listing:
        listing = Listing(await self._get(ask.path(self.connection.path, names, fresh=fresh)))
        page = 1
        while ask.pattern and page < listing.pages:
            page += 1
            if page > _MOST_PAGES:
                raise Refused(f"queueName matches more than {_MOST_PAGES} pages of queues; raise pageSize")
            listing.add(await self._get(ask.path(self.connection.path, names, fresh=fresh, page=page)))
        return listing

    async def _get(self, path: str) -> bytes:
        answer = await self._answer(path)
        if answer.status == 401 and self._tokens:
            self._tokens.refused()
            answer = await self._answer(path)
        if answer.status in (401, 403):
            raise RefusedLogin(_LOGIN)
        if answer.status != 200:
            raise Refused(_REFUSALS.get(answer.status, f"unexpected HTTP status {answer.status}"))
        return answer.body

    async def _answer(self, path: str) -> Answer:
        url = f"{self.connection.scheme}://{self.connection.place}{path}"
        return await self._web.get(url, await self._headers(), self.connection.timeout or self.dial.timeout)

    async def _headers(self) -> dict[str, str]:
        if self._tokens:
            return {"Authorization": f"Bearer {await self._tokens.token()}"}
        if not self.connection.username:
            return {}
        login = f"{self.connection.username}:{self.connection.password.get_secret_value()}"
        return {"Authorization": f"Basic {base64.b64encode(login.encode()).decode()}"}


def _reading(queue: Queue, listing: Listing | Refused) -> Reading | ScalerError:
    return listing.reading(queue) if isinstance(listing, Listing) else listing
