"""What Service Bus has of its own: listings that rules share, throttling, signatures, tokens.

Azure's side is tests/servicebus.py, a stand-in: no real or official Service Bus can be had here.
"""

import asyncio
import contextlib
import logging
import os
import time
import traceback
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.servicebus.aio.management import ServiceBusAdministrationClient
from pydantic import SecretStr

from scalers import Dial, Identity, LoginRefused, Reading, ScalerError
from scalers.azure_servicebus import Connection, Queue, Scaler
from tests.scalers.rigs import CANARY
from tests.servicebus import Failure, ServiceBus, sign
from tests.tls import SESSION

POLICY = "RootManageSharedAccessKey"
TIMEOUT = 5.0


@pytest.fixture(autouse=True)
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system trusts the stand-in's authority, and no other."""
    file = tmp_path / "authorities.pem"
    file.write_text(SESSION.pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))


@pytest.fixture(autouse=True)
def policy(servicebus: ServiceBus) -> None:
    servicebus.namespace.keys[POLICY] = (CANARY, "/")


async def resolve(host: str, _: int) -> str:
    assert host == "localhost"
    return "127.0.0.1"


@contextlib.asynccontextmanager
async def scaler_at(bus: ServiceBus, patience: float = TIMEOUT, **login: Any) -> AsyncIterator[Scaler]:
    given = login or {"key_name": POLICY, "key": SecretStr(CANARY)}
    made = Scaler(Connection(host="localhost", port=bus.port, **given), Dial(patience, resolve))
    try:
        yield made
    finally:
        await made.close()
        assert made.connections == 0


def queues(*names: str, **more: Any) -> list[Queue]:
    return [Queue(name=name, **more) for name in names]


def readings(*values: float) -> list[Reading]:
    return [Reading(value, value) for value in values]


def asked(bus: ServiceBus) -> int:
    """How many requests there were since this was last asked."""
    count = len(bus.namespace.requests)
    bus.namespace.requests.clear()
    return count


async def test_only_active_messages_count(servicebus: ServiceBus) -> None:
    """The stand-in's queues hold thousands that are scheduled or dead letters."""
    servicebus.namespace.add("orders", 3)
    async with scaler_at(servicebus) as scaler:
        assert await scaler.read(queues("orders")) == readings(3)


async def test_names_know_no_case(servicebus: ServiceBus) -> None:
    servicebus.namespace.add("Orders", 3)
    servicebus.namespace.add("Bills", 4)
    async with scaler_at(servicebus) as scaler:
        assert await scaler.read(queues("ORDERS")) == readings(3)
        assert await scaler.read(queues("ORDERS", "bills", "orders")) == readings(3, 4, 3)
        assert asked(servicebus) == 2


async def test_patterns_read_every_page_once_and_answer_everybody(servicebus: ServiceBus) -> None:
    for number in range(250):
        servicebus.namespace.add(f"q{number}", number)
    wanted = [
        Queue(name="q.*", pattern=True),
        Queue(name="q2[0-4][0-9]", pattern=True, operation="max"),
        Queue(name="q[12]", pattern=True, operation="avg"),
        Queue(name="Q1", pattern=True),
        Queue(name="nobody.*", pattern=True, operation="avg"),
        Queue(name="nobody.*", pattern=True, operation="max"),
        *queues("q7", "Q249"),
    ]
    async with scaler_at(servicebus) as scaler:
        assert await scaler.read(wanted) == readings(sum(range(250)), 249, 1, 0, 0, 0, 7, 249)
        assert asked(servicebus) == 3


async def test_a_pattern_matches_whole_names(servicebus: ServiceBus) -> None:
    for active, name in enumerate(("a", "ab", "abc"), 1):
        servicebus.namespace.add(name, active)
    async with scaler_at(servicebus) as scaler:
        assert await scaler.read(queues("a|ab", "b", "ab?", pattern=True)) == readings(3, 0, 3)


