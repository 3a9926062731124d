"""What every broker type owes the loop. It runs over each rig by itself and knows no broker."""

import asyncio
import contextlib
import gc
import time
import traceback
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil
import pytest

import scalers
from scalers import Dial, LoginRefused, Reading, ScalerError
from tests.scalers.relay import Relay
from tests.scalers.rigs import CANARY, Place, Rig, rigs
from tests.tls import SESSION, Authority
from tests.wait import PATIENCE, until

Answers = Sequence[Reading | ScalerError]

TIMEOUT = 5.0
READS = 1000
#: Of HTTP: what any service may answer to a question that it was not made for.
STATUSES = (200, 302, 400, 401, 403, 404, 429, 500, 503)


async def resolve(host: str, _: int) -> str:
    assert host in ("127.0.0.1", "localhost")
    return "127.0.0.1"


def test_every_type_has_a_rig() -> None:
    assert {rig.type for rig in rigs().values()} == set(scalers.known())


@pytest.fixture(scope="session")
def authority() -> Authority:
    return SESSION


@pytest.fixture(autouse=True)
def trusted(authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system trusts that authority, and no other."""
    file = tmp_path / "authorities.pem"
    file.write_text(authority.pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))


@pytest.fixture(params=rigs().items(), ids=lambda item: item[0])
def rig_type(request: pytest.FixtureRequest) -> type[Rig]:
    kind: type[Rig] = request.param[1]
    return kind


@pytest.fixture
def rig(rig_type: type[Rig], request: pytest.FixtureRequest) -> Iterator[Rig]:
    with contextlib.closing(rig_type(request.getfixturevalue(rig_type.shared))) as made:
        yield made


@contextlib.asynccontextmanager
async def scaler_at(
    rig: Rig, place: Place | None = None, patience: float = TIMEOUT, **login: Any
) -> AsyncIterator[scalers.Scaler[Any, Any]]:
    """A scaler that must leave no socket behind."""
    before = _sockets()
    made = scalers.load(rig.type).Scaler(rig.connection(place or rig.place, **login), Dial(patience, resolve))
    try:
        yield made
    finally:
        await made.close()
        assert made.connections == 0
        await until(lambda: not _sockets() - before)


def _sockets() -> set[tuple[Any, Any]]:
    """The sockets that this process has dialled."""
    found = psutil.Process().net_connections("tcp")
    listening = {item.laddr for item in found if item.status == psutil.CONN_LISTEN}
    return {(item.laddr, item.raddr) for item in found if item.raddr and item.laddr not in listening}


async def failure(reading: Awaitable[Answers]) -> ScalerError:
    with pytest.raises(ScalerError) as caught:
        await reading
    return harmless(caught.value)


async def failures(reading: Awaitable[Answers]) -> list[ScalerError]:
    """Of the broker, or of each queue."""
    try:
        return [harmless(answer) for answer in await reading]
    except ScalerError as error:
        return [harmless(error)]


def harmless(error: Any) -> ScalerError:
    """The error, found to tell no secret however it is printed."""
    assert isinstance(error, ScalerError)
    printed = "".join(traceback.format_exception(error))
    assert CANARY not in f"{error} {error!r} {error.args} {printed}"
    return error


async def settled(scaler: scalers.Scaler[Any, Any], queues: Sequence[Any], values: Sequence[float]) -> None:
    """A broker may take a moment to tell what was published."""
    end = time.monotonic() + PATIENCE * 10
    while (answers := await scaler.read(queues)) != [Reading(value, value) for value in values]:
        assert time.monotonic() < end, answers
        await asyncio.sleep(0.1)


async def test_answers_keep_order_and_length(rig: Rig) -> None:
    names = ["b", "a", rig.odd_name, "c"]
    rig.create(names)
    for messages, name in enumerate(names):
        rig.publish(name, messages)
    async with scaler_at(rig) as scaler:
        await settled(scaler, [rig.queue(name) for name in names], [0, 1, 2, 3])
        await settled(scaler, [rig.queue(name) for name in ("c", "a", "c")], [3, 1, 3])
        assert list(await scaler.read([])) == []


async def test_a_missing_queue_errs_alone(rig: Rig) -> None:
    names = [f"q{number}" for number in range(60)]
    rig.create(names[::2])
    async with scaler_at(rig) as scaler:
        for _ in range(2):
            answers = await scaler.read([rig.queue(name) for name in names])
            assert list(answers[::2]) == [Reading(0, 0)] * 30
            for name, answer in zip(names[1::2], answers[1::2], strict=True):
                assert repr(name) in str(harmless(answer))
        rig.create(["q1"])
        await settled(scaler, [rig.queue("q1")], [0])


async def test_a_dead_broker_raises_one_error(rig: Rig) -> None:
    async with Relay(*rig.place) as gone:
        place = Place(gone.host, gone.port)
    async with scaler_at(rig, place) as scaler:
        error = await failure(scaler.read([rig.queue("a"), rig.queue("b")]))
        assert f"{place.host}:{place.port}" in str(error)


async def test_wrong_credentials_raise(rig: Rig) -> None:
    async with scaler_at(rig, password=f"{CANARY}-wrong") as scaler:
        error = await failure(scaler.read([rig.queue("a")]))
        assert isinstance(error, LoginRefused)
        assert "login refused" in str(error)


async def test_a_hung_broker_times_out(rig: Rig) -> None:
    """It takes the connection and says nothing."""
    async with Relay(*rig.place) as relay:
        relay.frozen = True
        async with scaler_at(rig, Place(relay.host, relay.port), patience=0.3) as scaler:
            assert "within 0.3 s" in str(await failure(scaler.read([rig.queue("a")])))
            assert scaler.connections == 0


async def test_a_broker_that_hangs_later_times_out_and_is_dialled_again(rig: Rig) -> None:
    rig.create(["a"])
    async with Relay(*rig.place) as relay, scaler_at(rig, Place(relay.host, relay.port), patience=0.3) as scaler:
        await settled(scaler, [rig.queue("a")], [0])
        relay.frozen = True
        await failure(scaler.read([rig.queue("a")]))
        relay.frozen = False
        await settled(scaler, [rig.queue("a")], [0])
        assert relay.connections == 2


async def test_a_broker_that_hangs_midway_times_out(rig: Rig) -> None:
    names = [f"q{number}" for number in range(100)]
    rig.create(names)
    async with (
        Relay(*rig.place, delay=0.02) as relay,
        scaler_at(rig, Place(relay.host, relay.port), patience=0.5) as scaler,
    ):
        await settled(scaler, [rig.queue("q0")], [0])
        reading = asyncio.create_task(scaler.read([rig.queue(name) for name in names]))
        await asyncio.sleep(0.01)
        relay.frozen = True
        assert "within 0.5 s" in str(await failure(reading))


async def test_a_cancelled_reading_harms_no_later_one(rig: Rig) -> None:
    rig.create(["a", "b"])
    rig.publish("b", 1)
    async with Relay(*rig.place, delay=0.02) as relay, scaler_at(rig, Place(relay.host, relay.port)) as scaler:
        await settled(scaler, [rig.queue("a"), rig.queue("b")], [0, 1])
        for patience in (0.0, 0.01, 0.03, 0.05, 0.09):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(scaler.read([rig.queue("b")] * 50), patience)
            assert await scaler.read([rig.queue("a"), rig.queue("b")]) == [Reading(0, 0), Reading(1, 1)]


# No real broker answers so: what a rule that names any other service meets.
@pytest.mark.parametrize(
    "junk",
    [
        b"",
        b"\r\n",
        b"secret-banner\r\n" * 9,
        *(b"HTTP/1.1 %d secret\r\nX: secret\r\nContent-Length: 6\r\n\r\nsecret" % status for status in STATUSES),
        b"\x01\x00\x00\x00\x00\x00\x0a\x00\x0a\x00\x0asecret\xce",
        b"\x01\x00\x00\xff\xff\xff\xff" + b"secret" * 2**17,
        bytes(range(256)),
    ],
    ids=["nothing", "newline", "banner", *map(str, STATUSES), "amqp", "an endless frame", "every byte"],
)
@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
async def test_garbage_raises_and_is_not_repeated(rig: Rig, authority: Authority, junk: bytes, secure: bool) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(8)
        writer.write(junk)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=authority.server() if secure else None)
    place = Place("localhost", server.sockets[0].getsockname()[1])
    async with server, scaler_at(rig, place, secure=secure) as scaler:
        for error in await failures(scaler.read([rig.queue("a")])):
            assert "secret" not in "".join(traceback.format_exception(error))


async def test_closing_twice_is_harmless_and_reading_goes_on(rig: Rig) -> None:
    rig.create(["a"])
    async with scaler_at(rig) as scaler:
        await scaler.close()
        await settled(scaler, [rig.queue("a")], [0])
        assert 1 <= scaler.connections <= rig.most_connections
        await scaler.close()
        await scaler.close()
        await settled(scaler, [rig.queue("a")], [0])


async def test_the_address_dialled_is_the_one_resolved(rig: Rig) -> None:
    rig.create(["a"])
    asked = []

    async def resolve_and_tell(host: str, port: int) -> str:
        asked.append((host, port))
        return "127.0.0.1"

    connection = rig.connection(Place("broker.invalid", rig.place.port))
    scaler = scalers.load(rig.type).Scaler(connection, Dial(TIMEOUT, resolve_and_tell))
    await settled(scaler, [rig.queue("a")], [0])
    await scaler.close()
    assert set(asked) == {("broker.invalid", rig.place.port)}


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_an_address_that_is_not_allowed_is_not_dialled(rig: Rig, host: str) -> None:
    async def refuse(host: str, port: int) -> str:
        raise ScalerError(f"{host} is not an allowed destination")

    async with Relay(*rig.place) as relay:
        scaler = scalers.load(rig.type).Scaler(rig.connection(Place(host, relay.port)), Dial(TIMEOUT, refuse))
        assert "not an allowed destination" in str(await failure(scaler.read([rig.queue("a")])))
        await scaler.close()
        assert relay.connections == 0


async def test_a_certificate_of_a_known_authority_is_taken(rig: Rig, authority: Authority) -> None:
    rig.create(["a"])
    rig.publish("a", 3)
    async with (
        Relay(*rig.plain_place, tls=authority.server()) as relay,
        scaler_at(rig, Place("localhost", relay.port), secure=True) as scaler,
    ):
        await settled(scaler, [rig.queue("a")], [3])


async def test_a_certificate_of_nobody_is_refused(rig: Rig) -> None:
    async with (
        Relay(*rig.plain_place, tls=Authority().server()) as relay,
        scaler_at(rig, Place("localhost", relay.port), secure=True) as scaler,
    ):
        assert "certificate" in str(await failure(scaler.read([rig.queue("a")])))


async def test_a_certificate_of_another_host_is_refused(rig: Rig, authority: Authority) -> None:
    async with Relay(*rig.plain_place, tls=authority.server()) as relay:

        async def elsewhere(_host: str, _port: int) -> str:
            return "127.0.0.1"

        connection = rig.connection(Place("other.invalid", relay.port), secure=True)
        scaler = scalers.load(rig.type).Scaler(connection, Dial(TIMEOUT, elsewhere))
        assert "certificate" in str(await failure(scaler.read([rig.queue("a")])))
        await scaler.close()


async def test_memory_is_flat(rig: Rig) -> None:
    rig.create(["a", "b"])
    queues = [rig.queue(name) for name in ("a", "b", "missing")]
    async with scaler_at(rig, patience=5) as scaler:
        for _ in range(READS // 10):
            await scaler.read(queues)
        gc.collect()
        tracemalloc.start()
        try:
            for _ in range(READS):
                await scaler.read(queues)
            gc.collect()
            grown, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    # A kilobyte kept of each reading would be a megabyte.
    assert grown < 200_000


async def test_many_queues_take_few_round_trips_and_connections(rig: Rig) -> None:
    names = [f"q{number}" for number in range(rig.many)]
    rig.create(names)
    rig.publish("q7", 7)
    expected = [7 if name == "q7" else 0 for name in names]
    queues = [rig.queue(name) for name in names]
    async with (
        Relay(*rig.place, delay=0.005) as relay,
        scaler_at(rig, Place(relay.host, relay.port), patience=5) as scaler,
    ):
        await settled(scaler, queues, expected)
        before = relay.round_trips
        await settled(scaler, queues, expected)
        assert relay.round_trips - before < rig.many / 4
        assert relay.connections == scaler.connections <= rig.most_connections


async def test_it_reconnects_after_the_broker_was_restarted(
    rig_type: type[Rig], request: pytest.FixtureRequest
) -> None:
    rig = rig_type(request.getfixturevalue(rig_type.private))
    rig.create(["a"])
    rig.publish("a", 2)
    async with scaler_at(rig, patience=5) as scaler:
        await settled(scaler, [rig.queue("a")], [2])
        await asyncio.to_thread(rig.stop)
        await failure(scaler.read([rig.queue("a")]))
        await asyncio.to_thread(rig.start)
        await settled(scaler, [rig.queue("a")], [2])


def test_models_are_values_and_hide_their_secrets(rig: Rig) -> None:
    place = rig.place
    assert rig.connection(place) == rig.connection(place)
    assert hash(rig.connection(place)) == hash(rig.connection(place))
    assert rig.connection(place) != rig.connection(place, password="another")
    assert rig.queue("a") == rig.queue("a") != rig.queue("b")
    assert CANARY not in f"{rig.connection(place)!r} {rig.connection(place)}"
