"""What KubeMQ has of its own: two ways to ask, counts that need a bound, names that are cut.

KubeMQ's side is tests/kubemq.py, a stand-in: the real server cannot be had here.
"""

import asyncio
import contextlib
import gzip
import json
import logging
import subprocess
import sys
import traceback
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc import StatusCode, aio
from grpc_tools import protoc
from pydantic import SecretStr

from scalers import Dial, LoginRefused, Reading, ScalerError
from scalers.kubemq import Connection, Queue, Scaler, wire_pb2
from tests.kubemq import Kubemq
from tests.kubemq import Queue as Channel
from tests.ports import free_ports
from tests.scalers.rigs import CANARY
from tests.scalers.test_contract import settled
from tests.tls import SESSION, Authority
from tests.wait import until

ROOT = Path(__file__).parents[2]
TIMEOUT = 5.0


@pytest.fixture(autouse=True)
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system trusts the stand-in's authority, and no other."""
    file = tmp_path / "authorities.pem"
    file.write_text(SESSION.pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))


async def resolve(host: str, _: int) -> str:
    return "127.0.0.1"


@contextlib.asynccontextmanager
async def scaler_at(broker: Kubemq, patience: float = TIMEOUT, **login: Any) -> AsyncIterator[Scaler]:
    place = {"host": "localhost", "port": broker.secure_port if login.get("secure") else broker.port}
    made = Scaler(Connection(**place | login), Dial(patience, resolve))
    try:
        yield made
    finally:
        await made.close()
        assert made.connections == 0


def queues(*names: str, **more: Any) -> list[Queue]:
    return [Queue(name=name, **more) for name in names]


def readings(*values: float) -> list[Reading]:
    return [Reading(value, value) for value in values]


async def failure(scaler: Scaler, *names: str) -> ScalerError:
    """The error that a reading raises; it holds nothing that the server said."""
    with pytest.raises(ScalerError) as caught:
        await scaler.read(queues(*(names or ("orders",))))
    assert "secret" not in "".join(traceback.format_exception(caught.value))
    return caught.value


def ten(then: Callable[[Channel], None] = lambda _: None) -> Channel:
    """A queue to which ten messages were sent, and what happened then."""
    made = Channel()
    made.send(10)
    then(made)
    return made


@pytest.mark.parametrize(
    ("channel", "depth"),
    [
        (ten(), 10),
        (ten(lambda it: it.hold(4)), 10),
        (ten(lambda it: (it.hold(10), it.consume(2))), 8),
        (ten(lambda it: it.consume(10)), 0),
        (ten(lambda it: (it.consume(10), it.send(3))), 3),
        (ten(lambda it: (it.consume(10), it.send(3), it.hold(2))), 3),
        (Channel(messages=970027, delivered=2908492, subscribers=3), 0),
        (Channel(messages=0, waiting=1), 0),
        (Channel(messages=0, delivered=1, subscribers=1), 0),
        (ten(lambda it: (it.hold(0), it.expire(5))), 5),
        (Channel(messages=10, waiting=-3), 0),
        (ten(lambda it: it.send(5, delay=1e6)), 10),
    ],
    ids=[
        "no consumer ever",
        "in flight",
        "some acknowledged, the others in hand",
        "all acknowledged",
        "more sent",
        "in hand when the consumer left",
        "much traffic",
        "made by looking at it: a phantom",
        "made by an empty receive",
        "some removed by retention",
        "negative for a moment",
        "some delayed",
    ],
)
async def test_depths(kubemq: Kubemq, channel: Channel, depth: int) -> None:
    kubemq.queues = {"orders": channel, "others": ten()}
    async with scaler_at(kubemq) as scaler:
        assert await scaler.read(queues("orders")) == readings(depth)


async def test_delayed_messages_count_once_they_are_due(kubemq: Kubemq) -> None:
    kubemq.queue("orders").send(1, delay=2)
    async with scaler_at(kubemq) as scaler:
        assert await scaler.read(queues("orders")) == readings(0)
        await settled(scaler, queues("orders"), [1])


