"""Reads queues of one account and region: one request each, several at a time."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Final

from botocore.credentials import ReadOnlyCredentials

import scalers
from scalers import Dial, LoginRefused, Reading, ScalerError
from scalers.aws_sqs_queue.client import Client, Counts
from scalers.aws_sqs_queue.connection import Connection, Queue
from scalers.aws_sqs_queue.credentials import Credentials
from scalers.aws_sqs_queue.refused import Refused, RefusedLogin, WrongLogin

__all__ = ["Scaler"]

_MOST_CONNECTIONS: Final = 16


class Scaler(scalers.Scaler[Connection, Queue]):
    """SQS of one region, over a few kept connections. A queue that several rules read is asked for once."""

    def __init__(self, connection: Connection, dial: Dial) -> None:
        super().__init__(connection, dial)
        self._client = Client(connection, dial, _MOST_CONNECTIONS)
        self._credentials = Credentials(connection, dial)

    async def read(self, queues: Sequence[Queue]) -> Sequence[Reading | ScalerError]:
        found = await self._found(list(dict.fromkeys(queue.url for queue in queues))) if queues else {}
        answers = [self._reading(queue, found[queue.url]) for queue in queues]
        refused = [answer for answer in answers if isinstance(answer, LoginRefused)]
        if refused and len(refused) == len(answers):
            self._credentials.refused()
            raise refused[0]
        return answers

    async def close(self) -> None:
        await self._client.close()

    @property
    def connections(self) -> int:
        return self._client.connections

    async def _found(self, urls: Sequence[str]) -> dict[str, Counts | Refused]:
        credentials = await self._credentials.frozen()
        found: dict[str, Counts | Refused] = {}
        # They take from one iterator, so that no more are signed than can be sent.
        left = iter(urls)
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(len(urls), _MOST_CONNECTIONS)):
                    group.create_task(self._fill(found, left, credentials))
        except BaseExceptionGroup as errors:
            raise self._one(errors.exceptions[0]) from None
        return found

    async def _fill(
        self, found: dict[str, Counts | Refused], left: Iterator[str], credentials: ReadOnlyCredentials
    ) -> None:
        for url in left:
            try:
                found[url] = await self._client.counts(url, credentials)
            except Refused as refused:
                found[url] = refused

    def _one(self, error: BaseException) -> BaseException:
        if not isinstance(error, WrongLogin):
            return error
        self._credentials.refused()
        return WrongLogin(f"SQS at {self.connection.place}: {error}")

    def _reading(self, queue: Queue, found: Counts | Refused) -> Reading | ScalerError:
        if isinstance(found, Counts):
            value = found.of(queue)
            return Reading(value, value)
        kind = RefusedLogin if isinstance(found, RefusedLogin) else Refused
        return kind(f"SQS at {self.connection.place}: {queue}: {found}")
