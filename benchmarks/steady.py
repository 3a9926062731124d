"""What rules cost when nothing changes, and how a start with them goes: `python -m benchmarks.steady`.

Rules on one RabbitMQ with empty queues, 5 s interval (15 s for 10,000 over HTTP, whose list the broker itself takes
seconds for). Processor time is the whole scaler's, in windows of two polls, for 1,000 readings; requests to the API
server are counted by the scaler's own metric, without the renewal of its Lease.
"""

import asyncio
import time
from collections.abc import Iterator
from typing import Final

from benchmarks.figure import Figure
from benchmarks.ground import PATIENCE, cpu, ground, memory
from tests.running import Running

#: Polls in one window.
POLLS: Final = 2
#: Rules, whether over HTTP, and the interval in seconds.
CASES: Final = ((100, False, 5), (1000, False, 5), (10_000, False, 5), (1000, True, 5), (10_000, True, 15))
#: MiB, by the number of rules; seconds of a start; milliseconds for 1,000 readings over AMQP and HTTP.
MEMORY: Final = {1000: 150.0, 10_000: 400.0}
START: Final = {10_000: 10.0}
AIMS: Final = {False: 150.0, True: 30.0}


async def measured(rules: int, http: bool, interval: int, rounds: int) -> dict[str, list[float]]:
    """Values of each figure."""
    names = ("start", "end", "cost", "requests", "memory", "connections")
    found: dict[str, list[float]] = {name: [] for name in names}
    async with ground(controllers=False) as place:
        await place.fill(rules, bare=False, http=http, pollingInterval=interval)
        for left in reversed(range(rounds)):
            began = time.monotonic()
            running = place.start()
            try:
                await place.ready(running, rules)
                found["start"].append(time.monotonic() - began)
                if not left:
                    await rest(running, rules, interval, rounds, found)
            finally:
                began = time.monotonic()
                running.stop(PATIENCE)
            found["end"].append(time.monotonic() - began)
    return found


async def rest(running: Running, rules: int, interval: int, rounds: int, found: dict[str, list[float]]) -> None:
    """What it takes when nothing changes, once statuses and histories of the start are written."""
    await asyncio.sleep(40)
    for _ in range(rounds):
        cost, requests = await window(running, rules, interval)
        found["cost"].append(cost)
        found["requests"].append(requests)
    found["memory"].append(memory(running))
    found["connections"].append(total(running, "scaler_source_connections"))


async def window(running: Running, rules: int, interval: int) -> tuple[float, float]:
    """Milliseconds of the processor for 1,000 readings, and requests to the API server, in one window."""
    # Scrapes cost more than polls: they are outside.
    asked, before = requests(running), cpu(running)
    await asyncio.sleep(POLLS * interval)
    spent = cpu(running) - before
    return 1000 * spent / (POLLS * rules / 1000), requests(running) - asked


def requests(running: Running) -> float:
    """Answers of the API server so far, but for Leases."""
    return total(running, "scaler_kubernetes_requests_total", but=("resource", "leases"))


def total(running: Running, name: str, but: tuple[str, str] = ("", "")) -> float:
    """The sum of the samples of that name, but for those with a label, of one scrape: 10,000 rules take their time."""
    samples = running.metrics(PATIENCE).items()
    return sum(value for (found, labels), value in samples if found == name and but not in labels)


def figures(rounds: int = 5) -> Iterator[Figure]:
    """Aims: see MEMORY, START, AIMS; no request at rest."""
    for rules, http, interval in CASES:
        found = asyncio.run(measured(rules, http, interval, rounds))
        name = f"{rules:,} rules over {'HTTP' if http else 'AMQP'}, {interval} s"
        yield Figure(f"{name}: start until all are read", "s", found["start"], aim=START.get(rules))
        yield Figure(f"{name}: told to end until it has", "s", found["end"], aim=5.0)
        yield Figure(f"{name}: processor for 1,000 readings", "ms", found["cost"], aim=AIMS[http])
        yield Figure(f"{name}: requests to the API server in {POLLS * interval} s", "", found["requests"], aim=0)
        yield Figure(f"{name}: resident memory", "MiB", found["memory"], aim=MEMORY.get(rules))
        yield Figure(f"{name}: connections to the broker", "", found["connections"])


if __name__ == "__main__":
    for each in figures():
        print(*each.cells(), sep=" | ", flush=True)
