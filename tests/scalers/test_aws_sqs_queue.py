"""Readings of SQS: before moto, and before a server of our own where moto has no answer to give.

The latter throttles, sends what is no count and the errors of other protocols' names, and stands in for what gives
credentials to a pod.
"""

import asyncio
import contextlib
import json
import secrets
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from aiohttp import web
from pydantic import SecretStr

from scalers import Dial, Identity, LoginRefused, Reading, ScalerError
from scalers.aws_sqs_queue import Connection, Parameters, Queue, Scaler
from tests.sqs import ACCOUNT, KEY_ID, SECRET, Sqs, SqsServer

CASES = json.loads((Path(__file__).parents[1] / "cases" / "keda_aws_sqs_queue.json").read_text())["cases"]
QUERIES = [case for case in CASES if case["kind"] == "query"]
POD = Identity(provider="aws")
ROLE = Identity(provider="aws", role_arn=f"arn:aws:iam::{ACCOUNT}:role/r")
CODE = "com.amazonaws.sqs#"
FULL = {f"ApproximateNumberOfMessages{what}": "1" for what in ("", "NotVisible", "Delayed")}


def counts(visible: Any = "1", /, **others: Any) -> web.Response:
    attributes = {"ApproximateNumberOfMessages": visible, "ApproximateNumberOfMessagesNotVisible": "2"}
    return web.json_response({"Attributes": {**attributes, "ApproximateNumberOfMessagesDelayed": "4", **others}})


def error(code: str, status: int = 400) -> web.Response:
    return web.json_response({"__type": CODE + code, "message": "canary"}, status=status)


