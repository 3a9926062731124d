"""The validating admission webhook: answers the API server's reviews beside the scaling, and never in its way."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from aiohttp import web

from scaler.admission import Admission, Reply, Unreadable
from scaler.certificate import Certificate
from scaler.metrics import Metrics
from scaler.settings import Address
from scaler.web import listen

PATH: Final = "/validate"
#: Two versions of the largest object that etcd takes.
MOST_BYTES: Final = 3 * 2**20
#: Reviews whose bodies are held at once.
MOST: Final = 16
#: Seconds in which the body must be here, and those in which a review must have had its turn. The API server gives up
#: earlier, and ends the connection.
READING: Final = 2.0
PATIENCE: Final = 10.0

#: Connections are kept for longer than the API server keeps them (90 s), so that only one side ends them. A body that
#: comes compressed is no review: it could be larger than it looks.
_LIMITS: Final[dict[str, Any]] = {
    "keepalive_timeout": 120.0,
    "lingering_time": 1.0,
    "auto_decompress": False,
    "handler_cancellation": True,
}


class Desk:
    """Judges one review at a time, in a thread, and rests after each for as long as it took.

    So a flood of reviews gets half of the time at most, and even a long one lets the loop go on meanwhile.
    """

    def __init__(self, admission: Admission) -> None:
        self._admission = admission
        self._turn = asyncio.Lock()
        self._thread = ThreadPoolExecutor(1, "webhook")
        self._rested_at = 0.0

    async def reply(self, body: bytes) -> Reply:
        """Answer a review when its turn comes. Raises Unreadable."""
        loop = asyncio.get_running_loop()
        async with self._turn:
            await asyncio.sleep(self._rested_at - loop.time())
            began = loop.time()
            try:
                return await loop.run_in_executor(self._thread, self._admission.reply, body)
            finally:
                ended = loop.time()
                self._rested_at = ended + (ended - began)

    def close(self) -> None:
        """Whoever waits is not answered any more."""
        self._thread.shutdown(wait=False, cancel_futures=True)


def site(desk: Desk, reviewed: Callable[[str], None]) -> web.Application:
    """`POST /validate`; `reviewed` hears how each review ended: allowed, refused, unreadable or late."""
    slots = asyncio.Semaphore(MOST)

    async def validate(request: web.Request) -> web.Response:
        try:
            async with asyncio.timeout(PATIENCE), slots:
                if (request.content_length or 0) > MOST_BYTES:
                    raise web.HTTPRequestEntityTooLarge(MOST_BYTES, request.content_length or 0)
                async with asyncio.timeout(READING):
                    body = await request.read()
                reply = await desk.reply(body)
        except TimeoutError:
            reviewed("late")
            return _refusal(503, "too late")
        except web.HTTPRequestEntityTooLarge:
            reviewed("unreadable")
            return _refusal(413, f"more than {MOST_BYTES} bytes")
        except Unreadable as error:
            reviewed("unreadable")
            return _refusal(400, str(error))
        reviewed(reply.outcome)
        return web.json_response(reply.body)

    app = web.Application(client_max_size=MOST_BYTES)
    app.router.add_post(PATH, validate)
    return app


def _refusal(status: int, text: str) -> web.Response:
    """No answer to a review, so that the API server does what `failurePolicy` says. What was not read is not waited
    for.
    """
    response = web.Response(status=status, text=text)
    response.force_close()
    return response


@contextlib.asynccontextmanager
async def webhook(
    admission: Admission, address: Address, certificates: Path, metrics: Metrics
) -> AsyncIterator[web.AppRunner]:
    """Serve inside the block. Raises OSError that names the address; a certificate that is missing is waited for."""
    certificate = Certificate(certificates, metrics.expiry.set)
    certificate.renew()
    desk = Desk(admission)
    runner = await listen(site(desk, metrics.reviewed), address, certificate.context, **_LIMITS)
    renewal = asyncio.create_task(certificate.watch())
    try:
        yield runner
    finally:
        renewal.cancel()
        await runner.cleanup()
        desk.close()
