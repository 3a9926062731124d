"""Half an hour of churn: `python -m benchmarks.soak [--minutes 30]`, with the picture docs/pictures/soak.svg.

1,000 rules, 1 s interval. Every 5 s ten rules are edited, three deleted and three made; every 20 s all queues fill, and
10 s later they are purged; every 5 minutes RabbitMQ is stopped and started again. Memory, open files and threads of the
scaler are looked at every 5 s. What grows without end shows as a slope over the last two thirds.
"""

import argparse
import asyncio
import itertools
import random
import statistics
import time
from pathlib import Path
from typing import Final, NamedTuple

import matplotlib.pyplot as plt
import psutil

from benchmarks.ground import PATIENCE, Ground, ground, memory, until
from benchmarks.machine import machine
from tests.running import Running

RULES: Final = 1000
EVERY: Final = 5.0
OUTAGES: Final = 300.0
PICTURE: Final = Path(__file__).parents[1] / "docs" / "pictures" / "soak.svg"


class Look(NamedTuple):
    """At the scaler, so many minutes after the start."""

    minutes: float
    memory: float
    files: int
    threads: int


async def soak(minutes: float) -> list[Look]:
    """The looks."""
    looks: list[Look] = []
    async with ground(controllers=False) as place:
        await place.fill(RULES, bare=False, pollingInterval=1, cooldownPeriod=2)
        running = place.start()
        try:
            await place.ready(running, RULES)
            began = time.monotonic()
            end = began + 60 * minutes
            await asyncio.gather(
                churn(place, end), waves(place, end), outages(place, end), watch(running, looks, began, end)
            )
            await until(lambda: running.metric("scaler_rules", state="ready") == RULES)
        finally:
            running.stop(PATIENCE)
    return looks


async def churn(place: Ground, end: float) -> None:
    """Rules edited, deleted, made."""
    cooldowns = itertools.cycle(range(2, 12))
    while time.monotonic() < end:
        chosen = random.sample(place.names, 13)
        for name in chosen[:10]:
            await place.api.edit(name, place.marks(name, cooldownPeriod=next(cooldowns)))
        for name in chosen[10:]:
            await place.api.delete(name)
        await place.add(chosen[10:])
        await asyncio.sleep(EVERY)


async def waves(place: Ground, end: float) -> None:
    """Work comes and goes; while the broker is away there is none to give."""
    while time.monotonic() < end:
        for work in (lambda: place.publish(5), lambda: place.stage.vhost.purge(*place.names)):
            try:
                await asyncio.to_thread(work)
            except Exception as error:
                print(f"no broker: {type(error).__name__}", flush=True)
            await asyncio.sleep(10)


async def outages(place: Ground, end: float) -> None:
    """The broker ends and comes back."""
    while time.monotonic() + OUTAGES < end:
        await asyncio.sleep(OUTAGES)
        await asyncio.to_thread(place.broker.stop)
        await asyncio.sleep(5)
        await asyncio.to_thread(place.broker.start)


async def watch(running: Running, looks: list[Look], began: float, end: float) -> None:
    """Look on."""
    process = psutil.Process(running.pid)
    while time.monotonic() < end:
        minutes = (time.monotonic() - began) / 60
        looks.append(Look(minutes, memory(running), process.num_fds(), process.num_threads()))
        await asyncio.sleep(EVERY)


def slope(looks: list[Look]) -> float:
    """MiB an hour, by least squares, over the last two thirds."""
    late = looks[len(looks) // 3 :]
    fitted = statistics.linear_regression([each.minutes / 60 for each in late], [each.memory for each in late])
    return float(fitted.slope)


def picture(looks: list[Look]) -> None:
    """Memory and open files over time."""
    figure, (above, below) = plt.subplots(2, 1, sharex=True, figsize=(8, 5))
    minutes = [each.minutes for each in looks]
    above.plot(minutes, [each.memory for each in looks])
    above.set_ylabel("resident memory, MiB")
    above.set_ylim(bottom=0)
    below.plot(minutes, [each.files for each in looks], label="open files")
    below.plot(minutes, [each.threads for each in looks], label="threads")
    below.set_xlabel("minutes")
    below.set_ylim(bottom=0)
    below.legend()
    above.set_title(f"{RULES:,} rules with churn, waves of work, and a broker that restarts")
    figure.tight_layout()
    figure.savefig(PICTURE)


def main() -> None:
    """Soak, draw, say."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--minutes", type=float, default=30.0)
    minutes = options.parse_args().minutes
    if not minutes >= 1:
        options.error(f"--minutes {minutes:g}: at least 1, or there is nothing to draw")
    looks = asyncio.run(soak(minutes))
    picture(looks)
    late = [each.memory for each in looks[len(looks) // 3 :]]
    print(f"# {machine()}")
    print(f"resident memory {min(late):.0f} to {max(late):.0f} MiB, slope {slope(looks):+.1f} MiB an hour")
    print(f"open files {looks[-1].files}, at most {max(each.files for each in looks)}; threads {looks[-1].threads}")


if __name__ == "__main__":
    main()