async def test_all_queues_are_read_by_one_call(kubemq: Kubemq) -> None:
    names = [f"q{number}" for number in range(1000)]
    for number, name in enumerate(names):
        kubemq.queue(name).send(number)
    async with scaler_at(kubemq) as scaler:
        assert await scaler.read(queues(*names)) == readings(*range(1000))
        assert await scaler.read(queues("q7", "q5", "q7")) == readings(7, 5, 7)
        assert await scaler.read([]) == []
        assert scaler.connections == 1
    assert kubemq.calls == {"QueuesInfo": 2}
    assert len(kubemq.clients) == 1


async def test_readings_at_once_share_a_connection(kubemq: Kubemq) -> None:
    kubemq.queue("orders").send(3)
    async with scaler_at(kubemq) as scaler:
        answers = await asyncio.gather(*(scaler.read(queues("orders")) for _ in range(20)))
        assert answers == [readings(3)] * 20
    assert len(kubemq.clients) == 1


@pytest.mark.parametrize("commercial", [False, True])
async def test_a_missing_queue_is_empty_or_an_error_as_the_rule_says(kubemq: Kubemq, commercial: bool) -> None:
    kubemq.commercial = commercial
    async with scaler_at(kubemq) as scaler:
        for _ in range(2):
            zero, error = await scaler.read([*queues("gone"), *queues("gone", required=True)])
            assert zero == Reading(0, 0)
            assert isinstance(error, ScalerError)
            assert str(error).startswith(f"KubeMQ at localhost:{kubemq.port}: queue 'gone': not found; check queueName")
            kubemq.queue("there")


@pytest.mark.parametrize(
    ("there", "asked", "expected"),
    [
        (["ORDERS"], ["ORDERS"], [0]),
        (["Queue1"], ["Queue1"], [0]),
        (["my_queue_"], ["my_queue_"], [0]),
        (["Events"], ["Events"], [0]),
        (["QUEUE"], ["QUEUE"], [0]),
        (["a_b.c"], ["a_b.c"], [0]),
        (["ORDERS", "ORDER"], ["ORDERS", "ORDER"], ["'ORDER' too", "'ORDER' too"]),
        (["ORDERS", "ORDER", "x"], ["x", "ORDERS"], [2, "'ORDER' too"]),
        (["ORDER"], ["ORDERS", "ORDER"], ["'ORDER' too", "'ORDER' too"]),
        ([], ["ORDERS", "ORDER"], [None, None]),
        (["QUEUE", "SEQUEUES"], ["QUEUE"], ["'' too"]),
        (["ORDER"], ["order"], [None]),
    ],
)
async def test_names_are_cut(kubemq: Kubemq, there: list[str], asked: list[str], expected: list[Any]) -> None:
    """A number is the place in `there` of the queue that is read; None is a missing queue."""
    for number, name in enumerate(there):
        kubemq.queue(name).send(10 + number)
    async with scaler_at(kubemq) as scaler:
        answers = await scaler.read(queues(*asked))
    for answer, wanted in zip(answers, expected, strict=True):
        if isinstance(wanted, str):
            assert isinstance(answer, ScalerError)
            assert f"another queue is listed as {wanted}, they cannot be told apart; rename one" in str(answer)
        else:
            assert answer == Reading(*[0 if wanted is None else 10 + wanted] * 2)


async def test_a_server_that_cuts_no_names_is_believed(kubemq: Kubemq) -> None:
    """One name that would have been cut shows it."""
    kubemq.cuts_names = False
    kubemq.queue("ORDER").send(1)
    kubemq.queue("SMS").send(2)
    async with scaler_at(kubemq) as scaler:
        assert await scaler.read(queues("ORDERS", "ORDER", "SMS")) == readings(0, 1, 2)


async def test_without_queues_info_channels_are_listed(kubemq: Kubemq) -> None:
    kubemq.commercial = True
    async with scaler_at(kubemq) as scaler:
        assert await scaler.read(queues("ORDERS")) == readings(0)
        kubemq.queue("ORDERS").send(7)
        kubemq.queue("ORDER").send(8)
        # `messages` is traffic in this list, and no bound.
        assert await scaler.read(queues("ORDERS", "ORDER", "RDER")) == readings(7, 8, 0)
        assert await scaler.read(queues("ORDERS")) == readings(7)
        assert kubemq.calls == {"QueuesInfo": 1, "SendRequest": 3}


