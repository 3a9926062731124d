"""docs/pictures, from the scene of tests/board.py: `python -m tests.page.pictures` renews them; look at them then."""

import asyncio
from pathlib import Path

from scaler.settings import Address
from scaler.web import listen, rules_site
from tests.board import scene
from tests.browser import browser_page

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
WIDE, PHONE = (1100, 620), (390, 760)
RULE = (1100, 1000)


async def pictures() -> None:
    """Both pages, in both themes, on a screen and on a phone."""
    board, address = scene(), Address("127.0.0.1", 0)
    runner = await listen(rules_site(board, address, lambda: board.now), address)
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    FOLDER.mkdir(exist_ok=True)
    for scheme in ("light", "dark"):
        for name, path, size in (
            ("list", "/", WIDE),
            ("rule", "/rule/shop/orders", RULE),
            ("list-phone", "/", PHONE),
            ("rule-phone", "/rule/shop/orders", PHONE),
        ):
            async with browser_page(size, color_scheme=scheme) as page:
                await page.goto(url + path)
                await page.screenshot(path=FOLDER / f"page-{name}-{scheme}.png")
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(pictures())