class Server:
    """Answers each queue as told, one answer after another, the last for ever.

    At /pod it gives credentials as EKS does, at /sts for a role.
    """

    def __init__(self) -> None:
        self.answers: dict[str, list[web.Response]] = {}
        self.asked: list[str] = []
        """The queues, in order."""
        self.keys: list[str] = []
        """With whose key each request was signed."""
        self.lifetime = timedelta(hours=6)
        self.given = 0
        """How many credentials."""
        self.forms: list[dict[str, Any]] = []
        """What was asked of /sts."""
        self.denied: set[str] = set()
        """What it does not do."""
        self.port = 0

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/pod":
            return self._credentials()
        if request.path.startswith("/sts"):
            self.forms.append(dict(await request.post()))
            return self._role(self.forms[-1]["Action"])
        self.keys.append(request.headers["Authorization"].partition("Credential=")[2].partition("/")[0])
        queue = (await request.json())["QueueUrl"]
        self.asked.append(queue)
        answers = self.answers[queue]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        return web.Response(status=answer.status, body=answer.body, headers={"x-amzn-query-error": ""})

    def _credentials(self) -> web.Response:
        self.given += 1
        said = {"AccessKeyId": f"K{self.given}", "SecretAccessKey": "canary", "Token": "canary"}
        return web.json_response(said | {"Expiration": (datetime.now(UTC) + self.lifetime).isoformat()})

    def _role(self, action: str) -> web.Response:
        if action in self.denied:
            return web.Response(status=403, text="<ErrorResponse><Error><Code>canary</Code></Error></ErrorResponse>")
        end = (datetime.now(UTC) + self.lifetime).isoformat()
        given = (
            "<AccessKeyId>R</AccessKeyId><SecretAccessKey>canary</SecretAccessKey><SessionToken>canary</SessionToken>"
        )
        found = f"<Credentials>{given}<Expiration>{end}</Expiration></Credentials>"
        return web.Response(text=f"<{action}Response><{action}Result>{found}</{action}Result></{action}Response>")


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    made = Server()
    runner = web.ServerRunner(web.Server(made.handle))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.port = runner.addresses[0][1]
    yield made
    await runner.cleanup()


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """This process has no credentials of AWS, whoever runs it."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no-credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def pod(server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """Gives credentials to this process, as EKS does to a pod."""
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"http://127.0.0.1:{server.port}/pod")
    return server


@contextlib.asynccontextmanager
async def scaler_at(port: int, region: str = "eu-west-1", patience: float = 5, **login: Any) -> AsyncIterator[Scaler]:
    async def resolve(_host: str, _port: int) -> str:
        return "127.0.0.1"

    login = login or {"access_key_id": SecretStr(KEY_ID), "secret_access_key": SecretStr(SECRET)}
    connection = Connection(endpoint=f"http://127.0.0.1:{port}", region=region, **login)
    scaler = Scaler(connection, Dial(patience, resolve))
    try:
        yield scaler
    finally:
        await scaler.close()


async def failure(scaler: Scaler, queues: Sequence[Queue]) -> ScalerError:
    with pytest.raises(ScalerError) as caught:
        await scaler.read(queues)
    assert "canary" not in f"{caught.value!r}"
    return caught.value


@pytest.fixture
def region(sqs: Sqs) -> str:
    """A region of the shared moto for one test, with 5 visible messages, 2 in flight and 1 delayed in `a`."""
    made = f"test-{secrets.token_hex(4)}"
    sqs.create(made, ["a", "b.fifo"])
    sqs.send(made, "a", 7)
    assert len(sqs.client("sqs", made).receive_message(QueueUrl="a", MaxNumberOfMessages=2)["Messages"]) == 2
    sqs.send(made, "a", 1, delay=900)
    sqs.send(made, "b.fifo", 3)
    return made


@pytest.mark.parametrize(
    ("in_flight", "delayed", "value"), [(True, False, 7), (False, False, 5), (True, True, 8), (False, True, 6)]
)
async def test_which_messages_count(sqs: Sqs, region: str, in_flight: bool, delayed: bool, value: int) -> None:
    async with scaler_at(sqs.port, region) as scaler:
        queues = [Queue(url="a", in_flight=in_flight, delayed=delayed)]
        assert await scaler.read(queues) == [Reading(value, value)]


async def test_a_queue_is_read_by_its_url_or_name(sqs: Sqs, region: str) -> None:
    urls = [f"https://sqs.eu-west-1.amazonaws.com/{ACCOUNT}/a", "a", f"{sqs.url}/{ACCOUNT}/b.fifo", "b.fifo"]
    async with scaler_at(sqs.port, region) as scaler:
        answers = await scaler.read([Queue(url=url) for url in urls])
    assert answers == [Reading(7, 7), Reading(7, 7), Reading(3, 3), Reading(3, 3)]


async def test_a_queue_of_several_rules_is_asked_for_once(server: Server) -> None:
    server.answers = {"a": [counts()], "b": [counts("5")]}
    queues = [Queue(url="a"), Queue(url="b"), Queue(url="a", delayed=True), Queue(url="a", in_flight=False)]
    async with scaler_at(server.port) as scaler:
        assert await scaler.read(queues) == [Reading(3, 3), Reading(7, 7), Reading(7, 7), Reading(1, 1)]
    assert sorted(server.asked) == ["a", "b"]


@pytest.mark.parametrize("case", QUERIES, ids=[case["name"] for case in QUERIES])
async def test_keda_reading(case: dict[str, Any], server: Server) -> None:
    parameters = Parameters.parse(case["metadata"], case["auth"])
    said = case["input"]
    known = FULL | said["attributes"] if "attributes" in said else None
    server.answers[parameters.queue_url] = [web.json_response({"Attributes": known}) if known else error("some error")]
    async with scaler_at(server.port) as scaler:
        (answer,) = await scaler.read([parameters.queue()])
    if case["expect"].get("query_error"):
        assert isinstance(answer, ScalerError)
        return
    assert isinstance(answer, Reading)
    assert answer.value * 1000 == case["expect"]["metric_milli"]


@pytest.mark.parametrize(
    "answer",
    [
        *(counts(value) for value in ("-1", "1.0", "", " 1", "x", "\u0661", "9" * 20, 1, None, True, [])),
        web.json_response({}),
        web.json_response({"Attributes": None}),
        web.json_response({"Attributes": {"ApproximateNumberOfMessages": "1"}}),
    ],
    ids=lambda answer: answer.text,
)
async def test_what_is_no_count_is_an_error(server: Server, answer: web.Response) -> None:
    """Also of attributes that do not count for this queue: SQS always sends what it is asked for."""
    server.answers = {"bad": [answer], "good": [counts()]}
    async with scaler_at(server.port) as scaler:
        bad, good = await scaler.read([Queue(url="bad", in_flight=False), Queue(url="good")])
    assert "queue 'bad': the answer has no ApproximateNumberOf" in str(bad)
    assert good == Reading(3, 3)


async def test_64_bits_are_read(server: Server) -> None:
    server.answers = {"a": [counts(str(2**53))]}
    async with scaler_at(server.port) as scaler:
        assert await scaler.read([Queue(url="a", in_flight=False)]) == [Reading(2**53, 2**53)]


@pytest.mark.parametrize("body", ["[]", "canary", "[" * 5000])
async def test_what_is_not_sqs_raises(server: Server, body: str) -> None:
    server.answers = {"a": [web.Response(text=body)]}
    async with scaler_at(server.port) as scaler:
        assert "does not answer as SQS does; check awsEndpoint" in str(await failure(scaler, [Queue(url="a")]))


@pytest.fixture
def no_pause(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The longest that each pause could have been."""
    longest: list[float] = []
    monkeypatch.setattr("random.uniform", lambda _least, most: longest.append(most) or 0)
    return longest


