"""Trying again, as the answer says when, as long as the time-out allows."""

import asyncio
from typing import Any, Final

from azure.core.pipeline import PipelineResponse
from azure.core.pipeline.policies import AsyncRetryPolicy

from scalers.azure_servicebus.refused import refused

__all__ = ["Retry"]

_TRIES: Final = 3
_BACKOFF: Final = 0.1  # seconds, doubled each time


class Retry(AsyncRetryPolicy[Any, Any]):
    """azure-core's, but it gives up at once where it would have to wait beyond the time-out."""

    def __init__(self, seconds: float) -> None:
        super().__init__(retry_total=_TRIES, retry_status=_TRIES, retry_backoff_factor=_BACKOFF)
        self._seconds = seconds

    def configure_retries(self, options: dict[str, Any]) -> dict[str, Any]:
        """Notes when the time will be up."""
        return super().configure_retries(options) | {"deadline": asyncio.get_running_loop().time() + self._seconds}

    async def sleep(
        self, settings: dict[str, Any], transport: Any, response: PipelineResponse[Any, Any] | None = None
    ) -> None:
        """As long as the answer's Retry-After says, or a little. Raises Refused."""
        if response is not None:
            pause = self.get_retry_after(response) or self.get_backoff_time(settings)
            if asyncio.get_running_loop().time() + pause >= settings["deadline"]:
                raise refused(response.http_response.status_code)
        await super().sleep(settings, transport, response)
