"""`/`, the list of all rules, and `/rule/NAMESPACE/NAME`, one of them; read-only, without anything from elsewhere."""

import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final, Protocol, TypeAlias

from aiohttp import web

from scaler.explain import told, when
from scaler.page.graph import graph, number
from scaler.page.listing import Listed, Query, listing, ordered
from scaler.page.standing import Standing, standing
from scaler.page.template import filled
from scaler.press import Busy, Press
from scaler.status import timestamp
from scaler.target import Key
from scaler.trace import Past

#: The newest decisions shown of a rule; `scaler explain` tells all.
DECISIONS: Final = 15
#: Seconds that one look at all rules is good for, whoever asks.
FRESH: Final = 1.0

_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
}
_STATIC: Final = Path(__file__).parent / "static"


class Known(Protocol):
    """What is known of the rules, and by whom. All but the name may be asked from another thread."""

    @property
    def identity(self) -> str:
        """Our name in Leases and events."""

    def unsettled(self) -> str | None:
        """Why some of our rules are not known yet; None where all are."""

    def rows(self) -> list[dict[str, Any]]:
        """Every rule of ours, ordered by name."""

    def row(self, key: Key) -> dict[str, Any] | None:
        """One of ours."""

    def told(self, key: Key) -> dict[str, Any] | None:
        """The last decisions on one."""

    def past(self, key: Key) -> Past | None:
        """The last hour of one."""

    def holders(self) -> Mapping[str, int]:
        """Of how many shards each process has the Lease, ourselves among them; empty without Leases."""

    def holder(self, key: Key) -> str | None:
        """Who has the Lease of a rule's shard, as far as we know."""


Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Site:
    """Adds the pages to an application. `clock` is wall time in seconds."""

    def __init__(self, known: Known, press: Press, clock: Callable[[], float]) -> None:
        self._known = known
        self._press = press
        self._clock = clock
        self._rules: list[Listed] = []
        self._looked_at = -FRESH

    def join(self, app: web.Application) -> None:
        """Serve them there."""
        app.router.add_get("/", self._list)
        app.router.add_get("/rule/{namespace}/{name:.+}", self._rule)
        app.router.add_static("/static", _STATIC)

    async def _list(self, request: web.Request) -> web.StreamResponse:
        return await self._answer(partial(self._list_page, Query.of(request.query)))

    async def _rule(self, request: web.Request) -> web.StreamResponse:
        key = Key(request.match_info["namespace"], request.match_info["name"])
        live = request.query.get("live") != "off"
        if self._known.row(key) is None:
            return await self._answer(partial(self._unknown_page, key, live), status=404)
        return await self._answer(partial(self._rule_page, key, live))

    async def _answer(self, page: Callable[[], str], status: int = 200) -> web.Response:
        try:
            text = await self._press.make(page)
        except Busy:
            return web.Response(status=503, text="too many look at once; try again in a moment", headers=_HEADERS)
        headers = {**_HEADERS, "Cache-Control": "no-store"}
        response = web.Response(text=text, content_type="text/html", status=status, headers=headers)
        response.enable_compression()
        return response

    def _list_page(self, query: Query) -> str:
        if time.monotonic() - self._looked_at >= FRESH:
            self._rules, self._looked_at = ordered(self._known.rows()), time.monotonic()
        page = listing(self._rules, query)
        return filled(
            "list.html", page=page, query=page.query, standings=Standing, number=number, **self._frame("", query.live)
        )

    def _rule_page(self, key: Key, live: bool) -> str:
        row, past, decisions = self._known.row(key), self._known.past(key), self._known.told(key)
        if row is None:
            return self._unknown_page(key, live)
        pairs = [] if decisions is None else decisions["decisions"][::-1]
        return filled(
            "rule.html",
            key=key,
            row=row,
            standing=standing(row),
            number=number,
            graph=None if past is None else graph(past, self._clock()),
            decisions=[(when(pair), pair, list(told(pair))) for pair in pairs[:DECISIONS]],
            older=len(pairs[DECISIONS:]),
            **self._frame("../" * (2 + key.name.count("/")), live),
        )

    def _unknown_page(self, key: Key, live: bool) -> str:
        frame = self._frame("../" * (2 + key.name.count("/")), live)
        return filled("unknown.html", key=key, holder=self._known.holder(key), **frame)

    def _frame(self, root: str, live: bool) -> dict[str, Any]:
        """What every page shows; `root` leads from it to the list."""
        return {
            "root": root,
            "live": live,
            "now": timestamp(self._clock()),
            "identity": self._known.identity,
            "unsettled": self._known.unsettled(),
            "holders": dict(sorted(self._known.holders().items())),
        }