async def test_a_few_of_many_are_not_worth_a_listing(servicebus: ServiceBus) -> None:
    for number in range(250):
        servicebus.namespace.add(f"q{number}", number)
    async with scaler_at(servicebus) as scaler:
        # The first reading finds out that there are many.
        assert await scaler.read(queues("q1", "q200")) == readings(1, 200)
        assert asked(servicebus) == 2
        assert await scaler.read(queues("q1", "q200")) == readings(1, 200)
        assert not any("$Resources" in path for path in servicebus.namespace.requests)
        assert asked(servicebus) == 2
        many = [f"q{number}" for number in range(100)]
        assert await scaler.read(queues(*many)) == readings(*range(100))
        assert asked(servicebus) == 3


async def test_several_of_few_are_listed(servicebus: ServiceBus) -> None:
    for name in "abcd":
        servicebus.namespace.add(name, 1)
    async with scaler_at(servicebus) as scaler:
        for _ in range(2):
            *good, missing = await scaler.read(queues("a", "d", "e"))
            assert good == readings(1, 1)
            assert str(missing).endswith("queue 'e': not found")
            assert asked(servicebus) == 1


async def test_subscriptions_are_listed_by_topic(servicebus: ServiceBus) -> None:
    for number in range(120):
        servicebus.namespace.add(f"s{number}", number, topic="Big")
    servicebus.namespace.add("s1", 41, topic="small/topic")
    servicebus.namespace.add("s1", 42)
    wanted = [
        Queue(name="s.*", topic="big", pattern=True, operation="max"),
        *queues("s5", "S119", "s120", topic="big"),
        *queues("s1", topic="small/topic"),
        *queues("s1"),
    ]
    async with scaler_at(servicebus) as scaler:
        answers = list(await scaler.read(wanted))
        assert str(answers.pop(3)).endswith("subscription 's120' of topic 'big': not found")
        assert answers == readings(119, 5, 119, 41, 42)
        assert asked(servicebus) == 2 + 1 + 1


@pytest.mark.parametrize("feeds", [True, False], ids=["as an empty feed", "as status 404"])
@pytest.mark.parametrize("pattern", [True, False], ids=["pattern", "names"])
async def test_what_is_missing_errs_alone(servicebus: ServiceBus, feeds: bool, pattern: bool) -> None:
    servicebus.namespace.feeds_for_missing = feeds
    servicebus.namespace.add("a", 1)
    wanted = [Queue(name="s", topic="gone", pattern=pattern), *queues("a")]
    async with scaler_at(servicebus) as scaler:
        error, good = await scaler.read(wanted)
        assert good == Reading(1, 1)
        # An empty feed for a topic's listing says no more than that nothing matches.
        if feeds and pattern:
            assert error == Reading(0, 0)
        else:
            assert isinstance(error, ScalerError)
            assert "'s' of topic 'gone'" in str(error)
            assert "not found" in str(error)
        (error,) = await scaler.read(queues("gone"))
        assert str(error).endswith("queue 'gone': not found")


@pytest.mark.parametrize("others", [0, 3], ids=["by itself", "in a listing"])
@pytest.mark.parametrize(("active", "counted"), [(0, False), (-1, True)], ids=["left out", "negative"])
async def test_no_count_is_an_error(servicebus: ServiceBus, others: int, active: int, counted: bool) -> None:
    servicebus.namespace.add("busy", active, counted=counted)
    names = [f"q{number}" for number in range(others)]
    for name in names:
        servicebus.namespace.add(name, 1)
    async with scaler_at(servicebus) as scaler:
        error, *good = await scaler.read(queues("busy", *names))
        assert good == readings(*[1] * others)
        assert isinstance(error, ScalerError)
        assert "queue 'busy': the answer has no count; is the namespace throttled?" in str(error)
        (joined,) = await scaler.read([Queue(name=".*", pattern=True)])
        # Whose count is missing only the answer tells.
        assert "queues that match '.*': the answer has no count" in str(joined)
        assert "busy" not in str(joined)


@pytest.mark.parametrize("names", [["a"], ["a", "b"]], ids=["one", "listing"])
async def test_what_is_no_number_is_an_error(servicebus: ServiceBus, names: list[str]) -> None:
    for name in names:
        servicebus.namespace.add(name, "secret")
    async with scaler_at(servicebus) as scaler:
        with pytest.raises(ScalerError, match="does not answer as expected") as caught:
            await scaler.read(queues(*names))
    assert "secret" not in "".join(traceback.format_exception(caught.value))


