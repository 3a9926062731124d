"""The webhook over TLS: every review is answered, and whatever else is sent costs little."""

import asyncio
import contextlib
import gzip
import json
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from click.testing import CliRunner

from scaler import webhook as served
from scaler.admission import Admission
from scaler.command.group import main
from scaler.grants import Unbound
from scaler.metrics import Metrics
from scaler.settings import Address
from scaler.webhook import MOST_BYTES, webhook
from tests.admission import deployment, review
from tests.rules import annotations, trigger
from tests.tls import SESSION

TRUST = ssl.create_default_context(cadata=SESSION.pem)


class Client:
    """One that trusts the webhook."""

    def __init__(self, session: aiohttp.ClientSession, port: int, metrics: Metrics) -> None:
        self._session = session
        self.port = port
        self._metrics = metrics

    async def post(self, body: Any, path: str = "validate", **headers: str) -> tuple[int, str]:
        url = f"https://localhost:{self.port}/{path}?timeout=2s"
        async with self._session.post(url, data=body, headers=headers) as answer:
            return answer.status, await answer.text()

    def reviewed(self, outcome: str) -> float:
        """How many ended that way."""
        found = self._metrics.registry.get_sample_value("scaler_webhook_reviews_total", {"outcome": outcome})
        return found or 0


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[Client]:
    SESSION.mount(tmp_path)
    metrics, address = Metrics(), Address("127.0.0.1", 0)
    connector = aiohttp.TCPConnector(ssl=TRUST, limit=0)
    async with (
        webhook(Admission(Unbound()), address, tmp_path, metrics) as runner,
        aiohttp.ClientSession(connector=connector) as session,
    ):
        yield Client(session, runner.addresses[0][1], metrics)


async def test_a_review_is_answered(client: Client) -> None:
    status, text = await client.post(review(deployment(annotations(minReplicas=1))))
    response = json.loads(text)["response"]
    assert (status, response["allowed"]) == (200, False)
    assert "minReplicas: unknown" in response["status"]["message"]
    assert client.reviewed("refused") == 1


@pytest.mark.parametrize(
    ("body", "headers", "status", "said"),
    [
        (b"", {}, 400, "not JSON"),
        (b"{}", {}, 400, "not an AdmissionReview"),
        (b"[" * MOST_BYTES, {}, 400, "nested too deep"),
        (b" " * (MOST_BYTES + 1), {}, 413, "more than 3145728 bytes"),
        (gzip.compress(b" " * 10 * MOST_BYTES), {"Content-Encoding": "gzip"}, 400, "not text in UTF-8"),
    ],
    ids=["empty", "no review", "deep", "large", "compressed"],
)
async def test_what_is_no_review(client: Client, body: bytes, headers: dict[str, str], status: int, said: str) -> None:
    answered, text = await client.post(body, **headers)
    assert answered == status
    assert said in text
    assert client.reviewed("unreadable") == 1


@pytest.mark.parametrize("path", ["", "metrics", "validate/x"])
async def test_there_is_nothing_else(client: Client, path: str) -> None:
    assert (await client.post(review(deployment({})), path))[0] == 404


async def test_a_slow_client_is_cut(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(served, "READING", 0.1)
    reader, writer = await asyncio.open_connection("127.0.0.1", client.port, ssl=TRUST, server_hostname="localhost")
    writer.write(b"POST /validate HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{")
    async with asyncio.timeout(20):
        answer = await reader.read()
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert client.reviewed("late") == 1
    writer.close()
    monkeypatch.undo()
    assert (await client.post(review(deployment({}))))[0] == 200


async def test_two_hundred_at_once(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """All are answered, each with its own uid, and the loop has its turn between any two."""
    monkeypatch.setattr(served, "PATIENCE", 60)
    rules = [annotations(*(trigger(f"q{n}") for n in range(5))), annotations(minReplicas=1)]
    turns = asyncio.create_task(_turns(client))
    answers = await asyncio.gather(*(client.post(review(deployment(rules[n % 2]), uid=str(n))) for n in range(200)))
    turns.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await turns
    assert [status for status, _ in answers] == [200] * 200
    responses = [json.loads(text)["response"] for _, text in answers]
    assert [each["uid"] for each in responses] == [str(n) for n in range(200)]
    assert [each["allowed"] for each in responses] == [True, False] * 100
    assert (client.reviewed("allowed"), client.reviewed("refused")) == (100, 100)


def test_without_certificates_it_is_a_mistake() -> None:
    done = CliRunner().invoke(main, ["run", "--webhook-address=127.0.0.1:9443"])
    assert done.exit_code == 2
    assert "--webhook-address needs --webhook-certificates" in done.output


async def _turns(client: Client) -> None:
    """Fails where several reviews are judged between two turns of the loop."""
    before = 0.0
    while True:
        # Less than a review takes; without a pause the counting itself would take most of the time.
        await asyncio.sleep(0.001)
        now = client.reviewed("allowed") + client.reviewed("refused")
        assert now - before <= 2
        before = now
