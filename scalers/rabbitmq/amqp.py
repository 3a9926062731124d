"""Reads queues over AMQP 0-9-1: one connection per broker, user and vhost, whatever the number of queues."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Final

from pika import exceptions

from scalers import Dial, LoginRefused, Reading, Scaler, ScalerError
from scalers.rabbitmq.connection import Connection, Queue
from scalers.rabbitmq.link import Link
from scalers.unreachable import unreachable

__all__ = ["AmqpScaler"]

_ROUND_TRIP: Final = 500  # queues that must all be answered within the time-out
_MISSING: Final = 404

# What pika would log on a failure, in several lines, is raised here as one ScalerError.
logging.getLogger("pika").setLevel(logging.CRITICAL)


class AmqpScaler(Scaler[Connection, Queue]):
    """One connection, kept between readings and made anew after a failure."""

    def __init__(self, connection: Connection, dial: Dial) -> None:
        super().__init__(connection, dial)
        self._link: Link | None = None
        self._turn = asyncio.Lock()

    async def read(self, queues: Sequence[Queue]) -> Sequence[Reading | ScalerError]:
        names = list(dict.fromkeys(queue.name for queue in queues))
        answers: dict[str, Reading | int] = {}
        async with self._turn:
            for start in range(0, len(names), _ROUND_TRIP):
                answers |= await self._ask(names[start : start + _ROUND_TRIP])
        return [_answer(queue, answers[queue.name]) for queue in queues]

    async def close(self) -> None:
        async with self._turn:
            try:
                if self._link is not None:
                    async with asyncio.timeout(self.dial.timeout):
                        await self._link.close()
            except TimeoutError:
                pass
            finally:
                self._drop()

    @property
    def connections(self) -> int:
        return int(self._link is not None and self._link.is_open)

    async def _ask(self, names: Sequence[str]) -> dict[str, Reading | int]:
        """A reading or a reply code for each name."""
        try:
            link = await self._open_link()
            async with asyncio.timeout(self.dial.timeout):
                return await link.ask(names)
        except BaseException as error:
            self._drop()
            if isinstance(error, Exception) and not isinstance(error, ScalerError):
                raise self._explained(error) from None
            raise

    async def _open_link(self) -> Link:
        if self._link is None or not self._link.is_open:
            async with asyncio.timeout(self.dial.timeout):
                address = await self.dial.resolve(self.connection.host, self.connection.port)
                self._link = Link(self.connection, address)
                await self._link.opened
        return self._link

    def _drop(self) -> None:
        """After a failure or a cancelled reading, answers may be under way that nobody waits for."""
        link, self._link = self._link, None
        if link is not None:
            link.abort()

    def _explained(self, error: Exception) -> ScalerError:
        place = f"RabbitMQ at {self.connection.place}"
        cause = _root(error)
        match cause:
            case TimeoutError():
                return ScalerError(f"no answer from {place} within {self.dial.timeout:g} s")
            case OSError():
                return unreachable(place, cause)
            case exceptions.AuthenticationError() | exceptions.ProbableAuthenticationError():
                return LoginRefused(f"{place}: login refused; check user and password")
            case exceptions.ProbableAccessDeniedError():
                vhost = self.connection.vhost
                return ScalerError(f"{place}: no vhost {vhost!r}, or the user has no permission for it")
            case exceptions.IncompatibleProtocolError() | exceptions.AMQPFrameError():
                refusal = ", or does not take the client certificate" if self.connection.tls.certificate else ""
                return ScalerError(f"{place} does not speak AMQP 0-9-1{refusal}")
        # What the error says may be what the other end sent.
        return ScalerError(f"{place}: the connection is lost ({type(cause).__name__})")


def _root(error: BaseException) -> BaseException:
    """The cause, which pika wraps up to four times."""
    inner = [getattr(error, "exception", None), *getattr(error, "exceptions", ()), *error.args]
    cause = next((item for item in inner if isinstance(item, BaseException)), None)
    return error if cause is None else _root(cause)


def _answer(queue: Queue, answer: Reading | int) -> Reading | ScalerError:
    if isinstance(answer, Reading):
        return answer
    if answer == _MISSING:
        return ScalerError(f"{queue} not found")
    return ScalerError(f"{queue}: the broker refuses to tell its length (AMQP code {answer})")
