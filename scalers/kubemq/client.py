"""Asks a KubeMQ over one connection, kept between readings and made anew after a failure."""

import asyncio
import logging

from grpc import aio

from scalers import Dial, ScalerError
from scalers.kubemq.connection import Connection
from scalers.kubemq.depths import Depths, Untold
from scalers.kubemq.failure import explained
from scalers.kubemq.link import Link

__all__ = ["Client"]

# What it would log of an answer that is none is raised here as one ScalerError.
logging.getLogger("grpc").setLevel(logging.CRITICAL)


class Client:
    """One question at a time: all rules are answered by the same one."""

    def __init__(self, connection: Connection, dial: Dial) -> None:
        self._connection = connection
        self._dial = dial
        self._place = f"KubeMQ at {connection.place}"
        self._link: Link | None = None
        self._turn = asyncio.Lock()

    async def depths(self) -> Depths:
        """Of all queues. Raises ScalerError."""
        async with self._turn:
            found = await self._ask()
        if isinstance(found, ScalerError):
            raise found
        return found

    async def close(self) -> None:
        """Let go of the connection; the next question opens another."""
        async with self._turn:
            await self._drop()

    @property
    def connections(self) -> int:
        """How many are open now."""
        return int(self._link is not None and self._link.is_open)

    async def _ask(self) -> Depths | ScalerError:
        # An error that is raised while another is handled keeps that one, its frames, in them gRPC's call, and with
        # the call the connection, for as long as somebody keeps the error.
        try:
            link = await self._open_link()
            return await link.depths()
        except BaseException as error:
            await self._drop()
            match error:
                case TimeoutError():
                    return ScalerError(f"no answer from {self._place} within {self._dial.timeout:g} s")
                case aio.AioRpcError():
                    return explained(error, self._place, self._dial.timeout)
                case Untold():
                    return ScalerError(f"{self._place}: {error}")
            raise

    async def _open_link(self) -> Link:
        # gRPC would dial again by itself: the same address, and after a while that grows with each failure.
        if self._link is not None and not self._link.is_open:
            await self._drop()
        if self._link is None:
            async with asyncio.timeout(self._dial.timeout):
                address = await self._dial.resolve(self._connection.host, self._connection.port)
            self._link = Link(self._connection, address, self._dial.timeout)
        return self._link

    async def _drop(self) -> None:
        link, self._link = self._link, None
        if link is not None:
            await link.close()
