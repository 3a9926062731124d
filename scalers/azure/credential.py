"""Tokens of the pod's identity, by Azure's workload identity."""

import asyncio
import logging
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlsplit

from azure.core.credentials import AccessToken
from azure.core.exceptions import AzureError

from scalers import Dial, Identity, LoginRefused, ScalerError
from scalers.azure.transport import Transport
from scalers.tls import Tls
from scalers.web import Web

__all__ = ["Credential"]

_CURE: Final = "check identityId, tenantId, the federated credential, and the label azure.workload.identity/use"


class Credential:
    """The token of one identity; azure-identity keeps it and renews it before it ends."""

    def __init__(self, identity: Identity, dial: Dial) -> None:
        self._identity = identity
        self._dial = dial
        place = urlsplit(identity.authority_host or "").hostname or identity.authority_host
        self._web = Web(dial, f"Azure's token service{f' at {place}' if place else ''}", 1, Tls())
        self._turn = asyncio.Lock()
        self._source: Any = None

    async def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        """A token that is still good. Raises ScalerError."""
        try:
            async with self._turn, asyncio.timeout(self._dial.timeout):
                self._source = self._source or _source(self._identity, Transport(self._web, self._dial.timeout))
                token: AccessToken = await self._source.get_token(*scopes)
                return token
        except TimeoutError:
            raise ScalerError(f"no token from Azure within {self._dial.timeout:g} s") from None
        except (AzureError, ValueError, OSError) as error:
            # It would go on to show the proof it has read, for ten minutes. What the error says may be what the other
            # end sent.
            self._source = None
            raise LoginRefused(
                f"login refused by Azure's workload identity ({type(error).__name__}); {_CURE}"
            ) from None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        trace: TracebackType | None = None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Let go of the connection, not of the token."""
        await self._web.close()

    @property
    def connections(self) -> int:
        """How many are open now."""
        return self._web.connections


def _source(identity: Identity, transport: Transport) -> Any:
    # 40 MB that few rules need.
    from azure.identity.aio import WorkloadIdentityCredential

    # It warns of each failure in words that the other end may have sent.
    logging.getLogger("azure.identity").setLevel(logging.CRITICAL)
    given = {
        "client_id": identity.identity_id,
        "tenant_id": identity.tenant_id,
        "authority": identity.authority_host,
    }
    named = {name: value for name, value in given.items() if value}
    return WorkloadIdentityCredential(**named, transport=transport, permit_redirects=False, retry_total=0)
