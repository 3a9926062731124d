"""All queues fill at once: `python -m benchmarks.burst`.

From the first publish until the watch has shown the last Deployment at 1 replica or more, held against bare PATCHes of
as many Deployments without a rule on the same API server, as many in flight as the scaler has, between the rounds. No
ReplicaSets are made: two cores cannot make 100,000 pods. And one rule alone, at random phases of its interval.
"""

import asyncio
import random
import statistics
import time
from collections.abc import Iterator, Sequence
from typing import Final

from benchmarks.figure import Figure
from benchmarks.ground import PATIENCE, Ground, Seen, ground

INTERVAL: Final = 1.0


async def burst(rules: int, rounds: int) -> tuple[list[float], list[float], list[float]]:
    """Seconds until the first and the last, and of the bare patches."""
    firsts, lasts, bares = [], [], []
    async with ground(controllers=False) as place:
        await place.fill(rules, bare=True, pollingInterval=INTERVAL, cooldownPeriod=1)
        running = place.start()
        try:
            await place.ready(running, rules)
            for number in range(1, rounds + 1):
                bares.append(await place.api.scale(place.bare, number))
                async with Seen(place.api, bool) as seen:
                    published = time.monotonic()
                    await asyncio.to_thread(place.publish, 5)
                    times = await seen.until(place.names)
                firsts.append(times[0] - published)
                lasts.append(times[-1] - published)
                await rest(place)
        finally:
            running.stop(PATIENCE)
    return firsts, lasts, bares


async def rest(place: Ground) -> None:
    """All queues are emptied, and every count is 0 again."""
    async with Seen(place.api, lambda count: count == 0) as empty:
        await place.purge()
        await empty.until(place.names)


async def alone(samples: int) -> tuple[list[float], list[float]]:
    """Seconds from a publish at a random time to the patched Deployment; and of a bare patch of another."""
    found, bares = [], []
    async with ground(controllers=False) as place:
        await place.fill(1, bare=True, pollingInterval=INTERVAL, cooldownPeriod=1)
        running = place.start()
        try:
            await place.ready(running, 1)
            for number in range(1, samples + 1):
                bares.append(await place.api.scale(place.bare, number))
                await asyncio.sleep(random.uniform(0, INTERVAL))
                async with Seen(place.api, bool) as seen:
                    published = time.monotonic()
                    await asyncio.to_thread(place.publish, 5)
                    found.append((await seen.until(place.names))[0] - published)
                await rest(place)
        finally:
            running.stop(PATIENCE)
    return sorted(found), bares


def figures(rules: Sequence[int] = (100, 1000, 10_000), rounds: int = 5, samples: int = 40) -> Iterator[Figure]:
    """Aims: twice the bare patches and one interval; for one rule 0.6 s and a patch, and 1.1 s of 99 in 100."""
    found, bare = asyncio.run(alone(samples))
    name, aim = "one rule, 1 s: from a message to the patched count", 0.6 + statistics.median(bare)
    yield Figure(name, "s", found, ("bare patches", bare), aim)
    yield Figure(f"{name}, 99 of 100", "s", [found[int(0.99 * (len(found) - 1))]], aim=1.1)
    for count in rules:
        firsts, lasts, bares = asyncio.run(burst(count, rounds))
        name, aim = f"{count:,} rules, 1 s, all queues fill", 2 * statistics.median(bares) + INTERVAL
        yield Figure(f"{name}: first Deployment patched", "s", firsts)
        yield Figure(f"{name}: last one patched", "s", lasts, ("bare patches", bares), aim)


if __name__ == "__main__":
    for each in figures():
        print(*each.cells(), sep=" | ", flush=True)