@pytest.mark.parametrize("noticed", [True, False])
@pytest.mark.parametrize("first", [True, False], ids=["opened", "closed"])
async def test_who_answers_is_found_out_anew_after_a_restart(kubemq: Kubemq, first: bool, noticed: bool) -> None:
    """Noticed by a reading that fails, or not."""
    kubemq.queue("orders").send(7)
    kubemq.commercial = first
    async with scaler_at(kubemq) as scaler:
        assert await scaler.read(queues("orders")) == readings(7)
        await asyncio.to_thread(kubemq.stop)
        kubemq.commercial = not first
        if noticed:
            await failure(scaler)
        await until(lambda: scaler.connections == 0)
        await asyncio.to_thread(kubemq.start)
        kubemq.calls.clear()
        for _ in range(2):
            assert await scaler.read(queues("orders")) == readings(7)
        assert kubemq.calls["SendRequest"] == (0 if first else 2)


CHANNEL = {"name": "orders", "type": "queues", "lastActivity": 1, "isActive": True, "incoming": {"waiting": 99}}


@pytest.mark.parametrize(
    ("body", "depth"),
    [
        (b"", 0),
        (b"null", 0),
        (b"[]", 0),
        (json.dumps([CHANNEL | {"outgoing": {"waiting": 5, "messages": 1}}]), 5),
        (json.dumps([CHANNEL | {"outgoing": {"waiting": 5}, "more": [{}]}]), 5),
        (json.dumps([CHANNEL | {"outgoing": {}}]), 0),
        (json.dumps([CHANNEL | {"outgoing": {"waiting": None}}]), 0),
        (json.dumps([CHANNEL | {"outgoing": None}]), 0),
        (json.dumps([CHANNEL]), 0),
        (json.dumps([{"name": "orders", "outgoing": {"waiting": 2**40}}]), 2**40),
        (json.dumps([{"name": "xorders"}, {"name": "orders.x", "outgoing": {"waiting": 9}}]), 0),
        (json.dumps([CHANNEL | {"outgoing": {"waiting": -1}}]), None),
        (json.dumps([CHANNEL | {"outgoing": {"waiting": "5"}}]), None),
        (json.dumps([CHANNEL | {"outgoing": {"waiting": True}}]), None),
        (json.dumps([CHANNEL | {"outgoing": {"waiting": 1.5}}]), None),
        (json.dumps([CHANNEL | {"outgoing": {"waiting": float("nan")}}]), None),
        (json.dumps([CHANNEL | {"outgoing": [5]}]), None),
        (json.dumps([CHANNEL, CHANNEL]), None),
    ],
)
async def test_lists_of_channels(kubemq: Kubemq, body: bytes | str, depth: int | None) -> None:
    """None: an error of that queue alone."""
    kubemq.refusals = [(StatusCode.UNIMPLEMENTED, "unknown method")]
    kubemq.raw = wire_pb2.Response(Executed=True, Body=body if isinstance(body, bytes) else body.encode())
    async with scaler_at(kubemq) as scaler:
        answer, other = await scaler.read(queues("orders", "other"))
    assert other == Reading(0, 0)
    if depth is None:
        assert isinstance(answer, ScalerError)
        assert "queue 'orders': " in str(answer)
    else:
        assert answer == Reading(depth, depth)


