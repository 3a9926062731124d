"""What a request shows to be let in: a signature of its address, one that was given, or a token of an identity."""

import base64
import hashlib
import hmac
import time
from typing import Any, Final
from urllib.parse import quote, unquote, urlsplit

from azure.core.pipeline import PipelineRequest
from azure.core.pipeline.policies import AsyncBearerTokenCredentialPolicy, HeadersPolicy, SansIOHTTPPolicy

from scalers.azure.credential import Credential
from scalers.azure_servicebus.connection import Connection

__all__ = ["SCOPE", "login"]

SCOPE: Final = "https://servicebus.azure.net//.default"
"""What a token is asked for; the same in every cloud."""

_LIFETIME: Final = 3600  # seconds


class _SharedKey(SansIOHTTPPolicy[Any, Any]):
    """Signs the address of each request.

    The library's own policy signs the namespace, which a key of one entity may not, and keeps a signature for a
    minute longer than it is good for.
    """

    def __init__(self, connection: Connection) -> None:
        self._name = connection.key_name
        self._key = connection.key.get_secret_value().encode()

    def on_request(self, request: PipelineRequest[Any]) -> None:
        """Adds the signature."""
        url = urlsplit(request.http_request.url)
        resource = quote(f"{url.scheme}://{url.netloc}{unquote(url.path)}", safe="")
        end = int(time.time()) + _LIFETIME
        digest = hmac.digest(self._key, f"{resource}\n{end}".encode(), hashlib.sha256)
        signature = quote(base64.b64encode(digest), safe="")
        text = f"SharedAccessSignature sr={resource}&sig={signature}&se={end}&skn={quote(self._name, safe='')}"
        request.http_request.headers["Authorization"] = text


def login(connection: Connection, credential: Credential | None) -> Any:
    """The policy that adds to each request what its connection logs in with."""
    if credential is not None:
        return AsyncBearerTokenCredentialPolicy(credential, SCOPE)
    signature = connection.signature.get_secret_value()
    if signature:
        # The library would send it as a Bearer token, which it is not.
        return HeadersPolicy({"Authorization": signature})
    return _SharedKey(connection)
