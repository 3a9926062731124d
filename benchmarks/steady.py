"""What rules cost when nothing changes, and how a start with them goes: `python -m benchmarks.steady`.

Rules on one RabbitMQ with empty queues, 5 s interval (15 s for 10,000 over HTTP, whose list the broker itself takes
seconds for). Processor time is the whole scaler's, in windows of 20 s, for 1,000 readings; requests to the API server
are counted by the scaler's own metric, without the renewal of its Lease.
"""

import asyncio
import time
from collections.abc import Iterator
from typing import Final

from benchmarks.figure import Figure
from benchmarks.ground import Ground, cpu, ground, memory
from tests.running import Running

WINDOW: Final = 20.0
#: Rules, whether over HTTP, and the interval in seconds.
CASES: Final = ((100, False, 5), (1000, False, 5), (10_000, False, 5), (1000, True, 5), (10_000, True, 15))
#: MiB, by the number of rules; seconds of a start; milliseconds for 1,000 readings over AMQP and HTTP.
MEMORY: Final = {1000: 150.0, 10_000: 400.0}
START: Final = {10_000: 10.0}
AIMS: Final = {False: 150.0, True: 30.0}


async def measured(rules: int, http: bool, interval: int, rounds: int) -> dict[str, list[float]]:
    """Values of each figure."""
    found: dict[str, list[float]] = {"start": [], "cost": [], "requests": [], "memory": [], "connections": []}
    async with ground(controllers=False) as place:
        await place.fill(rules, bare=False, http=http, pollingInterval=interval)
        running = None
        try:
            for _ in range(rounds):
                if running is not None:
                    running.stop()
                began = time.monotonic()
                running = place.start()
                await place.ready(running, rules)
                found["start"].append(time.monotonic() - began)
            assert running is not None
            # Statuses and histories of the start are written by then.
            await asyncio.sleep(45)
            for _ in range(rounds):
                cost, requests = await window(running, rules)
                found["cost"].append(cost)
                found["requests"].append(requests)
            found["memory"].append(memory(running))
            found["connections"].append(connections(place, running))
        finally:
            if running is not None:
                running.stop()
    return found


async def window(running: Running, rules: int) -> tuple[float, float]:
    """Milliseconds of the processor for 1,000 readings, and requests to the API server, in one window."""
    reads, asked, before = running.metric("scaler_source_reads_total"), requests(running), cpu(running)
    await asyncio.sleep(WINDOW)
    spent, read = cpu(running) - before, running.metric("scaler_source_reads_total") - reads
    return 1000 * spent / (read * rules / 1000), requests(running) - asked


def requests(running: Running) -> float:
    """Answers of the API server so far, but for Leases."""
    return running.metric("scaler_kubernetes_requests_total") - running.metric(
        "scaler_kubernetes_requests_total", resource="leases"
    )


def connections(place: Ground, running: Running) -> float:
    """Open to the broker, by the scaler's own count."""
    return running.metric("scaler_source_connections")


def figures(rounds: int = 5) -> Iterator[Figure]:
    """Aims: see MEMORY, START, AIMS; no request at rest."""
    for rules, http, interval in CASES:
        found = asyncio.run(measured(rules, http, interval, rounds))
        name = f"{rules:,} rules over {'HTTP' if http else 'AMQP'}, {interval} s"
        yield Figure(f"{name}: start until all are read", "s", found["start"], aim=START.get(rules))
        yield Figure(f"{name}: processor for 1,000 readings", "ms", found["cost"], aim=AIMS[http])
        yield Figure(f"{name}: requests to the API server in {WINDOW:g} s", "", found["requests"], aim=0)
        yield Figure(f"{name}: resident memory", "MiB", found["memory"], aim=MEMORY.get(rules))
        yield Figure(f"{name}: connections to the broker", "", found["connections"])


if __name__ == "__main__":
    for each in figures():
        print(*each.cells(), sep=" | ", flush=True)
