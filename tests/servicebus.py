"""Stands in for Azure Service Bus: no real or official one can be had here.

It answers the part of the documented management API that reads entities (Atom over HTTPS), and that of Microsoft
Entra which exchanges a pod's token. What the service really answers where its documentation is silent, no test here
can tell.
"""

import asyncio
import base64
import hashlib
import hmac
import threading
import time
from collections import deque
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qs, quote_plus, unquote, urlsplit
from xml.sax.saxutils import escape

from aiohttp import web

from tests.ports import free_ports
from tests.tls import Authority

_PAGE: Final = 100
_REMEMBERED: Final = 100
_SERVICE: Final = "http://schemas.microsoft.com/netservices/2010/10/servicebus/connect"
_COUNTS: Final = "http://schemas.microsoft.com/netservices/2011/06/servicebus"
_ATOM: Final = "http://www.w3.org/2005/Atom"
_EMPTY: Final = f'<feed xmlns="{_ATOM}"><title type="text">Publicly Listed Services</title></feed>'
# What every description holds besides its counts.
_SETTINGS: Final = (
    "<LockDuration>PT1M</LockDuration><MaxSizeInMegabytes>1024</MaxSizeInMegabytes>"
    "<RequiresDuplicateDetection>false</RequiresDuplicateDetection><RequiresSession>false</RequiresSession>"
    "<DefaultMessageTimeToLive>P10675199DT2H48M5.4775807S</DefaultMessageTimeToLive>"
    "<DeadLetteringOnMessageExpiration>false</DeadLetteringOnMessageExpiration>"
    "<DuplicateDetectionHistoryTimeWindow>PT10M</DuplicateDetectionHistoryTimeWindow>"
    "<MaxDeliveryCount>10</MaxDeliveryCount><EnableBatchedOperations>true</EnableBatchedOperations>"
    "<SizeInBytes>1024</SizeInBytes><MessageCount>7900</MessageCount><IsAnonymousAccessible>false"
    "</IsAnonymousAccessible><AuthorizationRules></AuthorizationRules><Status>Active</Status>"
    "<CreatedAt>2026-01-01T00:00:00.123Z</CreatedAt><UpdatedAt>2026-01-01T00:00:00.123Z</UpdatedAt>"
    "<AccessedAt>0001-01-01T00:00:00Z</AccessedAt><SupportOrdering>true</SupportOrdering>"
    "<AutoDeleteOnIdle>P10675199DT2H48M5.4775807S</AutoDeleteOnIdle><EnablePartitioning>false</EnablePartitioning>"
    "<EntityAvailabilityStatus>Available</EntityAvailabilityStatus><EnableExpress>false</EnableExpress>"
)


class Failure(NamedTuple):
    """What is answered instead of an entity."""

    status: int
    headers: dict[str, str] = {}  # noqa: RUF012


@dataclass
class Entity:
    """A queue or a subscription."""

    name: str
    active: int | str = 0
    counted: bool = True
    """Whether the answer has its CountDetails."""

    def entry(self, kind: str) -> str:
        """As the API describes it."""
        details = (
            f'<CountDetails xmlns:d2p1="{_COUNTS}"><d2p1:ActiveMessageCount>{self.active}</d2p1:ActiveMessageCount>'
            "<d2p1:DeadLetterMessageCount>900</d2p1:DeadLetterMessageCount>"
            "<d2p1:ScheduledMessageCount>7000</d2p1:ScheduledMessageCount>"
            "<d2p1:TransferMessageCount>0</d2p1:TransferMessageCount>"
            "<d2p1:TransferDeadLetterMessageCount>0</d2p1:TransferDeadLetterMessageCount></CountDetails>"
        )
        return (
            f'<entry xmlns="{_ATOM}"><id>https://namespace/{escape(self.name)}</id>'
            f'<title type="text">{escape(self.name)}</title><published>2026-01-01T00:00:00Z</published>'
            f"<updated>2026-01-01T00:00:00Z</updated><author><name>namespace</name></author>"
            f'<content type="application/xml"><{kind}Description xmlns="{_SERVICE}" '
            'xmlns:i="http://www.w3.org/2001/XMLSchema-instance">'
            f"{_SETTINGS}"
            f"{details * self.counted}</{kind}Description></content></entry>"
        )


@dataclass
class Identities:
    """A token endpoint, and what it wants to see."""

    client: str = "client"
    tenant: str = "tenant"
    assertion: str = "assertion"
    token: str = "token-1"
    exchanges: int = 0