@pytest.mark.parametrize(
    "answer",
    [error("RequestThrottled"), error("ThrottlingException"), error("x", 429), web.Response(status=503)],
    ids=["RequestThrottled", "ThrottlingException", "429", "503"],
)
async def test_throttling_is_tried_again(server: Server, no_pause: list[float], answer: web.Response) -> None:
    server.answers = {"a": [answer, answer, counts()]}
    async with scaler_at(server.port) as scaler:
        assert await scaler.read([Queue(url="a")]) == [Reading(3, 3)]
    assert no_pause == [0.2, 0.4]


async def test_lasting_throttling_is_said_of_its_queue(server: Server, no_pause: list[float]) -> None:
    server.answers = {"a": [error("RequestThrottled")], "b": [counts()]}
    async with scaler_at(server.port) as scaler:
        a, b = await scaler.read([Queue(url="a"), Queue(url="b")])
    assert f"SQS at 127.0.0.1:{server.port}: queue 'a': throttled" in str(a)
    assert b == Reading(3, 3)
    assert server.asked.count("a") == 4


async def test_no_pause_goes_beyond_the_time_out(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("random.uniform", lambda _least, most: most)
    server.answers = {"a": [error("RequestThrottled")]}
    async with scaler_at(server.port, patience=0.15) as scaler:
        (a,) = await scaler.read([Queue(url="a")])
    assert "throttled" in str(a)
    assert server.asked == ["a"]


@pytest.mark.parametrize(
    "code",
    [
        "InvalidClientTokenId",
        "SignatureDoesNotMatch",
        "InvalidSignatureException",
        "UnrecognizedClientException",
        "ExpiredToken",
        "ExpiredTokenException",
        "MissingAuthenticationToken",
        "RequestExpired",
    ],
)
async def test_a_login_that_is_not_known_is_refused_at_once(server: Server, code: str) -> None:
    names = [f"q{number}" for number in range(100)]
    server.answers = {name: [error(code, 403)] for name in names}
    async with scaler_at(server.port) as scaler:
        refused = await failure(scaler, [Queue(url=name) for name in names])
    assert isinstance(refused, LoginRefused)
    assert f"SQS at 127.0.0.1:{server.port}: login refused" in str(refused)
    assert len(server.asked) <= 32


@pytest.mark.parametrize("code", ["AccessDenied", "AccessDeniedException"])
async def test_a_login_may_be_for_some_queues_only(server: Server, code: str) -> None:
    server.answers = {"a": [error(code)], "b": [counts()]}
    async with scaler_at(server.port) as scaler:
        a, b = await scaler.read([Queue(url="a"), Queue(url="b")])
        assert isinstance(a, LoginRefused)
        assert "queue 'a': login refused" in str(a)
        assert b == Reading(3, 3)
        assert isinstance(await failure(scaler, [Queue(url="a")]), LoginRefused)


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (error("QueueDoesNotExist"), "not found; check queueURL"),
        (error("AWS.SimpleQueueService.NonExistentQueue"), "not found; check queueURL"),
        (error("InvalidAddress"), "unexpected HTTP status 400; check queueURL, awsRegion"),
        (web.Response(status=302, headers={"Location": "http://canary"}), "unexpected HTTP status 302"),
        (web.Response(status=500, text="canary"), "unexpected HTTP status 500"),
    ],
    ids=["missing", "missing, by its older name", "another region's", "redirect", "broken"],
)
async def test_other_answers(server: Server, answer: web.Response, text: str) -> None:
    server.answers = {"a": [answer]}
    async with scaler_at(server.port) as scaler:
        (a,) = await scaler.read([Queue(url="a")])
    assert f"queue 'a': {text}" in str(a)
    assert "canary" not in repr(a)


