"""Tokens in the place of a login: from an OAuth2 server by client credentials, or from Azure by workload identity."""

import asyncio
import json
import math
from typing import Final, NamedTuple
from urllib.parse import urlencode, urlsplit

from scalers import Dial, LoginRefused, ScalerError
from scalers.rabbitmq.connection import Connection, OAuth
from scalers.tls import Tls
from scalers.web import Web

__all__ = ["Tokens"]

_EARLY: Final = 60.0
"""Seconds before its end at which a token is renewed."""
_LIFETIME: Final = 300.0
"""Seconds that a token counts as good for whose end is not told."""


class Token(NamedTuple):
    """A bearer token and the seconds that it is good for."""

    text: str
    lifetime: float


class Tokens:
    """The present token of one connection, renewed before it ends."""

    def __init__(self, connection: Connection, dial: Dial) -> None:
        self._connection = connection
        self._dial = dial
        self._turn = asyncio.Lock()
        self._text = ""
        self._until = -math.inf

    async def token(self) -> str:
        """A token that is still good. Raises ScalerError."""
        async with self._turn:
            now = asyncio.get_running_loop().time()
            if now >= self._until:
                self._text, lifetime = await (self._exchanged() if self._connection.oauth else self._given())
                self._until = now + max(lifetime - _EARLY, lifetime / 2)
            return self._text

    def refused(self) -> None:
        """The broker did not take it: the next one is a new one."""
        self._until = -math.inf

    async def _exchanged(self) -> Token:
        oauth = self._connection.oauth
        assert oauth is not None
        place = f"the token server at {urlsplit(oauth.uri).hostname}"
        # unsafeSsl is said of the broker, not of who is told the clientSecret.
        tls = Tls(authority=self._connection.tls.authority) if oauth.uri.startswith("https://") else None
        web = Web(self._dial, place, 1, tls)
        try:
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            answer = await web.request("POST", oauth.uri, headers, _form(oauth), self._dial.timeout)
        finally:
            await web.close()
        if answer.status != 200:
            raise LoginRefused(f"{place}: login refused with HTTP status {answer.status}; check clientID, clientSecret")
        return _token(answer.body, place)

    async def _given(self) -> Token:
        # What few rules need.
        from scalers.azure.credential import Credential

        identity = self._connection.identity
        assert identity is not None
        async with Credential(identity, self._dial) as credential:
            found = await credential.get_token(f"{identity.audience}/.default")
        return Token(found.token, _LIFETIME)


def _form(oauth: OAuth) -> bytes:
    fields = {"grant_type": "client_credentials", "client_id": oauth.client_id}
    fields |= {"client_secret": oauth.client_secret.get_secret_value()}
    if oauth.scopes:
        fields["scope"] = " ".join(oauth.scopes)
    return urlencode([*fields.items(), *oauth.extra]).encode()


def _token(body: bytes, place: str) -> Token:
    try:
        answer = json.loads(body)
        text, lifetime = answer["access_token"], float(answer.get("expires_in", _LIFETIME))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        text, lifetime = None, 0.0
    if not isinstance(text, str) or not text.isascii() or not text.isprintable() or not 0 < lifetime < math.inf:
        raise ScalerError(f"{place} sends no access token")
    return Token(text, lifetime)
