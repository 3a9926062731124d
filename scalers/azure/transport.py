"""How azure-core's clients reach the network: over Web, so that addresses, redirects and sizes are guarded."""

from types import TracebackType
from typing import Any
from urllib.parse import urlencode

from azure.core.pipeline.transport import AsyncHttpResponse, AsyncHttpTransport
from azure.core.rest import HttpRequest
from multidict import CIMultiDict

from scalers.web import Answer, Web

__all__ = ["Transport"]


class _Response(AsyncHttpResponse):
    """An answer that is here as a whole."""

    def __init__(self, request: HttpRequest, answer: Answer) -> None:
        super().__init__(request, None)  # type: ignore[arg-type]  # typed for requests of an older kind
        self.status_code = answer.status
        self.headers = CIMultiDict(answer.headers)
        self.content_type = self.headers.get("Content-Type", "")
        self.reason = ""
        self._body = answer.body

    def body(self) -> bytes:
        return self._body


class Transport(AsyncHttpTransport[HttpRequest, AsyncHttpResponse]):
    """Sends each request over Web, within that many seconds. What fails is a ScalerError, which no policy retries."""

    def __init__(self, web: Web, seconds: float) -> None:
        self._web = web
        self._seconds = seconds

    async def send(self, request: HttpRequest, **_: Any) -> AsyncHttpResponse:
        """One request and its whole answer. Raises ScalerError."""
        form = request.content
        body = urlencode(form).encode() if isinstance(form, dict) else form
        answer = await self._web.request(request.method, request.url, request.headers, body, self._seconds)
        return _Response(request, answer)

    async def open(self) -> None:
        """Nothing: Web opens connections when they are needed."""

    async def close(self) -> None:
        """Nothing: Web is its owner's to close."""

    async def __aexit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        trace: TracebackType | None = None,
    ) -> None:
        await self.close()
