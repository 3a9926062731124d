"""The newest good pair is shown; a bad one changes nothing, and says so once."""

import asyncio
import logging
import math
import ssl
from pathlib import Path

import pytest

from scaler.certificate import Certificate
from tests.tls import SESSION, encrypted


class Heard:
    """The last expiry."""

    def __init__(self) -> None:
        self.until = math.nan

    def __call__(self, until: float) -> None:
        self.until = until


def shown(certificate: Certificate) -> bytes | None:
    """What a client is shown; None where the handshake fails."""
    trust = ssl.create_default_context(cadata=SESSION.pem)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = certificate.context.wrap_bio(to_server, to_client, server_side=True)
    client = trust.wrap_bio(to_client, to_server, server_hostname="localhost")
    for _ in range(4):
        for side in (client, server):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLError:
                return None
    return client.getpeercert(binary_form=True)


def test_a_new_pair_is_taken(tmp_path: Path) -> None:
    heard = Heard()
    SESSION.mount(tmp_path)
    certificate = Certificate(tmp_path, heard)
    certificate.renew()
    first, until = shown(certificate), heard.until
    assert first
    assert until > 0
    certificate.renew()
    assert shown(certificate) == first
    SESSION.mount(tmp_path)
    certificate.renew()
    assert shown(certificate) not in (None, first)


def test_a_pair_is_waited_for(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    heard = Heard()
    certificate = Certificate(tmp_path, heard)
    for _ in range(3):
        certificate.renew()
    assert shown(certificate) is None
    assert math.isnan(heard.until)
    assert [record.message for record in caplog.records] == ["no certificate for the webhook"]
    SESSION.mount(tmp_path)
    certificate.renew()
    assert shown(certificate)


@pytest.mark.parametrize("name", ["tls.crt", "tls.key"])
@pytest.mark.parametrize("content", ["", "nonsense", "another", "encrypted", "gone"])
def test_a_bad_pair_changes_nothing(tmp_path: Path, name: str, content: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    SESSION.mount(tmp_path)
    certificate = Certificate(tmp_path, Heard())
    certificate.renew()
    before = shown(certificate)
    path = tmp_path / name
    texts = {"another": SESSION.client()[name == "tls.key"], "encrypted": encrypted(SESSION.client()[1])}
    path.unlink()
    if content != "gone":
        path.write_text(texts.get(content, content))
    for _ in range(2):
        certificate.renew()
    assert shown(certificate) == before
    assert [record.message for record in caplog.records] == [
        "certificate of the webhook read",
        "no certificate for the webhook",
    ]
    SESSION.mount(tmp_path)
    certificate.renew()
    assert shown(certificate) not in (None, before)


async def test_it_is_watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scaler.certificate._EVERY", 0.01)
    read = asyncio.Event()
    watching = asyncio.create_task(Certificate(tmp_path, lambda until: read.set()).watch())
    await asyncio.sleep(0.05)
    SESSION.mount(tmp_path)
    async with asyncio.timeout(10):
        await read.wait()
    watching.cancel()
