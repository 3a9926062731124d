"""Tokens in the place of a login, before a token server and a management API of our own: no real one is to be had."""

import contextlib
import ssl
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from scalers import Dial, Identity, LoginRefused, Reading, ScalerError
from scalers.rabbitmq import Connection, Queue, Scaler
from scalers.rabbitmq.connection import OAuth
from tests.tls import SESSION

Resolve = Callable[[str, int], Awaitable[str]]
A = Queue(name="a", vhost="/")


class Server:
    """Gives tokens `t1`, `t2`, … at every path that ends in /token, and takes those in `good` at /api."""

    def __init__(self) -> None:
        self.forms: list[dict[str, Any]] = []
        self.good = {"t1", "t2", "t3"}
        self.lifetime: Any = 3600
        self.refusal: web.Response | None = None
        """What is answered instead of a token."""
        self.port = 0

    async def handle(self, request: web.BaseRequest) -> web.Response:
        if request.path.endswith("/token"):
            if self.refusal is not None:
                return web.Response(status=self.refusal.status, headers=self.refusal.headers, body=self.refusal.body)
            self.forms.append(dict(await request.post()))
            return web.json_response({"access_token": f"t{len(self.forms)}", "expires_in": self.lifetime})
        token = request.headers["Authorization"].removeprefix("Bearer ")
        if token not in self.good:
            return web.Response(status=401)
        return web.json_response([{"name": "a", "messages": 5}])


async def loopback(_host: str, _port: int) -> str:
    return "127.0.0.1"


@contextlib.asynccontextmanager
async def listening(server: Server, tls: ssl.SSLContext | None = None) -> AsyncIterator[None]:
    runner = web.ServerRunner(web.Server(server.handle))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    server.port = runner.addresses[0][1]
    yield
    await runner.cleanup()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    made = Server()
    async with listening(made):
        yield made


@contextlib.asynccontextmanager
async def scaler_at(server: Server, path: str = "/token") -> AsyncIterator[Scaler]:
    uri = f"http://tokens.invalid:{server.port}{path}"
    oauth = OAuth(uri=uri, client_id="c", client_secret="canary", scopes=("r", "w"), extra=(("audience", "q"),))
    connection = Connection(protocol="http", scheme="http", host="h", port=server.port, oauth=oauth)
    scaler = Scaler(connection, Dial(10, loopback))
    try:
        yield scaler
    finally:
        await scaler.close()


async def test_one_token_serves_many_readings(server: Server) -> None:
    async with scaler_at(server) as scaler:
        for _ in range(3):
            assert await scaler.read([A]) == [Reading(5, 5)]
    form = {"grant_type": "client_credentials", "client_id": "c", "client_secret": "canary", "scope": "r w"}
    assert server.forms == [form | {"audience": "q"}]


async def test_a_token_that_is_refused_is_asked_for_once_more(server: Server) -> None:
    server.good = {"t2"}
    async with scaler_at(server) as scaler:
        assert await scaler.read([A]) == [Reading(5, 5)]
        server.good = set()
        with pytest.raises(ScalerError, match="login refused"):
            await scaler.read([A])
    assert len(server.forms) == 3


async def test_a_token_at_its_end_is_renewed(server: Server) -> None:
    server.lifetime = 1e-6
    async with scaler_at(server) as scaler:
        await scaler.read([A])
        await scaler.read([A])
    assert len(server.forms) == 2


@pytest.mark.parametrize("lifetime", [0, -1, "soon", None, [], float("inf")])
async def test_what_is_no_lifetime_is_no_token(server: Server, lifetime: Any) -> None:
    server.lifetime = lifetime
    async with scaler_at(server) as scaler:
        with pytest.raises(ScalerError, match="sends no access token"):
            await scaler.read([A])


async def test_a_token_server_that_refuses_is_named_and_no_secret_told(server: Server) -> None:
    async with scaler_at(server, "/api") as scaler:
        with pytest.raises(ScalerError, match=r"token server at tokens\.invalid") as caught:
            await scaler.read([A])
    assert "canary" not in str(caught.value)


@contextlib.asynccontextmanager
async def azure(server: Server, resolve: Resolve, authority: int) -> AsyncIterator[Scaler]:
    """A scaler that logs in with a token of the pod, which it gets at that port."""
    identity = Identity(
        provider="azure-workload",
        identity_id="client",
        tenant_id="tenant",
        authority_host=f"https://broker.invalid:{authority}",
        audience="api://queues",
    )
    connection = Connection(protocol="http", scheme="http", host="h", port=server.port, identity=identity)
    scaler = Scaler(connection, Dial(5, resolve))
    try:
        yield scaler
    finally:
        await scaler.close()


@pytest.fixture
async def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Server]:
    """Gives tokens over TLS to this pod."""
    for name, text in {"assertion": "proof", "authority.pem": SESSION.pem}.items():
        (tmp_path / name).write_text(text)
    monkeypatch.setenv("AZURE_FEDERATED_TOKEN_FILE", str(tmp_path / "assertion"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    made = Server()
    async with listening(made, SESSION.server()):
        yield made


async def test_a_workload_identity_is_asked_for_as_the_rule_says(server: Server, authority: Server) -> None:
    names = []

    async def resolve(host: str, port: int) -> str:
        names.append((host, port))
        return "127.0.0.1"

    async with azure(server, resolve, authority.port) as scaler:
        assert await scaler.read([A]) == [Reading(5, 5)]
    (form,) = authority.forms
    assert (form["client_id"], form["client_assertion"], form["scope"]) == ("client", "proof", "api://queues/.default")
    assert names == [("broker.invalid", authority.port), ("h", server.port)]


async def test_the_address_of_azures_token_server_is_checked(server: Server, authority: Server) -> None:
    async def refuse(host: str, _port: int) -> str:
        raise ScalerError(f"{host} is not an allowed destination")

    async with azure(server, refuse, authority.port) as scaler:
        with pytest.raises(ScalerError, match=r"broker\.invalid is not an allowed destination"):
            await scaler.read([A])
    assert not authority.forms


async def test_azures_token_server_that_refuses_is_not_repeated(
    server: Server, authority: Server, caplog: pytest.LogCaptureFixture
) -> None:
    authority.refusal = web.json_response({"error": "canary", "error_description": "canary"}, status=400)
    async with azure(server, loopback, authority.port) as scaler:
        with pytest.raises(LoginRefused, match="login refused by Azure's workload identity") as caught:
            await scaler.read([A])
    assert "canary" not in "".join(traceback.format_exception(caught.value)) + caplog.text


async def test_no_redirect_of_a_token_server_is_followed(server: Server, authority: Server) -> None:
    elsewhere = Server()
    async with listening(elsewhere):
        place = {"Location": f"http://127.0.0.1:{elsewhere.port}/token"}
        server.refusal = authority.refusal = web.Response(status=307, headers=place)
        async with azure(server, loopback, authority.port) as scaler:
            with pytest.raises(LoginRefused):
                await scaler.read([A])
        async with scaler_at(server) as scaler:
            with pytest.raises(LoginRefused, match="HTTP status 307"):
                await scaler.read([A])
    assert not elsewhere.forms


async def test_a_workload_identity_without_a_token_file_is_told(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AZURE_FEDERATED_TOKEN_FILE", raising=False)
    async with azure(server, loopback, 1) as scaler:
        with pytest.raises(ScalerError, match="login refused by Azure's workload identity"):
            await scaler.read([A])