@pytest.mark.parametrize(
    "body",
    [b"secret", b"{}", b'"secret"', b"0", b"[1]", b"[null]", b'[{"name": 5}]', b"[{}]", b"\xff", b"[" * 10**5],
    ids=["words", "object", "text", "zero", "number", "null", "name", "no name", "no text", "deep"],
)
async def test_what_is_no_list_of_channels_is_an_error(kubemq: Kubemq, body: bytes) -> None:
    """Were it taken for an empty list, all workers would go."""
    kubemq.refusals = [(StatusCode.UNIMPLEMENTED, "unknown method")]
    kubemq.raw = wire_pb2.Response(Executed=True, Body=body)
    async with scaler_at(kubemq) as scaler:
        assert "the list of channels" in str(await failure(scaler))


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"Error": "secret: cluster snapshot not ready yet"}, "the cluster has no snapshot of its queues yet"),
        ({"Error": "secret"}, "list-channels fails"),
        ({"Error": "secret", "Executed": True, "Body": b"[]"}, "list-channels fails"),
        ({"Body": b"[]"}, "list-channels fails"),
        ({}, "list-channels fails"),
    ],
)
async def test_a_refused_list_is_an_error(kubemq: Kubemq, answer: dict[str, Any], said: str) -> None:
    kubemq.refusals = [(StatusCode.UNIMPLEMENTED, "unknown method")]
    kubemq.raw = wire_pb2.Response(**answer)
    async with scaler_at(kubemq) as scaler:
        assert said in str(await failure(scaler))
        kubemq.raw = None
        assert await scaler.read(queues("orders")) == readings(0)


async def test_an_open_server_lets_a_list_time_out(kubemq: Kubemq) -> None:
    """One that stopped to answer QueuesInfo, say: list-channels is a query to it that nobody takes."""
    kubemq.refusals = [(StatusCode.UNIMPLEMENTED, "unknown method")]
    async with scaler_at(kubemq, patience=0.3) as scaler:
        error = str(await failure(scaler))
        assert "within 0.3 s" in error or "gRPC status INTERNAL" in error
        assert await scaler.read(queues("orders")) == readings(0)


@pytest.mark.parametrize(
    ("code", "details", "said"),
    [
        (StatusCode.UNKNOWN, "secret", "unexpected gRPC status UNKNOWN"),
        (StatusCode.INTERNAL, "secret", "unexpected gRPC status INTERNAL"),
        (StatusCode.UNAVAILABLE, "secret", "the connection is lost"),
        (
            StatusCode.UNAVAILABLE,
            "secret: grpc server is not ready to accept requests",
            "cannot reach KubeMQ at localhost:{}: it is not ready yet",
        ),
        (StatusCode.DEADLINE_EXCEEDED, "secret", "no answer from KubeMQ at localhost:{} within 5 s"),
        (StatusCode.RESOURCE_EXHAUSTED, "secret", "unexpected gRPC status RESOURCE_EXHAUSTED"),
        (StatusCode.UNAUTHENTICATED, "secret", "login refused with gRPC status UNAUTHENTICATED; check authToken"),
        (StatusCode.PERMISSION_DENIED, "secret", "login refused with gRPC status PERMISSION_DENIED; check authToken"),
    ],
)
async def test_refusals(kubemq: Kubemq, code: StatusCode, details: str, said: str) -> None:
    kubemq.refusals = [(code, details)]
    async with scaler_at(kubemq) as scaler:
        error = await failure(scaler)
        assert said.format(kubemq.port) in str(error)
        assert f"KubeMQ at localhost:{kubemq.port}" in str(error)
        assert isinstance(error, LoginRefused) == ("login" in said)
        assert await scaler.read(queues("orders")) == readings(0)


async def test_who_knows_neither_way_is_no_kubemq(kubemq: Kubemq) -> None:
    kubemq.refusals = [(StatusCode.UNIMPLEMENTED, "secret")] * 2
    async with scaler_at(kubemq) as scaler:
        assert "knows neither QueuesInfo nor list-channels; is it a KubeMQ?" in str(await failure(scaler))
        # Not remembered: something that stood before the server may have said it.
        assert await scaler.read(queues("orders")) == readings(0)
    assert kubemq.calls == {"QueuesInfo": 2, "SendRequest": 1}


