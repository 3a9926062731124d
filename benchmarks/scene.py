"""The scene that KEDA 2.20.2 was measured in: `python -m benchmarks.scene`.

Rules on one RabbitMQ over AMQP, `QueueLength` 5, 0 to 10 replicas, 5 s interval, cooldown 30 s; all of them created at
once, then 50 messages into every queue, then all purged. ReplicaSets are made, their pods stay Pending. Held against
what KEDA took once on a machine of this size with its own defaults; with its client limits raised the last of 1,000 was
at 1 after 21 s. The aim is a tenth of it where its time grows with the rules. `purged: first at 0` shows whether a
cooldown was cut short: it counts from the last reading with work, which is up to one interval before the purge.
"""

import asyncio
import statistics
import time
from collections.abc import Iterator, Sequence
from typing import Any, Final

from benchmarks.figure import Figure
from benchmarks.ground import PATIENCE, Ground, Seen, cpu, ground, memory
from tests.running import Running

COOLDOWN: Final = 30.0
FIELDS: Final[dict[str, Any]] = {
    "pollingInterval": 5,
    "cooldownPeriod": COOLDOWN,
    "maxReplicaCount": 10,
    "minReplicaCount": 0,
}
#: KEDA's, by the number of rules and the figure.
KEDA: Final = {
    (100, "created until all are read"): 45.5,
    (1000, "created until all are read"): 497.0,
    (100, "all queues fill: first at 1 or more"): 0.32,
    (1000, "all queues fill: first at 1 or more"): 0.14,
    (100, "all queues fill: median at 1 or more"): 6.7,
    (1000, "all queues fill: median at 1 or more"): 74.0,
    (100, "all queues fill: 99 of 100 at 1 or more"): 9.2,
    (1000, "all queues fill: 99 of 100 at 1 or more"): 99.0,
    (100, "all queues fill: last at 1 or more"): 9.2,
    (1000, "all queues fill: last at 1 or more"): 99.0,
    (100, "all queues fill: first at 10"): 34.0,
    (1000, "all queues fill: first at 10"): 146.0,
    (100, "all queues fill: median at 10"): 44.0,
    (1000, "all queues fill: median at 10"): 304.0,
    (100, "all queues fill: last at 10"): 55.5,
    (1000, "all queues fill: last at 10"): 339.0,
    (1000, "restarted until all are read"): 43.0,
    (1000, "idle, processor seconds a minute"): 9.9,
    (100, "idle, processor seconds a minute"): 1.2,
    (1000, "resident memory"): 359.0,
    (100, "resident memory"): 230.0,
    (100, "purged: first at 0"): 25.6,
    (1000, "purged: first at 0"): 0.25,
    (100, "purged: last at 0"): 34.8,
    (1000, "purged: last at 0"): 101.0,
    (1000, "connections to the broker"): 1000.0,
    (100, "connections to the broker"): 100.0,
}


class Notes:
    """Values of the runs, by the name of the figure."""

    def __init__(self) -> None:
        self.found: dict[str, list[float]] = {}

    def take(self, name: str, value: float) -> None:
        """One more run's."""
        self.found.setdefault(name, []).append(value)


async def play(rules: int, rounds: int) -> dict[str, list[float]]:
    """Seconds, and more, of each figure."""
    notes = Notes()
    async with ground() as place:
        await place.fill(rules, bare=False, deploy=False, **FIELDS)
        running = place.start()
        try:
            await place.ready(running, 0)
            began = time.monotonic()
            await place.add(place.names)
            await place.ready(running, rules)
            notes.take("created until all are read", time.monotonic() - began)
            for _ in range(rounds):
                await fill_and_purge(place, notes)
            await rest(place, running, notes)
            running.stop(PATIENCE)
            began = time.monotonic()
            running = place.start()
            await place.ready(running, rules)
            notes.take("restarted until all are read", time.monotonic() - began)
        finally:
            running.stop(PATIENCE)
    return notes.found


async def fill_and_purge(place: Ground, notes: Notes) -> None:
    """Up to 10 replicas each, and back to 0."""
    async with Seen(place.api, bool) as active, Seen(place.api, lambda count: count == 10) as full:
        began = time.monotonic()
        await asyncio.to_thread(place.publish, 50)
        ones = [each - began for each in await active.until(place.names)]
        tens = [each - began for each in await full.until(place.names)]
    for count, times in (("1 or more", ones), ("10", tens)):
        notes.take(f"all queues fill: first at {count}", times[0])
        notes.take(f"all queues fill: median at {count}", statistics.median(times))
        notes.take(f"all queues fill: 99 of 100 at {count}", times[int(0.99 * (len(times) - 1))])
        notes.take(f"all queues fill: last at {count}", times[-1])
    # So that the last reading before the purge is one of work, which the cooldown begins with.
    await asyncio.sleep(6)
    async with Seen(place.api, lambda count: count == 0) as empty:
        began = time.monotonic()
        await place.purge()
        zeros = [each - began for each in await empty.until(place.names)]
    notes.take("purged: first at 0", zeros[0])
    notes.take("purged: last at 0", zeros[-1])


async def rest(place: Ground, running: Running, notes: Notes) -> None:
    """What it takes when nothing changes."""
    await asyncio.sleep(15)
    before, began = cpu(running), time.monotonic()
    await asyncio.sleep(30)
    notes.take("idle, processor seconds a minute", 60 * (cpu(running) - before) / (time.monotonic() - began))
    notes.take("resident memory", memory(running))
    notes.take("connections to the broker", place.broker.connections(place.stage.vhost))


def figures(rules: Sequence[int] = (100, 1000), rounds: int = 5) -> Iterator[Figure]:
    """Held against KEDA's; `purged: first at 0` must not come before the cooldown, less one interval."""
    for count in rules:
        for name, values in asyncio.run(play(count, rounds)).items():
            unit = _UNITS.get(name, "s")
            keda = KEDA.get((count, name))
            beside = None if keda is None else ("KEDA 2.20.2", [keda])
            aim = 0.1 if count == 1000 and name in _GROWS else None
            yield Figure(f"{count:,} rules, 5 s: {name}", unit, values, beside, aim, ratio=aim is not None)


#: What of KEDA's grows with the number of rules.
_GROWS: Final = (
    "created until all are read",
    "restarted until all are read",
    "all queues fill: last at 1 or more",
    "all queues fill: last at 10",
)
_UNITS: Final = {"resident memory": "MiB", "connections to the broker": ""}


if __name__ == "__main__":
    for each in figures():
        print(*each.cells(), sep=" | ", flush=True)
