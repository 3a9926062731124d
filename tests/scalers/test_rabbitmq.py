"""What is RabbitMQ's own, beside the contract: channels, vhosts, and an API that may answer anything."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pika
import pytest
from aiohttp import web
from pika import frame, spec

from scalers import Dial, Reading, ScalerError
from scalers.rabbitmq import Connection, Queue, Scaler
from scalers.rabbitmq.listing import Ask, Listing, Refused
from tests.scalers.rigs.rabbitmq_amqp import RabbitmqAmqp
from tests.scalers.rigs.rabbitmq_http import RabbitmqHttp
from tests.scalers.test_contract import settled
from tests.wait import PATIENCE, until


async def resolve(_host: str, _port: int) -> str:
    return "127.0.0.1"


@contextlib.asynccontextmanager
async def scaler_for(connection: Connection) -> AsyncIterator[Scaler]:
    scaler = Scaler(connection, Dial(10, resolve))
    try:
        yield scaler
    finally:
        await scaler.close()


@pytest.fixture
def amqp(rabbitmq: Any) -> Iterator[RabbitmqAmqp]:
    with contextlib.closing(RabbitmqAmqp(rabbitmq)) as rig:
        yield rig


@pytest.fixture
def http(rabbitmq: Any) -> Iterator[RabbitmqHttp]:
    with contextlib.closing(RabbitmqHttp(rabbitmq)) as rig:
        yield rig


async def test_missing_queues_on_every_channel_cost_no_connection(amqp: RabbitmqAmqp) -> None:
    amqp.create(["there"])
    queues = [amqp.queue(f"missing{number}") for number in range(1200)] + [amqp.queue("there")]
    async with scaler_for(amqp.connection(amqp.place)) as scaler:
        answers = await scaler.read(queues)
        assert all(isinstance(answer, ScalerError) for answer in answers[:-1])
        assert answers[-1] == Reading(0, 0)
        assert scaler.connections == 1


async def test_a_queue_of_another_connection_errs_alone(amqp: RabbitmqAmqp) -> None:
    amqp.create(["a"])
    with pika.BlockingConnection(amqp._parameters()) as connection:
        connection.channel().queue_declare("mine", exclusive=True)
        async with scaler_for(amqp.connection(amqp.place)) as scaler:
            locked, free = await scaler.read([amqp.queue("mine"), amqp.queue("a")])
    assert "AMQP code 405" in str(locked)
    assert free == Reading(0, 0)


async def test_a_missing_vhost_is_named(amqp: RabbitmqAmqp) -> None:
    connection = amqp.connection(amqp.place).model_copy(update={"vhost": "nowhere"})
    async with scaler_for(connection) as scaler:
        with pytest.raises(ScalerError, match="no vhost 'nowhere'"):
            await scaler.read([amqp.queue("a")])


async def test_vhosts_read_together_share_few_connections(http: RabbitmqHttp) -> None:
    http.create(["a"])
    async with scaler_for(http.connection(http.place)) as scaler:
        others = [Queue(name="a", vhost=f"nowhere{number}") for number in range(20)]
        answers = await scaler.read([*others, http.queue("a")])
        assert answers[-1] == Reading(0, 0)
        assert scaler.connections <= 4


async def test_a_refused_vhost_spares_the_others(http: RabbitmqHttp) -> None:
    http.create(["a"])
    async with scaler_for(http.connection(http.place)) as scaler:
        elsewhere = Queue(name="a", vhost="nowhere")
        answers = await scaler.read([elsewhere, http.queue("a"), elsewhere])
        assert [type(answer) for answer in answers] == [Refused, Reading, Refused]
        assert "vhost 'nowhere': not found" in str(answers[0])


async def test_unacknowledged_messages_count_unless_excluded(http: RabbitmqHttp) -> None:
    http.create(["a"])
    http.publish("a", 3)
    every = http.queue("a")
    with pika.BlockingConnection(http._parameters()) as connection:
        channel = connection.channel()
        channel.basic_get("a")
        channel.basic_get("a")
        async with scaler_for(http.connection(http.place)) as scaler:
            await asyncio.sleep(0.5)
            ready = every.model_copy(update={"ready_only": True})
            assert await scaler.read([every, ready]) == [Reading(3, 3), Reading(1, 1)]


async def test_a_new_message_is_seen_at_once_over_http(http: RabbitmqHttp) -> None:
    """Without the flags for fresh counts it takes 2 to 10 s."""
    names = [f"q{number}" for number in range(60)]
    http.create(names)
    async with scaler_for(http.connection(http.place)) as scaler:
        for asked in (names[:1], names):
            http.publish("q0", 1)
            await asyncio.sleep(0.5)
            answers = await scaler.read([http.queue(name) for name in asked])
            assert answers[0] == Reading(len(asked) // 60 + 1, len(asked) // 60 + 1)


# The rest are answers that a real broker gives rarely or never.


@contextlib.asynccontextmanager
async def api(answer: Any) -> AsyncIterator[tuple[Scaler, list[str]]]:
    """A scaler before a management API that always answers so, and the paths it asked for."""
    asked = []

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        asked.append(request.path_qs)
        made: web.StreamResponse = await answer(request)
        return made

    server = web.Server(handle)
    runner = web.ServerRunner(server)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    connection = Connection(protocol="http", scheme="http", host="h", port=port, username="u", password="canary")
    async with scaler_for(connection) as scaler:
        yield scaler, asked
    await runner.cleanup()


A = Queue(name="a", vhost="/")


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (302, "unexpected HTTP status 302"),
        (403, "login refused"),
        (404, "not found"),
        (500, "unexpected HTTP status 500"),
        (204, "unexpected HTTP status 204"),
    ],
)
async def test_any_other_status_is_an_error(status: int, message: str) -> None:
    async def answer(_: web.BaseRequest) -> web.Response:
        return web.Response(status=status, headers={"Location": "/elsewhere"})

    async with api(answer) as (scaler, asked):
        with pytest.raises(ScalerError, match=message):
            await scaler.read([A])
        assert len(asked) == 1


async def test_an_answer_without_end_is_cut_off() -> None:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        with contextlib.suppress(ConnectionError):
            while True:
                await response.write(bytes(2**20))
        return response

    async with api(answer) as (scaler, _):
        with pytest.raises(ScalerError, match="longer than 64 MiB"):
            await scaler.read([A])


async def test_a_frame_without_end_is_cut_off() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\x01\x00\x00\xff\xff\xff\xff" + bytes(2**20))
        await reader.read()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        connection = Connection(protocol="amqp", scheme="amqp", host="h", port=port, vhost="/")
        async with scaler_for(connection) as scaler:
            with pytest.raises(ScalerError, match="does not speak AMQP"):
                await scaler.read([A])


async def test_content_that_nobody_asked_for_is_cut_off() -> None:
    """A consumer's message without end, on a channel that was opened to declare a queue."""
    sent = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        said = [
            (0, spec.Connection.Start(server_properties={}, mechanisms="PLAIN"), 1),
            (0, spec.Connection.Tune(10, 131072, 0), 2),
            (0, spec.Connection.OpenOk(), 1),
            (1, spec.Channel.OpenOk(), 1),
            (1, spec.Queue.DeclareOk(queue="a", message_count=5, consumer_count=0), 0),
            (1, spec.Basic.Deliver("c", 1, False, "", "a"), 0),
        ]
        await reader.readexactly(8)
        for channel, method, answers in said:
            writer.write(frame.Method(channel, method).marshal())
            for _ in range(answers):
                size = int.from_bytes((await reader.readexactly(7))[3:])
                await reader.readexactly(size + 1)
        writer.write(frame.Header(1, 2**62, spec.BasicProperties()).marshal())
        with contextlib.suppress(ConnectionError):
            while True:
                writer.write(frame.Body(1, bytes(2**16)).marshal())
                await writer.drain()
                sent += 2**16
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        connection = Connection(protocol="amqp", scheme="amqp", host="h", port=port, vhost="/")
        async with scaler_for(connection) as scaler:
            assert await scaler.read([A]) == [Reading(5, 5)]
            await until(lambda: scaler.connections == 0)
    # What the system's own buffers hold included.
    assert sent < 2**24


