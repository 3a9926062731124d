"""Debian's Chromium, as a person has it before them: what it complains about is collected."""

import os
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from playwright.async_api import Page, async_playwright, expect

from tests.wait import PATIENCE

expect.set_options(timeout=PATIENCE * 5000)

WIDE: Final = (1200, 900)
PHONE: Final = (390, 844)


def launching() -> dict[str, Any]:
    """How playwright is to start it. As root, as in a container, it has no sandbox."""
    sandbox = [] if os.geteuid() else ["--no-sandbox"]
    return {"executable_path": shutil.which("chromium"), "args": sandbox}


@asynccontextmanager
async def browser_page(
    size: tuple[int, int] = WIDE, tolerated: str | None = None, **context: Any
) -> AsyncIterator[Page]:
    """A page of a browser of its own. AssertionError at the end if it complained: of a script, a policy, a file; but
    for what `tolerated` is found in.
    """
    complaints: list[str] = []
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(**launching())
        made = await chromium.new_context(viewport={"width": size[0], "height": size[1]}, **context)
        page = await made.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("dialog", lambda dialog: complaints.append(f"dialog: {dialog.message}"))
        yield page
        await chromium.close()
    unexpected = [each for each in complaints if tolerated is None or not re.search(tolerated, each)]
    assert not unexpected, unexpected