async def test_retry_after_is_honoured(servicebus: ServiceBus) -> None:
    servicebus.namespace.add("a", 1)
    servicebus.namespace.failures = [Failure(429, {"Retry-After": "0.1"})]
    async with scaler_at(servicebus) as scaler:
        started = time.monotonic()
        assert await scaler.read(queues("a")) == readings(1)
        assert time.monotonic() - started >= 0.1
        assert asked(servicebus) == 2


@pytest.mark.parametrize("after", [{"Retry-After": "60"}, {}], ids=["too long", "again and again"])
@pytest.mark.parametrize("names", [["a"], ["a", "b"]], ids=["one", "listing"])
async def test_throttling_is_told(servicebus: ServiceBus, after: dict[str, str], names: list[str]) -> None:
    servicebus.namespace.failures = [Failure(429, after)] * 9
    async with scaler_at(servicebus) as scaler:
        answers = await scaler.read(queues(*names))
    assert len(answers) == len(names)
    assert all(isinstance(answer, ScalerError) and "throttled" in str(answer) for answer in answers)
    assert asked(servicebus) == (1 if after else 4)


async def test_a_failure_is_tried_again(servicebus: ServiceBus) -> None:
    servicebus.namespace.add("a", 1)
    servicebus.namespace.failures = [Failure(500), Failure(503)]
    async with scaler_at(servicebus) as scaler:
        assert await scaler.read(queues("a")) == readings(1)


async def test_a_failure_that_stays_is_told(servicebus: ServiceBus) -> None:
    servicebus.namespace.failures = [Failure(500)] * 4
    async with scaler_at(servicebus) as scaler:
        (error,) = await scaler.read(queues("a"))
    assert "unexpected HTTP status 500" in str(error)
    assert "secret" not in str(error)


async def test_no_redirect_is_followed(servicebus: ServiceBus) -> None:
    servicebus.namespace.add("b", 1)
    elsewhere = f"https://localhost:{servicebus.port}/b?enrich=false&api-version=2021-05"
    servicebus.namespace.failures = [Failure(301, {"Location": elsewhere})]
    async with scaler_at(servicebus) as scaler:
        (error,) = await scaler.read(queues("a"))
    assert "unexpected HTTP status 301" in str(error)
    assert asked(servicebus) == 1


async def test_an_answer_ends(servicebus: ServiceBus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scalers.web._LARGEST_ANSWER", 2**20)
    servicebus.namespace.raw = b"<feed>" + b" " * 2**20
    async with scaler_at(servicebus) as scaler:
        with pytest.raises(ScalerError, match="the answer is longer than 1 MiB"):
            await scaler.read(queues("a"))


FEED = b'<feed xmlns="http://www.w3.org/2005/Atom">%s</feed>'


@pytest.mark.parametrize("names", [["a"], ["a", "b"]], ids=["one", "listing"])
@pytest.mark.parametrize(
    "junk",
    [
        b"secret",
        b"\xffsecret",
        b"<secret/",
        FEED % b"<entry>secret</entry>",
        FEED % b'<entry><content type="application/xml">secret</content></entry>',
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "secret">]><feed>&b;</feed>',
    ],
)
async def test_junk_is_no_number_and_is_not_repeated(servicebus: ServiceBus, junk: bytes, names: list[str]) -> None:
    servicebus.namespace.raw = junk
    async with scaler_at(servicebus) as scaler:
        try:
            errors = list(await scaler.read(queues(*names)))
        except ScalerError as error:
            errors = [error]
    for error in errors:
        assert isinstance(error, ScalerError)
        assert "secret" not in "".join(traceback.format_exception(error))