@pytest.mark.parametrize(
    ("junk", "said"),
    [(b"secret", "no message of KubeMQ's"), (b"\xff" * 9, "no message of KubeMQ's"), (b"", "has no Info")],
)
async def test_junk_is_no_number_and_is_not_repeated(
    kubemq: Kubemq, junk: bytes, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    kubemq.raw = junk
    async with scaler_at(kubemq) as scaler:
        assert said in str(await failure(scaler))
    assert not [record for record in caplog.records if record.name.startswith("grpc")]


@pytest.mark.parametrize("compression", [None, grpc.Compression.Gzip])
async def test_an_answer_ends(
    kubemq: Kubemq, monkeypatch: pytest.MonkeyPatch, compression: grpc.Compression | None
) -> None:
    """Also one that is short until it is unpacked."""
    options = (("grpc.max_receive_message_length", 2**20),)
    monkeypatch.setattr("scalers.kubemq.link._OPTIONS", options)
    junk = b"\0" * (2**20 + 1)
    assert len(gzip.compress(junk)) < 2**20
    make = grpc.server
    monkeypatch.setattr(grpc, "server", lambda *given, **more: make(*given, **more, compression=compression))
    kubemq.stop()
    kubemq.start()
    kubemq.raw = junk
    async with scaler_at(kubemq) as scaler:
        assert "the answer is longer than" in str(await failure(scaler))


async def test_a_token_is_shown_as_it_is(kubemq: Kubemq) -> None:
    kubemq.token = CANARY
    async with scaler_at(kubemq, token=SecretStr(CANARY)) as scaler:
        assert await scaler.read(queues("orders")) == readings(0)
    assert kubemq.tokens == {CANARY}


@pytest.mark.parametrize("token", ["", f"Bearer {CANARY}", "secret"])
async def test_another_token_is_refused(kubemq: Kubemq, token: str) -> None:
    kubemq.token = CANARY
    async with scaler_at(kubemq, token=SecretStr(token)) as scaler:
        error = await failure(scaler)
        assert isinstance(error, LoginRefused)
        assert CANARY not in str(error)


async def test_an_open_server_takes_any_token(kubemq: Kubemq) -> None:
    async with scaler_at(kubemq, token=SecretStr("any")) as scaler:
        assert await scaler.read(queues("orders")) == readings(0)


async def test_each_login_has_a_connection_of_its_own(kubemq: Kubemq) -> None:
    """gRPC would have channels to one place share one."""
    async with scaler_at(kubemq, token=SecretStr("a")) as one, scaler_at(kubemq, token=SecretStr("b")) as other:
        for scaler in (one, other):
            assert await scaler.read(queues("orders")) == readings(0)
            assert scaler.connections == 1
    assert len(kubemq.clients) == 2


@pytest.mark.parametrize("failures", [0, 3])
async def test_a_restart_costs_no_reading(kubemq: Kubemq, failures: int) -> None:
    """However often it failed meanwhile: gRPC's own channel would wait longer each time."""
    kubemq.queue("orders").send(7)
    async with scaler_at(kubemq) as scaler:
        assert await scaler.read(queues("orders")) == readings(7)
        await asyncio.to_thread(kubemq.stop)
        for _ in range(failures):
            error = await failure(scaler)
            assert str(error) == f"cannot reach KubeMQ at localhost:{kubemq.port}: Connection refused"
        await until(lambda: scaler.connections == 0)
        await asyncio.to_thread(kubemq.start)
        assert await scaler.read(queues("orders")) == readings(7)
        assert scaler.connections == 1


async def test_a_server_that_has_moved_is_found(kubemq: Kubemq) -> None:
    """Its name is resolved again when the connection is gone."""
    hosts = ["127.0.0.1", "127.0.0.1", "127.0.0.2"]
    other = Kubemq(SESSION, host="127.0.0.2")
    other.port, other.secure_port = kubemq.port, kubemq.secure_port
    other.queue("orders").send(2)

    async def moving(_host: str, _port: int) -> str:
        return hosts.pop(0)

    scaler = Scaler(Connection(host="kubemq.invalid", port=kubemq.port), Dial(TIMEOUT, moving))
    assert await scaler.read(queues("orders")) == readings(0)
    assert await scaler.read(queues("orders")) == readings(0)
    await asyncio.to_thread(kubemq.stop)
    other.start()
    await failure(scaler)
    assert await scaler.read(queues("orders")) == readings(2)
    await scaler.close()
    other.stop()
    assert hosts == []


async def test_a_name_that_is_not_resolved_times_out(kubemq: Kubemq) -> None:
    async def never(_host: str, _port: int) -> str:
        await asyncio.Event().wait()
        raise AssertionError

    scaler = Scaler(Connection(host="localhost", port=kubemq.port), Dial(0.1, never))
    assert "within 0.1 s" in str(await failure(scaler))
    await scaler.close()


async def test_no_proxy_of_the_environment_is_used(kubemq: Kubemq, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("grpc_proxy", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_ports(1)[0]}")
    for secure in (False, True):
        async with scaler_at(kubemq, secure=secure) as scaler:
            assert await scaler.read(queues("orders")) == readings(0)


async def test_who_pings_is_cut_off_and_so_we_do_not(kubemq: Kubemq) -> None:
    eager = [
        ("grpc.keepalive_time_ms", 10),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.max_pings_without_data", 0),
        ("grpc.use_local_subchannel_pool", 1),
    ]
    kubemq.queue("orders").send(1)
    async with scaler_at(kubemq) as scaler, aio.insecure_channel(f"ipv4:127.0.0.1:{kubemq.port}", eager) as channel:
        assert await scaler.read(queues("orders")) == readings(1)
        hangs = channel.unary_unary("/kubemq.kubemq/SendRequest", wire_pb2.Request.SerializeToString)
        with pytest.raises(aio.AioRpcError) as caught:
            await hangs(wire_pb2.Request(Timeout=20000), timeout=20)
        assert caught.value.code() is StatusCode.UNAVAILABLE
        assert caught.value.details() == "Too many pings"
        kubemq.clients.clear()
        assert scaler.connections == 1
        assert await scaler.read(queues("orders")) == readings(1)


def client(authority: Authority = SESSION) -> dict[str, Any]:
    certificate, key = authority.client()
    return {"certificate": certificate, "key": SecretStr(key)}


OTHER = Authority()


@pytest.mark.parametrize(
    ("login", "said"),
    [
        ({}, None),
        ({"host": "127.0.0.1"}, None),
        ({"authority": OTHER.pem}, None),
        ({"host": "kubemq.invalid", "server_name": "localhost"}, None),
        (client(), None),
        (client(OTHER), None),
        ({"host": "kubemq.invalid"}, "its certificate is refused: it is another host's; tlsServerName can name it"),
        ({"server_name": "other.invalid"}, "its certificate is refused: it is another host's"),
        ({"authority": "no PEM"}, None),
        ({"certificate": "no PEM", "key": SecretStr("secret")}, "ca, cert or key do not load"),
        # What gRPC ends the process for.
        ({"certificate": client()["certificate"]}, None),
        (client() | {"key": SecretStr(OTHER.client()[1])}, "ca, cert or key do not load"),
    ],
)
async def test_tls(kubemq: Kubemq, login: dict[str, Any], said: str | None) -> None:
    """The open server wants no certificate, whatever is shown."""
    kubemq.queue("orders").send(3)
    async with scaler_at(kubemq, secure=True, **login) as scaler:
        if said is None:
            assert await scaler.read(queues("orders")) == readings(3)
        else:
            assert said in str(await failure(scaler))


@pytest.mark.parametrize(("authority", "trusted"), [(SESSION.pem, True), (OTHER.pem, False), ("", False)])
@pytest.mark.parametrize("folder", [True, False], ids=["folder", "file"])
async def test_whom_to_trust(
    kubemq: Kubemq, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, authority: str, trusted: bool, folder: bool
) -> None:
    """Where the system trusts another authority."""
    (tmp_path / "0123abcd.0").write_text(OTHER.pem)
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / ("gone.pem" if folder else "0123abcd.0")))
    async with scaler_at(kubemq, secure=True, authority=authority) as scaler:
        if trusted:
            assert await scaler.read(queues("orders")) == readings(0)
        else:
            assert "its certificate is refused: no authority" in str(await failure(scaler))


