"""The pages as a browser gets them: escaped, fenced in, made beside the loop."""

import asyncio
import re
import threading
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from urllib.parse import urljoin

import aiohttp
import pytest

from scaler.page.listing import ROWS
from scaler.settings import Address
from scaler.web import listen, rules_site
from tests.board import Board
from tests.rules import trigger

ADDRESS = Address("127.0.0.1", 0)
HOSTILE = '<script>alert("x")</script>'


class Site:
    """A board and its pages."""

    def __init__(self, client: aiohttp.ClientSession, port: int, board: Board) -> None:
        self.board = board
        self._client = client
        self.url = f"http://127.0.0.1:{port}"

    async def get(self, path: str, status: int = 200) -> str:
        async with self._client.get(self.url + path) as answer:
            assert answer.status == status
            return await answer.text()

    async def headers(self, path: str) -> dict[str, str]:
        async with self._client.get(self.url + path) as answer:
            return dict(answer.headers)


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    board = Board()
    runner = await listen(rules_site(board, ADDRESS, lambda: board.now), ADDRESS)
    async with aiohttp.ClientSession() as client:
        yield Site(client, runner.addresses[0][1], board)
    await runner.cleanup()


class Tags(HTMLParser):
    """The tags of a page, with their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attributes)))


async def test_what_came_from_elsewhere_is_escaped(site: Site) -> None:
    site.board.rule("shop/orders", trigger(HOSTILE))
    site.board.poll("shop/orders", f"{HOSTILE} is away")
    for path in ("/", "/rule/shop/orders", "/?q=%3Cscript%3Ealert(%22x%22)%3C/script%3E", "/rule/shop/%3Cscript%3E"):
        page = await site.get(path, 404 if "%3Cscript%3E" in path and "rule" in path else 200)
        assert "&lt;script&gt;" in page
        assert [attributes for tag, attributes in Tags(page).found if tag == "script" and "src" not in attributes] == []
        assert "alert(&#34;x" in page or "alert" not in page


@pytest.mark.parametrize("path", ["/", "/rule/shop/orders", "/rule/shop/statefulsets/db", "/rule/shop/none"])
async def test_nothing_is_inline_or_from_elsewhere_and_every_link_leads_somewhere(site: Site, path: str) -> None:
    site.board.rule("shop/orders")
    site.board.rule("shop/statefulsets/db")
    site.board.poll("shop/orders", 50)
    for tag, attributes in Tags(await site.get(path, 404 if "none" in path else 200)).found:
        assert tag not in ("style", "iframe", "object", "base")
        assert [name for name in attributes if name == "style" or name.startswith("on")] == []
        for link in (attributes.get("href"), attributes.get("src")):
            if link is not None and not link.startswith("#"):
                assert not re.match(r"\w+:|//", link)
                to = urljoin(path, link)
                await site.get(to, 404 if "none" in to else 200)


async def test_the_browser_is_told_to_load_nothing_else(site: Site) -> None:
    site.board.rule("shop/orders")
    for path in ("/", "/rule/shop/orders", "/rule/shop/none"):
        headers = await site.headers(path)
        policy = dict(each.strip().split(" ", 1) for each in headers["Content-Security-Policy"].split(";"))
        assert policy["default-src"] == policy["frame-ancestors"] == "'none'"
        assert all("unsafe" not in allowed and allowed in ("'none'", "'self'") for allowed in policy.values())
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"


async def test_a_rule_is_shown_with_its_hour_and_its_decisions(site: Site) -> None:
    site.board.rule("shop/orders", trigger("orders"), trigger("mails"))
    for answer in (0, 50, 50, 20, 20):
        site.board.pass_by(30)
        site.board.poll("shop/orders", answer, mails="away")
    page = await site.get("/rule/shop/orders")
    assert "1 of 2 triggers failing: not below 5" in page
    assert "held by TriggerFailing: 2 min" in page
    assert 'aria-label="mails, the last hour, 0 to 1: reading now an error"' in page
    assert "scaler explain -n shop orders" in page


async def test_a_rule_that_nothing_was_decided_on_is_shown(site: Site) -> None:
    site.board.rule("shop/orders")
    page = await site.get("/rule/shop/orders")
    assert "Nothing has been decided yet" in page
    assert "waiting" in page


async def test_one_that_is_not_known_says_who_may_know_it(site: Site) -> None:
    assert "carries no annotation" in await site.get("/rule/shop/none", 404)
    site.board.owner = "scaler-b"
    assert "kubectl port-forward scaler-b 8081" in await site.get("/rule/shop/none", 404)
    site.board.wrong = "rules are being taken over"
    assert "rules are being taken over" in await site.get("/rule/shop/none", 404)


async def test_the_list_says_whose_rules_it_shows(site: Site) -> None:
    assert "No Deployment carries the annotation" in await site.get("/")
    site.board.shares = {"scaler-a": 10, "scaler-b": 6}
    page = await site.get("/")
    assert "scaler-a has\n10 of 16 shards" in page
    assert "scaler-b has\n6 of 16 shards" in page
    site.board.wrong = "rules are being taken over"
    assert "Not all rules are known yet: rules are being taken over" in await site.get("/")


async def test_a_long_list_comes_in_pages(site: Site) -> None:
    for number in range(ROWS + 1):
        site.board.rule(f"shop/worker-{number:03}")
    first, second = await site.get("/"), await site.get("/?page=2")
    assert (first.count("<tr id="), second.count("<tr id=")) == (ROWS, 1)
    assert f"{ROWS + 1} to {ROWS + 1} of {ROWS + 1}" in second


async def test_nobody_can_write(site: Site) -> None:
    site.board.rule("shop/orders")
    async with aiohttp.ClientSession() as client:
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            for path in ("/", "/rule/shop/orders", "/rules", "/static/page.css"):
                async with client.request(method, site.url + path) as answer:
                    assert answer.status == 405


@pytest.mark.parametrize("path", ["/static/../../web.py", "/static/%2e%2e/site.py", "/static//etc/passwd", "/static/"])
async def test_no_other_file_is_served(site: Site, path: str) -> None:
    async with aiohttp.ClientSession() as client, client.get(site.url + path) as answer:
        assert answer.status in (403, 404)


async def test_the_loop_goes_on_while_a_page_is_made(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, answered = threading.Event(), threading.Event()

    def rows() -> list[dict[str, object]]:
        asked.set()
        assert answered.wait(5), "the loop stood still"
        return []

    monkeypatch.setattr(site.board, "rows", rows)
    for path in ("/", "/rules"):
        asked.clear()
        answered.clear()
        page = asyncio.create_task(site.get(path))
        await asyncio.to_thread(asked.wait, 5)
        answered.set()
        await page


async def test_one_look_serves_all_who_look_at_once(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = []
    monkeypatch.setattr(site.board, "rows", lambda: looks.append(1) or [])
    await asyncio.gather(*(site.get(f"/?q={number}") for number in range(8)))
    assert len(looks) < 8
