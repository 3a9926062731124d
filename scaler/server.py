"""A running scaler, asked over its page address."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Protocol

import aiohttp

#: No page in a browser can send a header whose name begins so (Fetch standard, forbidden request headers): whoever
#: sends it is no page that was led here by a name of its own.
PROGRAM: Final[Mapping[str, str]] = {"Sec-Scalerule": "program"}
#: Header of every answer: who gave it.
IDENTITY: Final = "Scaler-Identity"
#: What its 503 means.
BUSY: Final = "does not know all its rules yet; try again in a moment"
_TIMEOUT = 10.0


class Unreachable(Exception):
    """No running scaler answers, with the reasons and the cure."""


class Told(NamedTuple):
    """What running scalers said: an answer each, None from one that does not know; and why others said nothing."""

    answers: list[Any]
    silent: list[str]


class Scalers(Protocol):
    """All running scalers that there is a way to."""

    async def ask(self, path: str) -> Told:
        """Each of them. Raises Unreachable."""


@dataclass(frozen=True)
class Server:
    """The one at a URL."""

    url: str

    async def ask(self, path: str) -> Told:
        """What it says."""
        try:
            return Told([await ask(self.url, path)], [])
        except Unreachable as error:
            raise Unreachable(f"{error} (--server wants the URL of a scaler's --page-address)") from error


async def ask(url: str, path: str, identity: str | None = None) -> Any:
    """What the scaler at a URL says there, as JSON; None for what it does not know. No credentials are sent.

    With `identity` only the one of that name is believed. Raises Unreachable.
    """
    limit = aiohttp.ClientTimeout(total=_TIMEOUT)
    where = url.rstrip("/") + path
    try:
        async with (
            aiohttp.ClientSession(timeout=limit, headers=PROGRAM) as session,
            session.get(where, allow_redirects=False) as answer,
        ):
            if identity is not None and answer.headers.get(IDENTITY) != identity:
                raise Unreachable(f"somebody else answers at {url}")
            return await _said(answer, url)
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        raise Unreachable(f"no scaler answers at {url}: {str(error) or type(error).__name__}") from error


async def _said(answer: aiohttp.ClientResponse, url: str) -> Any:
    if answer.status == 404:
        return None
    if answer.status == 503:
        raise Unreachable(f"the scaler at {url} {BUSY}")
    if answer.status != 200:
        raise ValueError(f"{answer.status} {answer.reason}")
    return await answer.json()