async def test_pages_end(servicebus: ServiceBus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scalers.azure_servicebus.client._MOST_PAGES", 3)
    servicebus.namespace.raw = FEED % b'<link rel="self"/><link rel="next" href="https://h/q?$skip=1&amp;$top=1"/>'
    async with scaler_at(servicebus) as scaler:
        with pytest.raises(ScalerError, match="too many pages"):
            await scaler.read(queues("a", pattern=True))
    assert asked(servicebus) == 3


async def test_the_official_client_as_it_is_gets_the_same_answers(servicebus: ServiceBus) -> None:
    """So the stand-in takes what Azure's own client signs, and not only what we do."""
    for number in range(120):
        servicebus.namespace.add(f"q/{number}", number)
    servicebus.namespace.add("s", 7, topic="t")
    login = f"Endpoint=sb://localhost:{servicebus.port};SharedAccessKeyName={POLICY};SharedAccessKey={CANARY}"
    trust = {"connection_verify": os.environ["SSL_CERT_FILE"]}
    async with ServiceBusAdministrationClient.from_connection_string(login, **trust) as client:
        assert (await client.get_queue_runtime_properties("q/5")).active_message_count == 5
        assert (await client.get_subscription_runtime_properties("t", "s")).active_message_count == 7
        listed = {item.name: item.active_message_count async for item in client.list_queues_runtime_properties()}
        assert listed == {f"q/{number}": number for number in range(120)}
        with pytest.raises(ResourceNotFoundError):
            await client.get_queue_runtime_properties("gone")


async def test_a_signature_instead_of_a_key(servicebus: ServiceBus) -> None:
    servicebus.namespace.add("a", 1)
    for end, host, good in ((3600, "localhost", True), (-1, "localhost", False), (3600, "elsewhere", False)):
        address = f"https://{host}:{servicebus.port}/"
        signature = sign(address, POLICY, CANARY, int(time.time()) + end)
        async with scaler_at(servicebus, signature=SecretStr(signature)) as scaler:
            if good:
                assert await scaler.read(queues("a", "a")) == readings(1, 1)
            else:
                with pytest.raises(LoginRefused, match="login refused with HTTP status 401"):
                    await scaler.read(queues("a"))


async def test_a_key_signs_anew(servicebus: ServiceBus, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was signed two hours ago is not shown again."""
    servicebus.namespace.add("a", 1)
    now = time.time()
    async with scaler_at(servicebus) as scaler:
        with monkeypatch.context() as patch:
            patch.setattr("scalers.azure_servicebus.login.time.time", lambda: now - 7200)
            patch.setattr("tests.servicebus.time.time", lambda: now - 7200)
            assert await scaler.read(queues("a")) == readings(1)
        assert await scaler.read(queues("a")) == readings(1)


async def test_a_key_of_one_queue_reads_that_one(servicebus: ServiceBus) -> None:
    servicebus.namespace.keys["mine"] = (CANARY, "/folder/mine")
    servicebus.namespace.add("folder/mine", 1)
    servicebus.namespace.add("theirs", 1)
    async with scaler_at(servicebus, key_name="mine", key=SecretStr(CANARY)) as scaler:
        for _ in range(2):
            mine, theirs, gone = await scaler.read(queues("folder/mine", "theirs", "folder/mine/gone"))
            assert mine == Reading(1, 1)
            assert isinstance(theirs, LoginRefused)
            assert not isinstance(gone, LoginRefused)
        assert asked(servicebus) == 1 + 3 + 3
        mine, pattern = await scaler.read([*queues("folder/mine"), Queue(name=".*", pattern=True)])
        assert mine == Reading(1, 1)
        assert isinstance(pattern, LoginRefused)
        with pytest.raises(LoginRefused):
            await scaler.read(queues("theirs"))
        with pytest.raises(LoginRefused):
            await scaler.read(queues("fold.*", pattern=True))


async def test_a_connection_that_lacks_a_login_is_not_dialled(servicebus: ServiceBus) -> None:
    async with scaler_at(servicebus, key_name=POLICY) as scaler:
        with pytest.raises(ScalerError, match="connection must hold SharedAccessKeyName and SharedAccessKey"):
            await scaler.read(queues("a"))
    assert asked(servicebus) == 0


async def test_nothing_is_logged(servicebus: ServiceBus, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    servicebus.namespace.failures = [Failure(500)]
    async with scaler_at(servicebus) as scaler:
        await scaler.read(queues("a"))
    assert not [record for record in caplog.records if record.name.startswith("azure")]


@pytest.fixture
def pod(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, servicebus: ServiceBus) -> Path:
    """What Azure's webhook gives to a pod; the file with the token that proves who it is."""
    file = tmp_path / "assertion"
    file.write_text(servicebus.namespace.identities.assertion)
    monkeypatch.setenv("AZURE_FEDERATED_TOKEN_FILE", str(file))
    monkeypatch.setenv("AZURE_CLIENT_ID", "client")
    monkeypatch.setenv("AZURE_TENANT_ID", "tenant")
    monkeypatch.setenv("AZURE_AUTHORITY_HOST", f"https://localhost:{servicebus.port}/")
    return file


POD = Identity(provider="azure-workload")


@pytest.mark.usefixtures("pod")
async def test_the_pods_identity_is_shown(servicebus: ServiceBus) -> None:
    servicebus.namespace.add("a", 1)
    servicebus.namespace.add("b", 2)
    async with scaler_at(servicebus, identity=POD) as scaler:
        for _ in range(2):
            assert await scaler.read(queues("a", "b")) == readings(1, 2)
            assert await scaler.read(queues("b")) == readings(2)
        assert servicebus.namespace.identities.exchanges == 1


@pytest.mark.usefixtures("pod")
async def test_another_identity_is_shown(servicebus: ServiceBus, monkeypatch: pytest.MonkeyPatch) -> None:
    servicebus.namespace.add("a", 1)
    servicebus.namespace.identities.client = "other-client"
    servicebus.namespace.identities.tenant = "other-tenant"
    monkeypatch.setenv("AZURE_AUTHORITY_HOST", "https://elsewhere.invalid")
    identity = Identity(
        provider="azure-workload",
        identity_id="other-client",
        tenant_id="other-tenant",
        authority_host=f"https://localhost:{servicebus.port}",
    )
    async with scaler_at(servicebus, identity=identity) as scaler:
        assert await scaler.read(queues("a")) == readings(1)


async def test_a_refused_identity_is_told(servicebus: ServiceBus, pod: Path, caplog: pytest.LogCaptureFixture) -> None:
    servicebus.namespace.identities.assertion = "another"
    async with scaler_at(servicebus, identity=POD) as scaler:
        with pytest.raises(LoginRefused, match="login refused by Azure's workload identity") as caught:
            await scaler.read(queues("a"))
        servicebus.namespace.identities.assertion = CANARY
        await asyncio.to_thread(pod.write_text, CANARY)
        servicebus.namespace.add("a", 1)
        assert await scaler.read(queues("a")) == readings(1)
    printed = "".join(traceback.format_exception(caught.value)) + caplog.text
    assert CANARY not in printed
    assert "secret words" not in printed
    assert asked(servicebus) == 1


@pytest.mark.usefixtures("pod")
async def test_a_token_that_the_namespace_refuses_is_told(servicebus: ServiceBus) -> None:
    async with scaler_at(servicebus, identity=POD) as scaler:
        await scaler.read(queues("a"))
        servicebus.namespace.identities.token = "token-2"
        with pytest.raises(LoginRefused, match=f"Service Bus at localhost:{servicebus.port}: queue 'a': login refused"):
            await scaler.read(queues("a"))


async def test_a_scaler_that_is_in_no_such_pod_says_so(servicebus: ServiceBus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AZURE_FEDERATED_TOKEN_FILE", raising=False)
    async with scaler_at(servicebus, identity=POD) as scaler:
        with pytest.raises(LoginRefused, match="check identityId, tenantId"):
            await scaler.read(queues("a"))


@pytest.mark.usefixtures("pod")
async def test_the_token_servers_address_is_checked(servicebus: ServiceBus) -> None:
    async def refuse(host: str, _port: int) -> str:
        raise ScalerError(f"{host} is not an allowed destination")

    connection = Connection(host="elsewhere.invalid", port=servicebus.port, identity=POD)
    scaler = Scaler(connection, Dial(TIMEOUT, refuse))
    with pytest.raises(ScalerError, match="localhost is not an allowed destination"):
        await scaler.read(queues("a"))
    assert servicebus.namespace.identities.exchanges == 0
    await scaler.close()


@pytest.mark.usefixtures("pod")
async def test_a_token_server_that_hangs_is_told(servicebus: ServiceBus, monkeypatch: pytest.MonkeyPatch) -> None:
    async def hang(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(TIMEOUT)

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    monkeypatch.setenv("AZURE_AUTHORITY_HOST", f"https://localhost:{server.sockets[0].getsockname()[1]}")
    async with server, scaler_at(servicebus, patience=0.2, identity=POD) as scaler:
        with pytest.raises(ScalerError, match=r"no token from Azure within 0.2 s"):
            await scaler.read(queues("a"))
