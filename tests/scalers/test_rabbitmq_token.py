"""Tokens in the place of a login, before a token server and a management API of our own: no real one is to be had."""

import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import web

from scalers import Dial, Identity, Reading, ScalerError
from scalers.rabbitmq import Connection, Queue, Scaler
from scalers.rabbitmq.connection import OAuth
from scalers.rabbitmq.token import _credential

Answer = Callable[[web.BaseRequest], web.Response]
A = Queue(name="a", vhost="/")


class Server:
    """Gives tokens `t1`, `t2`, … at /token, and takes those in `good` at /api."""

    def __init__(self) -> None:
        self.forms: list[dict[str, Any]] = []
        self.good = {"t1", "t2", "t3"}
        self.lifetime: Any = 3600
        self.port = 0

    async def handle(self, request: web.BaseRequest) -> web.Response:
        if request.path == "/token":
            self.forms.append(dict(await request.post()))
            return web.json_response({"access_token": f"t{len(self.forms)}", "expires_in": self.lifetime})
        token = request.headers["Authorization"].removeprefix("Bearer ")
        if token not in self.good:
            return web.Response(status=401)
        return web.json_response([{"name": "a", "messages": 5}])


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    made = Server()
    runner = web.ServerRunner(web.Server(made.handle))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.port = runner.addresses[0][1]
    yield made
    await runner.cleanup()


@contextlib.asynccontextmanager
async def scaler_at(server: Server, path: str = "/token") -> AsyncIterator[Scaler]:
    async def resolve(_host: str, _port: int) -> str:
        return "127.0.0.1"

    uri = f"http://tokens.invalid:{server.port}{path}"
    oauth = OAuth(uri=uri, client_id="c", client_secret="canary", scopes=("r", "w"), extra=(("audience", "q"),))
    connection = Connection(protocol="http", scheme="http", host="h", port=server.port, oauth=oauth)
    scaler = Scaler(connection, Dial(2, resolve))
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


async def test_a_workload_identity_without_a_token_file_is_told() -> None:
    connection = Connection(
        protocol="http",
        scheme="http",
        host="h",
        port=1,
        identity=Identity(provider="azure-workload", identity_id="i", audience="r"),
    )
    scaler = Scaler(connection, Dial(2, lambda host, port: None))  # type: ignore[arg-type, return-value]
    with pytest.raises(ScalerError, match="login refused by Azure's workload identity"):
        await scaler.read([A])


async def test_a_workload_identity_is_asked_for_as_the_rule_says(tmp_path: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("AZURE_FEDERATED_TOKEN_FILE", str(tmp_path / "token"))
    identity = Identity(
        provider="azure-workload", identity_id="client", tenant_id="tenant", authority_host="login.example.com"
    )
    async with _credential(identity) as credential:
        told = vars(credential._client)
    assert (told["_client_id"], told["_tenant_id"]) == ("client", "tenant")
    assert "login.example.com" in told["_authority"]