async def test_authorities_in_a_folder_are_trusted(
    kubemq: Kubemq, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "0123abcd.0").write_text(SESSION.pem)
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "gone.pem"))
    async with scaler_at(kubemq, secure=True) as scaler:
        assert await scaler.read(queues("orders")) == readings(0)


@pytest.fixture
def strict() -> Iterator[Kubemq]:
    """A server that lets in who shows a certificate."""
    server = Kubemq(SESSION, clients_certificate=True)
    server.start()
    yield server
    server.stop()


@pytest.mark.parametrize(("login", "taken"), [(client(), True), (client(OTHER), False), ({}, False)])
async def test_a_certificate_of_ours(strict: Kubemq, login: dict[str, Any], taken: bool) -> None:
    async with scaler_at(strict, secure=True, **login) as scaler:
        if taken:
            assert await scaler.read(queues("orders")) == readings(0)
        else:
            assert "does it want TLS, or another client certificate?" in str(await failure(scaler))


async def test_tls_on_one_side_only(kubemq: Kubemq) -> None:
    async with scaler_at(kubemq, port=kubemq.secure_port) as scaler:
        assert "it hangs up; does it want TLS" in str(await failure(scaler))
    async with scaler_at(kubemq, secure=True, port=kubemq.port) as scaler:
        assert "TLS failed: it does not answer with TLS" in str(await failure(scaler))