async def test_a_broker_that_gives_no_counts_is_asked_without_flags() -> None:
    async def answer(request: web.BaseRequest) -> web.Response:
        row = {"name": "a"} if "enable_queue_totals" in request.query else {"name": "a", "messages": 5}
        return web.json_response([row])

    async with api(answer) as (scaler, asked):
        assert await scaler.read([A]) == [Reading(5, 5)]
        assert len(asked) == 2


@pytest.mark.parametrize(
    "row",
    [{}, {"messages": -1}, {"messages": None}, {"messages": "5"}, {"messages": True}, {"messages": 1.5}],
    ids=json.dumps,
)
def test_what_is_no_count_is_no_reading(row: dict[str, Any]) -> None:
    answer = Listing(json.dumps([{"name": "a"} | row]).encode()).reading(A)
    assert isinstance(answer, ScalerError)
    assert "no count" in str(answer)


def test_not_a_number_is_no_reading() -> None:
    assert isinstance(Listing(b'[{"name": "a", "messages": NaN}]').reading(A), ScalerError)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"secret",
        b"null",
        b"5",
        b'{"error":"secret"}',
        b"[1]",
        b'[{"x":1}]',
        b'[{"name":[]}]',
        b"\xff",
        b"[" * 10**6,
    ],
    ids=lambda body: repr(body[:20]),
)
def test_what_is_no_listing_is_refused_and_not_repeated(body: bytes) -> None:
    with pytest.raises(Refused, match="not a list of queues") as caught:
        Listing(body)
    assert "secret" not in str(caught.value)


