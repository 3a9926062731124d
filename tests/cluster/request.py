"""A request that the proxy saw, kept so that a test can count it and look into it."""

import time
from dataclasses import dataclass

from aiohttp import web


@dataclass
class Request:
    """One request as it came."""

    at: float
    """time.monotonic()"""
    method: str
    path: str
    query: dict[str, str]
    content_type: str
    user_agent: str
    body: bytes
    status: int | None = None
    """What was answered; None while that is open."""

    @property
    def is_watch(self) -> bool:
        return self.query.get("watch") in ("true", "1")

    @classmethod
    async def of(cls, request: web.Request) -> "Request":
        """What is worth keeping of it."""
        return cls(
            time.monotonic(),
            request.method,
            request.path,
            dict(request.query),
            request.content_type if request.body_exists else "",
            request.headers.get("User-Agent", ""),
            await request.read(),
        )
