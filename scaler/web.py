"""What the process shows over HTTP: metrics and health on one port, the rules on another, loopback by default."""

import asyncio
import ipaddress
import json
import ssl
import time
from collections.abc import Callable
from typing import Any, Final

from aiohttp import web

from scaler.page.site import Handler, Known, Site
from scaler.press import Busy, Press
from scaler.server import IDENTITY, PROGRAM
from scaler.settings import Address
from scaler.target import Key

#: What the JSON of a rule that is not known would be.
_NOTHING: Final = b"null"


def metrics_site(page: Callable[[], bytes], alive: Callable[[], str | None], ready: Callable[[], str | None]) -> Any:
    """`/metrics`, `/healthz`, `/readyz`. `alive` and `ready` answer None, or what is wrong.

    Pages are made one at a time in a thread: that of 10,000 rules takes a second, in which decisions go on.
    """
    turn = asyncio.Lock()

    async def metrics(request: web.Request) -> web.Response:
        async with turn:
            body = await asyncio.to_thread(page)
        return web.Response(body=body, headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})

    def health(check: Callable[[], str | None]) -> Handler:
        async def answer(request: web.Request) -> web.Response:
            wrong = check()
            return web.Response(text=wrong or "ok", status=503 if wrong else 200)

        return answer

    app = web.Application()
    app.router.add_get("/metrics", metrics)
    app.router.add_get("/healthz", health(alive))
    app.router.add_get("/readyz", health(ready))
    return app


def rules_site(known: Known, address: Address, clock: Callable[[], float] = time.time) -> Any:
    """The pages for people, and the same as JSON: `/rules`, every rule; `/explain/NAMESPACE/NAME`, its last decisions.

    503 while rules are being taken over: what is missing then is not gone. `clock` is wall time in seconds.
    """
    press = Press()

    @web.middleware
    async def known_host(request: web.Request, handler: Handler) -> web.StreamResponse:
        # A page in somebody's browser could otherwise reach us under a name of its own (DNS rebinding). Who asks
        # through the API server comes with its name, and with a header that no page can send.
        if not any(name in request.headers for name in PROGRAM) and not _is_ours(request.host, address):
            raise web.HTTPForbidden(text="unknown Host: use the address that --page-address names")
        return await handler(request)

    async def rules(request: web.Request) -> web.Response:
        if wrong := known.unsettled():
            raise web.HTTPServiceUnavailable(text=wrong)
        return web.json_response(body=await _made(press, known.rows))

    async def explain(request: web.Request) -> web.Response:
        key = Key(request.match_info["namespace"], request.match_info["name"])
        found = await _made(press, lambda: known.told(key))
        if found != _NOTHING:
            return web.json_response(body=found)
        if wrong := known.unsettled():
            raise web.HTTPServiceUnavailable(text=wrong)
        raise web.HTTPNotFound(text="no such rule")

    async def sign(request: web.Request, response: web.StreamResponse) -> None:
        response.headers[IDENTITY] = known.identity
        response.headers["X-Content-Type-Options"] = "nosniff"

    app = web.Application(middlewares=[known_host])
    app.on_response_prepare.append(sign)
    app.router.add_get("/rules", rules)
    app.router.add_get("/explain/{namespace}/{name:.+}", explain)
    Site(known, press, clock).join(app)
    return app


async def _made(press: Press, answer: Callable[[], Any]) -> bytes:
    try:
        return await press.make(lambda: json.dumps(answer()).encode())
    except Busy:
        raise web.HTTPServiceUnavailable(text="too many ask at once; try again in a moment") from None


def _is_ours(host: str, address: Address) -> bool:
    name = host.rpartition(":")[0] if not host.endswith("]") and ":" in host else host
    name = name.strip("[]").lower()
    if name in ("localhost", address.host.lower()):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


async def listen(
    app: web.Application, address: Address, tls: ssl.SSLContext | None = None, **limits: Any
) -> web.AppRunner:
    """Serve until `cleanup()`; `limits` are aiohttp's own. Raises OSError that names the address."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0, **limits)
    await runner.setup()
    try:
        await web.TCPSite(runner, address.host, address.port, ssl_context=tls).start()
    except OSError as error:
        await runner.cleanup()
        raise OSError(f"cannot listen on {address}: {error.strerror or error}") from error
    return runner