def test_few_queues_are_asked_for_by_name_and_many_by_the_listing() -> None:
    few = Ask("a/b", rates=False).path("/sub", ["x.y"], fresh=True)
    assert few.startswith("/sub/api/queues/a%2Fb?disable_stats=true&enable_queue_totals=true&columns=")
    assert few.endswith("&use_regex=true&name=%5E%28%3F%3Ax%5C.y%29%24")
    every = Ask("/", rates=False)
    assert "name=" not in every.path("", [str(number) for number in range(50)], fresh=True)
    assert len(every.path("", ["ä" * 127] * 49, fresh=True)) < 7000


async def test_every_page_of_a_pattern_is_read(http: RabbitmqHttp) -> None:
    names = [f"work.{number}" for number in range(7)]
    http.create([*names, "other"])
    for name in names:
        http.publish(name, 3)
    http.publish("other", 9)
    every = Queue(name=r"^work\.", vhost=http.vhost, pattern=True, page_size=2)
    asked = [every.model_copy(update={"operation": operation}) for operation in ("sum", "avg", "max")]
    async with scaler_for(http.connection(http.place)) as scaler:
        none, *several = await scaler.read([Queue(name="nothing", vhost=http.vhost, pattern=True), *asked])
        assert none == Reading(0, 0)
        assert several == [Reading(21, 21), Reading(3, 3), Reading(3, 3)]


async def test_a_pattern_that_the_broker_does_not_know_errs_alone(http: RabbitmqHttp) -> None:
    http.create(["a"])
    async with scaler_for(http.connection(http.place)) as scaler:
        wrong, right = await scaler.read([Queue(name="(", vhost=http.vhost, pattern=True), http.queue("a")])
        assert "regular expression" in str(wrong)
        assert right == Reading(0, 0)


async def test_rates_of_a_busy_queue(http: RabbitmqHttp) -> None:
    """The broker samples them every 5 s."""
    http.create(["busy"])
    modes = ("MessageRate", "DeliverGetRate", "PublishedToDeliveredRatio", "ExpectedQueueConsumptionTime")
    queues = [http.queue("busy").model_copy(update={"mode": mode}) for mode in modes]
    async with scaler_for(http.connection(http.place)) as scaler:

        async def rates() -> list[float]:
            await asyncio.to_thread(http.publish, "busy", 200)
            await asyncio.to_thread(http.consume, "busy", 50)
            answers = await scaler.read(queues)
            # Before the first sample a queue has no count at all.
            return [answer.value if isinstance(answer, Reading) else 0 for answer in answers]

        end = time.monotonic() + PATIENCE * 30
        while not all(found := await rates()):
            assert time.monotonic() < end, found
            await asyncio.sleep(0.2)
        published, delivered, ratio, seconds = found
        assert published > delivered > 0
        assert ratio > 1
        assert seconds > 0


@pytest.mark.parametrize("kind", ["classic", "quorum", "stream"])
@pytest.mark.parametrize("protocol", ["amqp", "http"])
async def test_every_kind_of_queue_is_counted(rabbitmq: Any, kind: str, protocol: str) -> None:
    with contextlib.closing((RabbitmqAmqp if protocol == "amqp" else RabbitmqHttp)(rabbitmq)) as rig:
        with pika.BlockingConnection(rig._parameters()) as connection:
            connection.channel().queue_declare("a", durable=True, arguments={"x-queue-type": kind})
        rig.publish("a", 3)
        async with scaler_for(rig.connection(rig.place)) as scaler:
            await settled(scaler, [rig.queue("a")], [3])
