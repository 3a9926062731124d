"""Reads queues through RabbitMQ's management API: one request per vhost, whatever the number of queues."""

import asyncio
import base64
from collections.abc import Collection, Sequence
from typing import Final

from scalers import Dial, Reading, Scaler, ScalerError
from scalers.rabbitmq.connection import Connection, Queue
from scalers.rabbitmq.listing import Listing, Refused, listing_path
from scalers.web import Web

__all__ = ["HttpScaler"]

_MOST_CONNECTIONS: Final = 4
_LOGIN_REFUSED: Final = "login refused; check user, password and the user's permissions"
_REFUSALS: Final = {401: _LOGIN_REFUSED, 403: _LOGIN_REFUSED, 404: "not found; check the vhost and the path in host"}


class HttpScaler(Scaler[Connection, Queue]):
    """One management API. All vhosts share its few connections."""

    def __init__(self, connection: Connection, dial: Dial) -> None:
        super().__init__(connection, dial)
        tls = connection.tls if connection.secure else None
        self._web = Web(dial, f"RabbitMQ's management API at {connection.place}", _MOST_CONNECTIONS, tls)

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
        await self._web.close()

    @property
    def connections(self) -> int:
        return self._web.connections

    async def _listing(self, vhost: str, names: Collection[str]) -> Listing | Refused:
        try:
            listing = Listing(await self._get(listing_path(self.connection.path, vhost, names, fresh=True)))
            if listing.uncounted():
                listing = Listing(await self._get(listing_path(self.connection.path, vhost, names, fresh=False)))
        except Refused as refused:
            return Refused(f"RabbitMQ at {self.connection.place}, vhost {vhost!r}: {refused}")
        return listing

    async def _get(self, path: str) -> bytes:
        url = f"{self.connection.scheme}://{self.connection.place}{path}"
        timeout = self.connection.timeout or self.dial.timeout
        answer = await self._web.get(url, _headers(self.connection), timeout)
        if answer.status != 200:
            raise Refused(_REFUSALS.get(answer.status, f"unexpected HTTP status {answer.status}"))
        return answer.body


def _headers(connection: Connection) -> dict[str, str]:
    if not connection.username:
        return {}
    login = f"{connection.username}:{connection.password.get_secret_value()}"
    return {"Authorization": f"Basic {base64.b64encode(login.encode()).decode()}"}


def _reading(queue: Queue, listing: Listing | Refused) -> Reading | ScalerError:
    return listing.reading(queue) if isinstance(listing, Listing) else listing
