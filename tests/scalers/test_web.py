"""HTTP to whatever a rule names: what it may lead to, how long it may talk, and what is repeated of it."""

import asyncio
import contextlib
import gzip
import traceback
import tracemalloc
from collections.abc import AsyncIterator

import pytest

from scalers import Dial, ScalerError
from scalers.web import Web
from tests.wait import until

SECRET = "canary-5f3c"
EMPTY = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
TIMEOUT = 5.0


class Server:
    """Answers each request with bytes as they are, and then perhaps goes on."""

    def __init__(self, answer: bytes, then: bytes = b"") -> None:
        self.asked: list[str] = []
        """The first line of each request."""
        self.port = 0
        self.goes_on = asyncio.Event()
        self.ends: list[asyncio.WriteTransport] = []
        """Our end of each connection."""
        self._answer, self._then = answer, then

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.ends.append(writer.transport)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                request = await reader.readuntil(b"\r\n\r\n")
                self.asked.append(request.partition(b"\r\n")[0].decode())
                writer.write(self._answer)
                await writer.drain()
                await self.goes_on.wait()
                while self._then:
                    writer.write(self._then)
                    await writer.drain()
        writer.close()


@contextlib.asynccontextmanager
async def serving(answer: bytes, then: bytes = b"", goes_on: bool = True) -> AsyncIterator[Server]:
    made = Server(answer, then)
    async with await asyncio.start_server(made.take, "127.0.0.1", 0) as server:
        made.port = server.sockets[0].getsockname()[1]
        if goes_on:
            made.goes_on.set()
        yield made
        for end in made.ends:
            end.abort()
        await asyncio.sleep(0.01)


class Names:
    """Every name leads to loopback; what was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def resolve(self, host: str, _port: int) -> str:
        self.asked.append(host)
        return "127.0.0.1"


@contextlib.asynccontextmanager
async def web(names: Names | None = None) -> AsyncIterator[Web]:
    made = Web(Dial(TIMEOUT, (names or Names()).resolve), "the place", 1)
    try:
        yield made
    finally:
        await made.close()
        assert made.connections == 0


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_no_redirect_is_followed(status: int) -> None:
    async with serving(EMPTY) as elsewhere:
        location = f"Location: http://127.0.0.1:{elsewhere.port}/secret"
        answer = f"HTTP/1.1 {status} Found\r\n{location}\r\nContent-Length: 0\r\n\r\n".encode()
        async with serving(answer) as server, web() as client:
            for method, body in (("GET", None), ("POST", b"x")):
                said = await client.request(method, f"http://h:{server.port}/", {}, body, TIMEOUT)
                assert said.status == status
        assert not elsewhere.asked


@pytest.mark.parametrize(
    "host",
    ["2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "127.1", "127.0.0.1.", "[::ffff:127.0.0.1]", "0", "[::]"],
)
async def test_an_address_is_checked_however_it_is_written(host: str) -> None:
    """Nothing is dialled that was not shown to the check before, as it is written."""

    async def refuse(host: str, _port: int) -> str:
        raise ScalerError(f"{host} is refused")

    async with serving(EMPTY) as server:
        client = Web(Dial(TIMEOUT, refuse), "the place", 1)
        with pytest.raises(ScalerError, match="is refused"):
            await client.get(f"http://{host}:{server.port}/", {}, TIMEOUT)
        await client.close()
        assert not server.asked


@pytest.mark.parametrize("host", ["2130706433", "0177.0.0.1", "127.1", "127.0.0.1.", "1.2.3.4.5", "999.999.999.999"])
async def test_what_only_looks_like_an_address_is_not_resolved_a_second_time(host: str) -> None:
    """The check says yes; the dial must not ask another resolver, who may say something else."""
    async with serving(EMPTY) as server, web() as client:
        with contextlib.suppress(ScalerError):
            await client.get(f"http://{host}:{server.port}/", {}, TIMEOUT)
        assert len(server.asked) <= 1


async def test_a_name_is_resolved_once_a_connection() -> None:
    names = Names()
    async with serving(EMPTY) as server, web(names) as client:
        for _ in range(3):
            await client.get(f"http://broker.invalid:{server.port}/", {}, TIMEOUT)
        assert names.asked == ["broker.invalid"]
        await client.close()
        await client.get(f"http://broker.invalid:{server.port}/", {}, TIMEOUT)
        assert names.asked == ["broker.invalid"] * 2


BOMB = gzip.compress(bytes(2**27))


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (b"Content-Length: 1000000000000\r\n", bytes(2**20)),
        (b"Transfer-Encoding: chunked\r\n", b"100000\r\n" + bytes(2**20) + b"\r\n"),
        (b"Connection: close\r\n", bytes(2**20)),
        (b"Content-Encoding: gzip\r\nContent-Length: %d\r\n" % len(BOMB), BOMB),
    ],
    ids=["length", "chunks", "neither", "compressed"],
)
async def test_an_answer_ends(head: bytes, body: bytes) -> None:
    async with serving(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n", body) as server, web() as client:
        with pytest.raises(ScalerError, match="the place: the answer is longer than 64 MiB"):
            await client.get(f"http://h:{server.port}/", {}, 60)
        await until(lambda: client.connections == 0)


async def test_a_server_that_goes_on_answering_is_hung_up_on() -> None:
    """Between two readings nobody would read what it sends."""
    async with serving(EMPTY, EMPTY * 100, goes_on=False) as server, web() as client:
        await client.get(f"http://h:{server.port}/", {}, TIMEOUT)
        assert client.connections == 1
        tracemalloc.start()
        try:
            server.goes_on.set()
            await until(lambda: client.connections == 0)
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert most < 2**26
        assert (await client.get(f"http://h:{server.port}/", {}, TIMEOUT)).status == 200


@pytest.mark.parametrize(
    "answer",
    [
        f"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{SECRET}",
        f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{SECRET}\r\n",
        f"HTTP/1.1 {SECRET} OK\r\n\r\n",
        f"HTTP/1.1 200 OK\r\n{SECRET}\r\n\r\n",
        f"HTTP/1.1 200 OK\r\nContent-Length: {SECRET}\r\n\r\n",
        f"HTTP/1.1 200 OK\r\nX: {SECRET * 2000}\r\n\r\n",
        f"{SECRET}\r\n\r\n",
        f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 11\r\n\r\n{SECRET}",
    ],
    ids=["short", "no chunk", "no status", "no header", "no length", "a long header", "no HTTP", "not compressed"],
)
async def test_nothing_of_a_broken_answer_is_repeated(answer: str) -> None:
    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer.encode())
        writer.close()

    async with await asyncio.start_server(take, "127.0.0.1", 0) as server, web() as client:
        with pytest.raises(ScalerError, match="the place") as caught:
            await client.get(f"http://h:{server.sockets[0].getsockname()[1]}/", {}, TIMEOUT)
    assert SECRET not in "".join(traceback.format_exception(caught.value))