@dataclass
class Namespace:
    """Entities by name in lower case, and what went wrong on purpose."""

    queues: dict[str, Entity] = field(default_factory=dict)
    topics: dict[str, dict[str, Entity]] = field(default_factory=dict)
    keys: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Keys by the name of their policy, each with the path below which it holds."""
    identities: Identities = field(default_factory=Identities)
    failures: list[Failure] = field(default_factory=list)
    """What the next requests are answered with."""
    feeds_for_missing: bool = False
    """Whether an entity that is not there is an empty feed, and not HTTP status 404."""
    may_list: bool = True
    raw: bytes | None = None
    """What everything is answered with."""
    requests: deque[str] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    """Path and query of the last ones."""

    def add(self, name: str, active: int | str = 0, *, topic: str = "", counted: bool = True) -> None:
        """A queue, or a subscription of the topic."""
        entities = self.topics.setdefault(topic.lower(), {}) if topic else self.queues
        entities[name.lower()] = Entity(name, active, counted)


class ServiceBus:
    """A namespace on two loopback ports, run by a thread of its own so that its client's loop is free."""

    def __init__(self, authority: Authority) -> None:
        self.namespace = Namespace()
        self.port, self.plain_port = free_ports(2)
        self._authority = authority
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._runner: web.AppRunner | None = None

    def start(self) -> None:
        """On the same ports each time."""
        self._run(self._start())

    def stop(self) -> None:
        """Hangs up on everybody."""
        self._run(self._stop())

    def discard(self) -> None:
        """Stop for good."""
        self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _start(self) -> None:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0)
        await self._runner.setup()
        for port, tls in ((self.port, self._authority.server()), (self.plain_port, None)):
            await web.TCPSite(self._runner, "127.0.0.1", port, ssl_context=tls, reuse_address=True).start()

    async def _stop(self) -> None:
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    async def _handle(self, request: web.Request) -> web.Response:
        if request.method == "POST":
            return await self._exchange(request)
        space = self.namespace
        space.requests.append(request.raw_path)
        if space.raw is not None:
            return web.Response(body=space.raw, content_type="application/atom+xml")
        if space.failures:
            return _error(*space.failures.pop(0))
        parts = [unquote(part) for part in request.rel_url.raw_path.strip("/").split("/")]
        if not self._let_in(request, parts):
            return _error(401)
        return self._answer(request, parts)

    def _answer(self, request: web.Request, parts: list[str]) -> web.Response:
        space = self.namespace
        match parts:
            case ["$Resources", "queues"]:
                return self._page(request, list(space.queues.values()), "Queue")
            case [topic, "subscriptions"] if topic.lower() in space.topics:
                return self._page(request, list(space.topics[topic.lower()].values()), "Subscription")
            case [topic, "subscriptions", name] if name.lower() in space.topics.get(topic.lower(), {}):
                return _xml(space.topics[topic.lower()][name.lower()].entry("Subscription"))
            case [name] if name.lower() in space.queues:
                return _xml(space.queues[name.lower()].entry("Queue"))
        return _xml(_EMPTY) if space.feeds_for_missing else _error(404)

    def _page(self, request: web.Request, entities: list[Entity], kind: str) -> web.Response:
        if not self.namespace.may_list:
            return _error(401)
        skip = int(request.query.get("$skip", "0"))
        top = min(int(request.query.get("$top", str(_PAGE))), _PAGE)
        here = f"https://{request.host}{request.rel_url.raw_path}"
        links = f'<link rel="self" href="{here}"/>'
        if len(entities) > skip + top:
            links += f'<link rel="next" href="{here}?%24skip={skip + top}&amp;%24top={top}"/>'
        entries = "".join(entity.entry(kind) for entity in entities[skip : skip + top])
        return _xml(f'<feed xmlns="{_ATOM}"><title type="text">Entities</title>{links}{entries}</feed>')

    def _let_in(self, request: web.Request, parts: list[str]) -> bool:
        scheme, _, rest = request.headers.get("Authorization", "").partition(" ")
        if scheme == "Bearer":
            return rest == self.namespace.identities.token
        said = {name: value for name, _, value in (part.partition("=") for part in rest.split("&"))}
        if scheme != "SharedAccessSignature" or not said.keys() >= {"sr", "sig", "se", "skn"}:
            return False
        return self._signed(said) and _covers(unquote(said["sr"]), request.host, parts)

    def _signed(self, said: dict[str, str]) -> bool:
        key, below = self.namespace.keys.get(unquote(said["skn"]), ("", ""))
        digest = hmac.digest(key.encode(), f"{said['sr']}\n{said['se']}".encode(), hashlib.sha256)
        right = hmac.compare_digest(base64.b64encode(digest).decode(), unquote(said["sig"]))
        path = urlsplit(unquote(said["sr"])).path or "/"
        return right and int(said["se"]) > time.time() and path.lower().startswith(below)

    async def _exchange(self, request: web.Request) -> web.Response:
        wanted = self.namespace.identities
        said = {name: values[0] for name, values in parse_qs(await request.text()).items()}
        wanted.exchanges += 1
        if (
            request.path != f"/{wanted.tenant}/oauth2/v2.0/token"
            or (said["client_id"], said["client_assertion"]) != (wanted.client, wanted.assertion)
            or said["scope"] != "https://servicebus.azure.net//.default"
        ):
            return web.json_response({"error": "invalid_client", "error_description": "secret words"}, status=401)
        return web.json_response({"token_type": "Bearer", "expires_in": 3600, "access_token": wanted.token})


def sign(address: str, name: str, key: str, end: int) -> str:
    """A shared access signature for everything below the address, as an operator would make one."""

    resource = quote_plus(address)
    digest = hmac.digest(key.encode(), f"{resource}\n{end}".encode(), hashlib.sha256)
    return f"SharedAccessSignature sr={resource}&sig={quote_plus(base64.b64encode(digest))}&se={end}&skn={name}"


def _covers(resource: str, host: str, parts: list[str]) -> bool:
    url = urlsplit(resource)
    above = [part for part in url.path.split("/") if part]
    return url.netloc == host and "/".join(parts).lower().startswith("/".join(above).lower())


def _xml(text: str) -> web.Response:
    return web.Response(body=text.encode(), headers={"Content-Type": "application/atom+xml;type=entry;charset=utf-8"})


def _error(status: int, headers: dict[str, str] | None = None) -> web.Response:
    body = f"<Error><Code>{status}</Code><Detail>secret detail</Detail></Error>"
    return web.Response(
        status=status, body=body.encode(), headers={"Content-Type": "application/xml", **(headers or {})}
    )
