"""The pages in a real browser: readable by everybody, on a phone, without a script, and live."""

import re

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import expect

from tests.browser import PHONE, WIDE, browser_page
from tests.page.conftest import Shown

PATHS = ("/", "/?state=failing", "/?q=nothing+is+like+that", "/rule/shop/orders", "/rule/pay/mistaken", "/rule/etl/new")


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_nothing_stands_in_the_way_of_anybody(shown: Shown, size: tuple[int, int], scheme: str) -> None:
    """By axe, whose rules are those of WCAG 2.2; and nothing sticks out to the side."""
    async with browser_page(size, color_scheme=scheme) as page:
        for path in PATHS:
            await page.goto(shown.url + path)
            found = await Axe().run(page, options={"resultTypes": ["violations"]})
            assert found.violations_count == 0, found.generate_report()
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        colours = await page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert colours == {"light": "rgb(255, 255, 255)", "dark": "rgb(18, 22, 28)"}[scheme]


async def test_it_is_live_and_leaves_a_reader_where_he_is(shown: Shown) -> None:
    async with browser_page() as page:
        await page.goto(f"{shown.url}/rule/shop/orders")
        await page.get_by_text("The same as a table").click()
        await page.get_by_role("link", name="All rules").focus()
        await page.evaluate("document.querySelector('main').here = true")
        shown.board.pass_by(15)
        shown.board.poll("shop/orders", 400, **{"<script>alert(1)</script>": 0})
        await expect(page.get_by_role("status")).to_have_text("shop/orders: at max, 40 replicas")
        await expect(page.locator("details")).to_have_attribute("open", "")
        assert await page.evaluate("document.querySelector('main').here")
        assert await page.evaluate("document.activeElement.textContent") == "All rules"


async def test_a_page_that_nobody_renews_says_so(shown: Shown) -> None:
    async with browser_page(tolerated="ERR_INTERNET_DISCONNECTED|Failed to fetch") as page:
        # What takes ten seconds takes four here, two updates.
        session = await page.context.new_cdp_session(page)
        await session.send("Animation.enable")
        await session.send("Animation.setPlaybackRate", {"playbackRate": 2.5})
        await page.goto(f"{shown.url}/")
        stale = page.get_by_text("the scaler is away, or busy")
        for _ in range(25):
            await page.wait_for_timeout(200)
            shown.board.pass_by(1)
            await expect(stale).to_be_hidden(timeout=1)
        await page.context.set_offline(True)
        await expect(stale).to_be_visible()
        await expect(page.get_by_role("heading", name="8 rules")).to_be_visible()


async def test_a_queue_named_like_a_script_is_a_name(shown: Shown) -> None:
    async with browser_page() as page:
        await page.goto(f"{shown.url}/rule/shop/orders")
        await expect(page.locator("figcaption").nth(1)).to_contain_text("<script>alert(1)</script>")
        await expect(page.locator("script")).to_have_count(1)
        await page.goto(f"{shown.url}/?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E")
        await expect(page.get_by_role("searchbox")).to_have_value('"><script>alert(1)</script>')


async def test_all_but_updates_goes_without_a_script(shown: Shown) -> None:
    async with browser_page(java_script_enabled=False) as page:
        await page.goto(shown.url)
        await page.get_by_role("searchbox").fill("PAY/")
        await page.keyboard.press("Enter")
        await expect(page.locator("tbody tr")).to_have_count(3)
        await page.get_by_role("link", name=re.compile("failing")).click()
        await expect(page.locator("tbody tr")).to_have_count(1)
        await page.get_by_role("link", name="pay/payouts").click()
        await expect(page.get_by_role("heading", level=1)).to_contain_text("failing")
        await page.get_by_role("link", name="All rules").click()
        await expect(page.locator("tbody tr")).to_have_count(8)


async def test_the_keyboard_is_enough(shown: Shown) -> None:
    async with browser_page() as page:
        await page.goto(f"{shown.url}/?live=off")
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("link", name="To the content")).to_be_focused()
        await page.keyboard.press("Enter")
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("link", name="all 8")).to_be_focused()


async def test_with_updates_off_nothing_is_asked(shown: Shown) -> None:
    async with browser_page() as page:
        asked: list[str] = []
        await page.goto(f"{shown.url}/?live=off&state=active")
        page.on("request", lambda request: asked.append(request.url))
        await page.wait_for_timeout(2500)
        assert [url for url in asked if "static" not in url] == []
        await page.get_by_role("link", name="Show them live").click()
        await page.wait_for_url(shown.url + "/?state=active")
        async with page.expect_request(shown.url + "/?state=active"):
            pass
