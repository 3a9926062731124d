"""The status page of the real scaler, before the eyes of somebody who never reloads it."""

import re

from playwright.async_api import Page, expect

from tests.browser import browser_page
from tests.e2e.conftest import Start
from tests.e2e.stage import Stage
from tests.rabbitmq_server import RabbitmqServer

#: Milliseconds: a page asks every 2 s, on a machine that is busy with other tests.
SOON = 8000


async def test_a_rule_goes_up_and_back_before_the_eyes(stage: Stage, scaler: Start) -> None:
    stage.deploy("orders", cooldownPeriod=4)
    stage.deploy("mails")
    running = scaler()
    async with browser_page() as page:
        await page.goto(running.page_url)
        await mark(page)
        orders = page.locator("tbody tr", has_text="orders")
        await expect(orders).to_contain_text("at rest", timeout=SOON)
        await expect(page.get_by_role("status")).to_have_text("2 rules: no trigger fails, no rule has a mistake")
        stage.vhost.publish("orders", 33)
        await expect(orders).to_contain_text(re.compile("active.*7.*queue 33.*0 → 7", re.DOTALL), timeout=SOON)
        # The one that is active comes first now.
        await expect(page.locator("tbody tr").first).to_contain_text("orders")
        stage.vhost.purge("orders")
        await expect(orders).to_contain_text(re.compile("at rest.*7 → 0", re.DOTALL), timeout=SOON + 4000)
        await marked(page)
        await page.get_by_role("link", name="orders").click()
        await mark(page)
        decisions = page.locator("ol.decisions h3")
        await expect(decisions.nth(1)).to_contain_text("7 → 0 NoWork")
        await expect(decisions.last).to_contain_text("0 → 7 Activated")
        await expect(page.locator("svg path.reading")).to_have_attribute("d", re.compile("^M.*L"))
        stage.vhost.publish("orders", 12)
        await expect(page.locator("ol.decisions")).to_contain_text("0 → 3 Activated", timeout=SOON)
        await marked(page)


async def test_a_broken_broker_shows_within_one_interval(
    stage: Stage, scaler: Start, private_rabbitmq: RabbitmqServer
) -> None:
    own = Stage(stage.client, stage.namespace, private_rabbitmq.vhost)
    own.deploy("orders", pollingInterval=1)
    stage.deploy("mails")
    running = scaler()
    async with browser_page() as page:
        await page.goto(running.page_url)
        await mark(page)
        broken = page.locator("tbody tr").first
        await expect(page.get_by_role("status")).to_have_text(
            "2 rules: no trigger fails, no rule has a mistake", timeout=SOON
        )
        private_rabbitmq.kill()
        # One interval of the rule and one of the page.
        await expect(broken).to_contain_text(re.compile("failing.*orders", re.DOTALL), timeout=1000 + 2000 + 1000)
        await expect(page.get_by_role("status")).to_have_text("2 rules: 1 failing")
        await expect(broken.locator("small")).to_contain_text("queue: ")
        await marked(page)


async def mark(page: Page) -> None:
    """So that a reload would be noticed."""
    await page.evaluate("window.here = true")


async def marked(page: Page) -> None:
    assert await page.evaluate("window.here"), "the page was loaded anew"