def policy(**statement: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", **statement}})


def role(sqs: Sqs) -> str:
    """The ARN of a new role that anybody may assume, and that may do nothing but read queues."""
    name = f"r{secrets.token_hex(4)}"
    iam = sqs.client("iam")
    trust = policy(Principal={"AWS": "*"}, Action="sts:AssumeRole")
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)
    reading = policy(Action="sqs:GetQueueAttributes", Resource="*")
    iam.put_role_policy(RoleName=name, PolicyName="read", PolicyDocument=reading)
    return f"arn:aws:iam::{ACCOUNT}:role/{name}"


@pytest.fixture
def own(sqs: Sqs, monkeypatch: pytest.MonkeyPatch) -> None:
    """This process has credentials of its own, which may assume roles."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY_ID)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", sqs.url)


async def test_a_temporary_key(sqs: Sqs, region: str) -> None:
    given = sqs.client("sts").assume_role(RoleArn=role(sqs), RoleSessionName="session")["Credentials"]
    login = {
        "access_key_id": SecretStr(given["AccessKeyId"]),
        "secret_access_key": SecretStr(given["SecretAccessKey"]),
        "session_token": SecretStr(given["SessionToken"]),
    }
    async with scaler_at(sqs.port, region, **login) as scaler:
        assert await scaler.read([Queue(url="a")]) == [Reading(7, 7)]
    async with scaler_at(sqs.port, region, **login | {"session_token": SecretStr("")}) as scaler:
        assert isinstance(await failure(scaler, [Queue(url="a")]), LoginRefused)


@pytest.mark.usefixtures("own")
async def test_credentials_of_its_own(sqs: Sqs, region: str) -> None:
    async with scaler_at(sqs.port, region, identity=POD) as scaler:
        assert await scaler.read([Queue(url="a")]) == [Reading(7, 7)]


@pytest.mark.usefixtures("own")
async def test_a_role_is_assumed(sqs: Sqs, region: str) -> None:
    identity = Identity(provider="aws", role_arn=role(sqs))
    async with scaler_at(sqs.port, region, identity=identity) as scaler:
        assert await scaler.read([Queue(url="a")]) == [Reading(7, 7)]


@pytest.mark.usefixtures("own")
async def test_a_role_that_is_not_given(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    server.denied = {"AssumeRole"}
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", f"http://127.0.0.1:{server.port}/sts")
    async with scaler_at(server.port, identity=ROLE) as scaler:
        refused = await failure(scaler, [Queue(url="a")])
    assert isinstance(refused, LoginRefused)
    assert f"login refused: AWS does not give the role {ROLE.role_arn!r} (ClientError); check its trust" in str(refused)


@pytest.mark.usefixtures("own")
async def test_the_external_id_is_told_and_needs_an_assumed_role(
    server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """moto takes a role without it."""
    (tmp_path / "token").write_text("token")
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(tmp_path / "token"))
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", f"http://127.0.0.1:{server.port}/sts")
    server.answers = {"a": [counts()]}
    async with scaler_at(server.port, identity=ROLE.model_copy(update={"external_id": "external"})) as scaler:
        assert await scaler.read([Queue(url="a")]) == [Reading(3, 3)]
    (form,) = server.forms
    assert (form["Action"], form["RoleArn"], form["ExternalId"]) == ("AssumeRole", ROLE.role_arn, "external")


@pytest.mark.usefixtures("own")
async def test_a_role_that_trusts_no_token_is_assumed(
    server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text("token")
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(tmp_path / "token"))
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", f"http://127.0.0.1:{server.port}/sts")
    server.answers, server.denied = {"a": [counts()]}, {"AssumeRoleWithWebIdentity"}
    async with scaler_at(server.port, identity=ROLE) as scaler:
        assert await scaler.read([Queue(url="a")]) == [Reading(3, 3)]
    assert [form["Action"] for form in server.forms] == ["AssumeRoleWithWebIdentity", "AssumeRole"]
    assert "ExternalId" not in server.forms[1]


async def test_web_identity(private_sqs: SqsServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """IRSA: the pod's token is exchanged for the pod's own role, and for one that a rule names."""
    private_sqs.create("r", ["a"])
    own, named = role(private_sqs), role(private_sqs)
    (tmp_path / "token").write_text("token")
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(tmp_path / "token"))
    monkeypatch.setenv("AWS_ROLE_ARN", own)
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", private_sqs.url)
    for arn in (None, named):
        # moto wants this exchange signed, which it never is: it may let the first request pass unchecked.
        await asyncio.to_thread(requests.post, f"{private_sqs.url}/moto-api/reset-auth", data="1", timeout=5)
        async with scaler_at(private_sqs.port, "r", identity=Identity(provider="aws", role_arn=arn)) as scaler:
            assert await scaler.read([Queue(url="a")]) == [Reading(0, 0)]


async def test_a_pod_has_credentials(pod: Server) -> None:
    """As EKS Pod Identity gives them; they are asked for once."""
    pod.answers = {"a": [counts()]}
    async with scaler_at(pod.port, identity=POD) as scaler:
        for _ in range(3):
            assert await scaler.read([Queue(url="a")]) == [Reading(3, 3)]
    assert pod.keys == ["K1", "K1", "K1"]


async def test_credentials_are_renewed_before_they_end(pod: Server) -> None:
    pod.answers, pod.lifetime = {"a": [counts()]}, timedelta(minutes=5)
    async with scaler_at(pod.port, identity=POD) as scaler:
        await scaler.read([Queue(url="a")])
        pod.lifetime = timedelta(hours=1)
        await scaler.read([Queue(url="a")])
        await scaler.read([Queue(url="a")])
    # The first is good for so short that botocore asks again at once.
    assert pod.keys == ["K2", "K3", "K3"]


async def test_credentials_that_are_refused_are_asked_for_anew(pod: Server) -> None:
    pod.answers = {"a": [error("ExpiredToken"), error("AccessDenied"), counts()]}
    async with scaler_at(pod.port, identity=POD) as scaler:
        for _ in range(2):
            assert isinstance(await failure(scaler, [Queue(url="a")]), LoginRefused)
        assert await scaler.read([Queue(url="a")]) == [Reading(3, 3)]
    assert pod.keys == ["K1", "K2", "K3"]


async def test_a_scaler_without_credentials_of_its_own_says_so(server: Server) -> None:
    async with scaler_at(server.port, identity=POD) as scaler:
        refused = await failure(scaler, [Queue(url="a")])
    assert isinstance(refused, LoginRefused)
    assert "login refused: the scaler has no credentials of AWS of its own" in str(refused)
    assert not server.asked


@pytest.mark.usefixtures("own")
async def test_a_token_service_that_hangs_holds_nobody(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            await reader.read()
        writer.close()

    async with await asyncio.start_server(silence, "127.0.0.1", 0) as hanging:
        _, port = hanging.sockets[0].getsockname()
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", f"http://127.0.0.1:{port}")
        async with scaler_at(server.port, patience=0.3, identity=ROLE) as scaler:
            beats = 0
            reading = asyncio.create_task(failure(scaler, [Queue(url="a")]))
            while not reading.done():
                beats += 1
                await asyncio.sleep(0.01)
            assert "no credentials from AWS within 0.3 s" in str(await reading)
            assert beats > 1


@pytest.mark.usefixtures("own")
async def test_a_token_service_that_is_not_there(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:1")
    async with scaler_at(server.port, identity=ROLE) as scaler:
        gone = await failure(scaler, [Queue(url="a")])
    assert not isinstance(gone, LoginRefused)
    assert "cannot reach AWS for the role" in str(gone)
