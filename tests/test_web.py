"""Metrics and health for everybody who can reach the port; the rules only under a name of ours."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from threading import Event
from typing import Any

import aiohttp
import pytest

from scaler.server import IDENTITY, PROGRAM
from scaler.settings import Address, Settings
from scaler.target import Key
from scaler.web import listen, metrics_site, rules_site

KEY = Key("shop", "orders")
ADDRESS = Address("127.0.0.1", 0)


@dataclass
class Known:
    """One rule."""

    wrong: str | None = None
    identity: str = "scaler-a"

    def unsettled(self) -> str | None:
        return self.wrong

    def rows(self) -> list[dict[str, Any]]:
        return [{"name": "orders"}]

    def told(self, key: Key) -> dict[str, Any] | None:
        return {KEY: {"name": "orders"}}.get(key)


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as client:
        yield client


@pytest.mark.parametrize(("wrong", "status", "text"), [(None, 200, "ok"), ("ended: watch", 503, "ended: watch")])
async def test_health(client: aiohttp.ClientSession, wrong: str | None, status: int, text: str) -> None:
    runner = await listen(metrics_site(lambda: b"", lambda: wrong, lambda: wrong), Address("127.0.0.1", 0))
    port = runner.addresses[0][1]
    for path in ("healthz", "readyz"):
        async with client.get(f"http://127.0.0.1:{port}/{path}") as answer:
            assert (answer.status, await answer.text()) == (status, text)
    await runner.cleanup()


async def test_a_page_that_takes_long_holds_up_nothing(client: aiohttp.ClientSession) -> None:
    asked, answered = Event(), Event()

    def page() -> bytes:
        asked.set()
        return b"meanwhile" if answered.wait(5) else b"stood still"

    runner = await listen(metrics_site(page, lambda: None, lambda: None), Address("127.0.0.1", 0))
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"

    async def get(path: str) -> str:
        async with client.get(url + path) as answer:
            return await answer.text()

    scrape = asyncio.create_task(get("/metrics"))
    await asyncio.to_thread(asked.wait, 5)
    assert await get("/healthz") == "ok"
    answered.set()
    assert await scrape == "meanwhile"
    await runner.cleanup()


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8081", 200),
        ("localhost:8081", 200),
        ("[::1]:8081", 200),
        ("10.0.0.7", 200),
        ("evil.example.com", 403),
        ("evil.example.com:8081", 403),
        ("127.0.0.1.evil.example.com", 403),
    ],
)
async def test_a_page_of_somebody_else_cannot_read_the_rules(
    client: aiohttp.ClientSession, host: str, status: int
) -> None:
    runner = await listen(rules_site(Known(), ADDRESS), ADDRESS)
    port = runner.addresses[0][1]
    for path in ("rules", "explain/shop/orders"):
        async with client.get(f"http://127.0.0.1:{port}/{path}", headers={"Host": host}) as answer:
            assert answer.status == status
            assert ("orders" in await answer.text()) == (status == 200)
    await runner.cleanup()


async def test_a_program_may_come_under_any_name(client: aiohttp.ClientSession) -> None:
    """As by the API server's proxy, which keeps its own name. No page can send that header."""
    runner = await listen(rules_site(Known(), ADDRESS), ADDRESS)
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/rules"
    async with client.get(url, headers={"Host": "api.example.com:6443", **PROGRAM}) as answer:
        assert (answer.status, answer.headers[IDENTITY]) == (200, "scaler-a")
    assert all(name.startswith("Sec-") for name in PROGRAM)
    await runner.cleanup()


@pytest.mark.parametrize(
    ("wrong", "path", "status"),
    [
        (None, "explain/shop/others", 404),
        ("taking over", "explain/shop/others", 503),
        ("taking over", "explain/shop/orders", 200),
        ("taking over", "rules", 503),
    ],
)
async def test_what_is_not_known_yet_is_not_gone(
    client: aiohttp.ClientSession, wrong: str | None, path: str, status: int
) -> None:
    runner = await listen(rules_site(Known(wrong), ADDRESS), ADDRESS)
    async with client.get(f"http://127.0.0.1:{runner.addresses[0][1]}/{path}") as answer:
        assert (answer.status, answer.headers[IDENTITY]) == (status, "scaler-a")
    await runner.cleanup()


def test_the_rules_are_shown_to_this_machine_alone_by_default() -> None:
    assert Settings().page_address == Address("127.0.0.1", 8081)
    assert Settings().metrics_address.port == 8080


async def test_a_port_in_use_is_named() -> None:
    runner = await listen(metrics_site(lambda: b"", lambda: None, lambda: None), Address("127.0.0.1", 0))
    port = runner.addresses[0][1]
    with pytest.raises(OSError, match=f"cannot listen on 127.0.0.1:{port}"):
        await listen(metrics_site(lambda: b"", lambda: None, lambda: None), Address("127.0.0.1", port))
    await runner.cleanup()
