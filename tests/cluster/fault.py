"""What the proxy does instead of passing a request on."""

import abc
import asyncio
import re
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

_REASONS = {409: "Conflict", 410: "Expired", 429: "TooManyRequests", 500: "InternalError", 503: "ServiceUnavailable"}


def _status(code: int) -> dict[str, Any]:
    """The body of every refusal of an API server."""
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "status": "Failure",
        "message": f"refused by the test with {code}",
        "reason": _REASONS.get(code, "Unknown"),
        "code": code,
    }


#: An event of a watch whose version is too old.
EXPIRED = {"type": "ERROR", "object": _status(410)}


@dataclass
class Fault(abc.ABC):
    """For the next `times` requests of that method (any if empty) whose path and query match."""

    method: str
    path: re.Pattern[str]
    times: int
    struck: int = field(default=0, init=False)

    def strikes(self, method: str, path: str) -> bool:
        """Whether it takes this request; one time less is left then."""
        if self.struck >= self.times or self.method not in ("", method) or not self.path.search(path):
            return False
        self.struck += 1
        return True

    def end(self) -> None:
        """No more, and let go of what it holds."""
        self.times = 0

    @abc.abstractmethod
    async def answer(self, request: web.Request) -> web.StreamResponse:
        """What the client gets."""


@dataclass
class Refuse(Fault):
    status: int
    retry_after: float | None = None

    async def answer(self, request: web.Request) -> web.StreamResponse:
        headers = {} if self.retry_after is None else {"Retry-After": f"{self.retry_after:g}"}
        return web.json_response(_status(self.status), status=self.status, headers=headers)


@dataclass
class Hang(Fault):
    _healed: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    def end(self) -> None:
        super().end()
        self._healed.set()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        await self._healed.wait()
        if request.transport:
            request.transport.abort()
        return web.Response(status=503)