async def test_ipv6() -> None:
    server = Kubemq(SESSION, host="[::1]")
    try:
        server.start()
    except RuntimeError:
        pytest.skip("no IPv6 on loopback here")
    server.queue("orders").send(4)

    async def literal(host: str, _port: int) -> str:
        return "::1" if host == "localhost" else host

    for host in ("::1", "localhost"):
        scaler = Scaler(Connection(host=host, port=server.port), Dial(TIMEOUT, literal))
        assert await scaler.read(queues("orders")) == readings(4)
        await scaler.close()
    server.stop()


async def test_filters_and_totals_are_as_measured(kubemq: Kubemq) -> None:
    """Of the stand-in: we never filter, because that saves the server no work."""
    for name in ("ORDERS", "ORDER", "Queue1", "my_queue_"):
        kubemq.queue(name).send(1)

    async def names(wanted: str) -> list[str]:
        async with aio.insecure_channel(f"ipv4:127.0.0.1:{kubemq.port}") as channel:
            ask: Any = channel.unary_unary(
                "/kubemq.kubemq/QueuesInfo",
                wire_pb2.QueuesInfoRequest.SerializeToString,
                wire_pb2.QueuesInfoResponse.FromString,
            )
            info = (await ask(wire_pb2.QueuesInfoRequest(QueueName=wanted))).Info
        assert info.TotalQueue == len(info.Queues)
        return [row.Name for row in info.Queues]

    assert sorted(await names("")) == ["ORDER", "ORDER", "my_queue", "ueue1"]
    assert await names("ORDERS") == []
    assert await names("ORDER") == ["ORDER", "ORDER"]
    assert await names("ueue1;nope") == ["ueue1"]


def test_the_generated_messages_are_those_of_the_definition(tmp_path: Path) -> None:
    """Renewed by `python -m grpc_tools.protoc -I. --python_out=. --pyi_out=. scalers/kubemq/wire.proto`."""
    arguments = ["", f"-I{ROOT}", f"--python_out={tmp_path}", f"--pyi_out={tmp_path}", "scalers/kubemq/wire.proto"]
    assert protoc.main(arguments) == 0
    for name in ("wire_pb2.py", "wire_pb2.pyi"):
        path = Path("scalers") / "kubemq" / name
        assert (tmp_path / path).read_text() == (ROOT / path).read_text()


def test_grpc_is_not_imported_before_something_is_read() -> None:
    code = "import sys, scalers; scalers.load('kubemq'); print(sorted({'grpc', 'google.protobuf'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout == "[]\n"


def test_grpc_writes_nothing_of_its_own() -> None:
    """Not even where it fails in its own way."""
    code = (
        "import asyncio, scalers; from scalers.kubemq import *\n"
        "async def anywhere(host, port): return '127.0.0.1'\n"
        f"connection = Connection(host='a', port={free_ports(1)[0]}, secure=True, certificate='x', key='y')\n"
        "async def main():\n"
        "    try: await Scaler(connection, scalers.Dial(2, anywhere)).read([Queue(name='q')])\n"
        "    except scalers.ScalerError as error: print(error)\n"
        "asyncio.run(main())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert "cannot reach KubeMQ at a:" in done.stdout
    assert done.stderr == ""
