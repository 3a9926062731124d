"""What a look at the status page costs: `python -m benchmarks.page [--rules 100 1000 10000] [--rounds 7]`.

Rules of one trigger each on one scaler, each with two decisions behind it; a tenth of them fails. The time is that of
the server from request to answer, over loopback, with the first look at all rules and from what the last second saw;
and that of one rule with a full hour behind it. `decided late` is how much later than it was due a timer of the event
loop rings at worst while five browsers look without a pause, beside nobody looking.
"""

import argparse
import asyncio
import contextlib
import statistics
import time

import aiohttp

from benchmarks.machine import machine
from scaler.page.site import FRESH
from scaler.press import REST
from scaler.settings import Address
from scaler.web import listen, rules_site
from tests.board import Board

ADDRESS = Address("127.0.0.1", 0)
HOUR = "shop/worker-00000"


def filled(rules: int) -> Board:
    """So many rules, the first of them with an hour that changes all the time."""
    board = Board()
    names = [f"shop/worker-{number:05}" for number in range(rules)]
    for name in names:
        board.rule(name)
    for answer in (12, 30):
        board.pass_by(15)
        for number, name in enumerate(names):
            board.poll(name, "cannot reach rabbit:5672: connection refused" if number % 10 == 9 else answer)
    for step in range(240):
        board.pass_by(15)
        board.poll(HOUR, step % 100)
    return board


async def timed(client: aiohttp.ClientSession, url: str) -> tuple[float, int]:
    """Milliseconds until the whole answer is there, and its bytes as sent."""
    began = time.perf_counter()
    async with client.get(url) as answer:
        body = await answer.read()
        assert answer.status == 200
    return 1000 * (time.perf_counter() - began), len(body)


async def looks(client: aiohttp.ClientSession, url: str, rounds: int, pause: float) -> str:
    """Median and longest of so many looks."""
    times, size = [], 0
    for _ in range(rounds):
        await asyncio.sleep(pause)
        took, size = await timed(client, url)
        times.append(took)
    return f"{statistics.median(times):6.1f} ms ({max(times):.1f}), {size / 1000:.0f} kB"


async def lateness(seconds: float) -> tuple[float, float]:
    """How late, in milliseconds, a timer of 1 ms rings: the median and the longest."""
    loop, late = asyncio.get_running_loop(), []
    end = loop.time() + seconds
    while (now := loop.time()) < end:
        await asyncio.sleep(0.001)
        late.append(1000 * (loop.time() - now - 0.001))
    return statistics.median(late), max(late)


async def looking(client: aiohttp.ClientSession, url: str) -> None:
    """As fast as the server lets one."""
    while True:
        await timed(client, url)


async def measure(rules: int, rounds: int) -> None:
    """One row of each kind."""
    board = filled(rules)
    runner = await listen(rules_site(board, ADDRESS, lambda: board.now), ADDRESS)
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with aiohttp.ClientSession(auto_decompress=False) as client:
        await timed(client, url)
        print(f"{rules:6} rules: list, first look   {await looks(client, url, rounds, FRESH * REST)}")
        await asyncio.sleep(FRESH * REST)
        await timed(client, url)
        print(f"{rules:6} rules: list, within 1 s   {await looks(client, f'{url}/?q=worker', rounds, 0.1)}")
        print(f"{rules:6} rules: one rule           {await looks(client, f'{url}/rule/{HOUR}', rounds, 0.5)}")
        alone = await lateness(5.0)
        browsers = [asyncio.create_task(looking(client, f"{url}/?q={number}")) for number in range(5)]
        beside = await lateness(5.0)
        for browser in browsers:
            browser.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await browser
        words = [f"{median:.1f} ms ({longest:.1f})" for median, longest in (alone, beside)]
        print(f"{rules:6} rules: decided late       {words[1]} with five browsers, {words[0]} with none")
    await runner.cleanup()


def main() -> None:
    """Measure and print rows per number of rules."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rules", type=int, nargs="+", default=[100, 1000, 10_000])
    options.add_argument("--rounds", type=int, default=7)
    given = options.parse_args()
    print(f"# {machine()}")
    print(f"# {given.rounds} rounds, median (longest), size with gzip")
    for rules in given.rules:
        asyncio.run(measure(rules, given.rounds))


if __name__ == "__main__":
    main()
