"""The management API of one namespace: an entity or a page of them at a time, and what may be believed."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, Final, NamedTuple, TypeVar

from azure.core.exceptions import AzureError, HttpResponseError
from azure.core.pipeline.policies import ContentDecodePolicy
from azure.servicebus.aio.management import ServiceBusAdministrationClient
from azure.servicebus.management import QueueRuntimeProperties, SubscriptionRuntimeProperties

from scalers import Dial, ScalerError
from scalers.azure.credential import Credential
from scalers.azure.transport import Transport
from scalers.azure_servicebus.connection import Connection
from scalers.azure_servicebus.login import SCOPE, login
from scalers.azure_servicebus.refused import refused
from scalers.azure_servicebus.retry import Retry
from scalers.tls import Tls
from scalers.web import Web

__all__ = ["Client", "Entity", "Page"]

_MOST_CONNECTIONS: Final = 4
_MOST_PAGES: Final = 1000

T = TypeVar("T")


class Entity(NamedTuple):
    """A queue or a subscription, and its active messages; None where the answer has no count."""

    name: str
    active: int | None


Page = dict[str, Entity]
"""Entities by name in lower case: Service Bus tells no difference."""


class Client:
    """Reads through azure-servicebus, a few requests at a time."""

    def __init__(self, connection: Connection, dial: Dial) -> None:
        self._place = f"Service Bus at {connection.place}"
        self._timeout = dial.timeout
        self._turn = asyncio.Semaphore(_MOST_CONNECTIONS)
        self._web = Web(dial, self._place, _MOST_CONNECTIONS, Tls())
        self._credential = Credential(connection.identity, dial) if connection.identity else None
        self._api = ServiceBusAdministrationClient(
            connection.authority,
            self._credential or "",  # type: ignore[arg-type]  # the policies log in
            transport=Transport(self._web, dial.timeout),
            # Without those that log, trace, and follow redirects.
            policies=[
                ContentDecodePolicy(),
                Retry(dial.timeout),
                login(connection, self._credential),
            ],
        )

    async def entity(self, topic: str, name: str) -> Entity:
        """One queue, or one subscription of the topic. Raises ScalerError."""
        if topic:
            return _entity(name, await self._asked(lambda: self._api.get_subscription_runtime_properties(topic, name)))
        return _entity(name, await self._asked(lambda: self._api.get_queue_runtime_properties(name)))

    async def pages(self, topic: str) -> AsyncIterator[Page]:
        """All queues, or all subscriptions of the topic. Raises ScalerError."""
        listed: Any = (
            self._api.list_subscriptions_runtime_properties(topic)
            if topic
            else self._api.list_queues_runtime_properties()
        )
        pages = listed.by_page()
        for _ in range(_MOST_PAGES):
            page = await self._asked(lambda: _next(pages))
            if page is None:
                return
            if any(not isinstance(item.name, str) for item in page):
                raise self._odd("a nameless entity")
            yield {item.name.lower(): _entity(item.name, item) for item in page}
        raise self._odd("too many pages")

    async def close(self) -> None:
        """Let go of every connection; the next request opens new ones."""
        await self._web.close()
        if self._credential:
            await self._credential.close()

    @property
    def connections(self) -> int:
        """How many are open now."""
        return self._web.connections + (self._credential.connections if self._credential else 0)

    async def _asked(self, request: Callable[[], Coroutine[Any, Any, T]]) -> T:
        async with self._turn:
            if self._credential:
                await self._credential.get_token(SCOPE)
            try:
                async with asyncio.timeout(self._timeout):
                    return await request()
            except TimeoutError:
                raise ScalerError(f"no answer from {self._place} within {self._timeout:g} s") from None
            except HttpResponseError as error:
                # Of an entity that is not there the service sends an empty feed, and the library an error of its own.
                status = (error.response and error.response.status_code) or 404
                raise (self._odd(type(error).__name__) if status == 200 else refused(status)) from None
            except (AzureError, ValueError, AttributeError, TypeError, LookupError, RecursionError) as error:
                # The library takes the answer for what it should be. What the error says may be a part of it.
                raise self._odd(type(error).__name__) from None

    def _odd(self, what: str) -> ScalerError:
        return ScalerError(f"{self._place} does not answer as expected ({what})")


async def _next(pages: AsyncIterator[AsyncIterator[Any]]) -> list[Any] | None:
    try:
        return [item async for item in await anext(pages)]
    except StopAsyncIteration:
        return None


def _entity(name: str, properties: QueueRuntimeProperties | SubscriptionRuntimeProperties) -> Entity:
    try:
        active = properties.active_message_count
    except AttributeError:
        # The library does not expect that the counts are left out, which is how the service shows that it is busy.
        active = None
    return Entity(name, active if type(active) is int and active >= 0 else None)
