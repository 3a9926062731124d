"""Asks SQS for the counts of one queue: signed by botocore, sent over connections of our own."""

import asyncio
import json
import random
from typing import Any, Final, NamedTuple

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials

from scalers import Dial, ScalerError
from scalers.aws_sqs_queue.connection import Connection, Queue
from scalers.aws_sqs_queue.refused import Refused, Throttled, refused
from scalers.tls import Tls
from scalers.web import Answer, Web

__all__ = ["Client", "Counts"]

_VISIBLE: Final = "ApproximateNumberOfMessages"
_IN_FLIGHT: Final = "ApproximateNumberOfMessagesNotVisible"
_DELAYED: Final = "ApproximateNumberOfMessagesDelayed"
_HEADERS: Final = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "AmazonSQS.GetQueueAttributes"}
_TRIES: Final = 4
_PAUSE: Final = 0.2  # seconds at most before the second try, doubled each time


class Counts(NamedTuple):
    """The messages of one queue, as far as SQS knows them."""

    visible: int
    in_flight: int
    delayed: int

    def of(self, queue: Queue) -> int:
        """How many of them count."""
        return self.visible + self.in_flight * queue.in_flight + self.delayed * queue.delayed


class Client:
    """SQS behind one endpoint, over at most `most` connections."""

    def __init__(self, connection: Connection, dial: Dial, most: int) -> None:
        self._url = f"{connection.endpoint}/"
        self._place = f"SQS at {connection.place}"
        self._region = connection.region
        self._timeout = dial.timeout
        self._web = Web(dial, self._place, most, Tls() if connection.secure else None)

    async def counts(self, url: str, credentials: ReadOnlyCredentials) -> Counts:
        """Of the queue with that URL or name. Raises Refused if it cannot be read, ScalerError if none can."""
        now = asyncio.get_running_loop().time
        deadline = now() + self._timeout
        tries = 1
        while True:
            try:
                return self._counts(await self._ask(url, credentials))
            except Throttled:
                # A random part of it, so that those who were refused together do not come back together.
                pause = random.uniform(0, _PAUSE * 2 ** (tries - 1))
                if tries == _TRIES or now() + pause >= deadline:
                    raise
                tries += 1
                await asyncio.sleep(pause)

    async def close(self) -> None:
        """Let go of every connection; the next request opens new ones."""
        await self._web.close()

    @property
    def connections(self) -> int:
        """How many are open now."""
        return self._web.connections

    async def _ask(self, url: str, credentials: ReadOnlyCredentials) -> Answer:
        body = json.dumps({"QueueUrl": url, "AttributeNames": [_VISIBLE, _IN_FLIGHT, _DELAYED]}).encode()
        request = AWSRequest("POST", self._url, dict(_HEADERS), body)
        SigV4Auth(credentials, "sqs", self._region).add_auth(request)
        return await self._web.request("POST", self._url, dict(request.headers.items()), body, self._timeout)

    def _counts(self, answer: Answer) -> Counts:
        if answer.status != 200:
            raise refused(answer)
        try:
            attributes = json.loads(answer.body).get("Attributes", {})
        except (ValueError, AttributeError, RecursionError):
            raise ScalerError(f"{self._place} does not answer as SQS does; check awsEndpoint") from None
        return Counts(*(_count(attributes, name) for name in (_VISIBLE, _IN_FLIGHT, _DELAYED)))


def _count(attributes: Any, name: str) -> int:
    text = attributes.get(name) if isinstance(attributes, dict) else None
    if not isinstance(text, str) or not text.isascii() or not text.isdecimal() or len(text) > 19:
        raise Refused(f"the answer has no {name} that is a whole number of at least 0")
    return int(text)
