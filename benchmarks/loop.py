"""From readings to decisions: `python -m benchmarks.loop`.

The real loop with everything that it keeps and tells: journal, histories, series, conditions, events. All rules are
fed by one broker and due at once; readings are those of before, or such that every count changes, and then the time is
that until all patches are in the outbox. What the API server takes is no part of it: nothing is sent. Held against the
decisions alone, without keeping or telling anything.
"""

import asyncio
import gc
import time
from collections.abc import Iterator, Sequence

from benchmarks.figure import Figure
from scaler.decide import Replicas, decide
from scaler.history import History
from scaler.parse import parse
from scaler.rule import Rule
from scaler.run import COLLECTION
from scalers import Reading
from tests.rules import annotations
from tests.stand import INTERVAL, START, Stand

#: Milliseconds, by the number of rules.
AIMS = {1000: 75.0, 10_000: 300.0}


def hear(stand: Stand, value: float) -> float:
    """Milliseconds until all rules are decided on by this reading."""
    began = time.perf_counter()
    stand.hear(value)
    return 1000 * (time.perf_counter() - began)


def alone(rules: int, rounds: int) -> list[float]:
    """Milliseconds of the same number of decisions, and nothing besides."""
    rule = parse(annotations(pollingInterval=INTERVAL, cooldownPeriod=0, initialCooldownPeriod=0))
    assert isinstance(rule, Rule)
    pasts, times = [History.begin(3, START)] * rules, list[float]()
    for number in range(1, rounds + 2):
        now = START + number * INTERVAL
        began = time.perf_counter()
        pasts = [decide(rule, {"orders": Reading(25.0, 25.0)}, Replicas(3, 3), past, now).history for past in pasts]
        times.append(1000 * (time.perf_counter() - began))
    return times[1:]


async def heard(rules: int, readings: Sequence[float], rounds: int) -> list[float]:
    """Milliseconds for the last of these readings, each time by rules that begin anew, as `scaler run` has them."""
    times = []
    for _ in range(rounds):
        stand = Stand(rules)
        stand.shares.first_round.set()
        await stand.begin()
        assert len(stand.report.rows()) == rules
        for value in readings[:-1]:
            stand.hear(value)
        gc.collect()
        gc.freeze()
        times.append(hear(stand, readings[-1]))
        gc.unfreeze()
    return times


def figures(rules: Sequence[int] = (1000, 10_000), rounds: int = 5) -> Iterator[Figure]:
    """Aims: 75 ms for 1,000, 300 ms for 10,000."""
    gc.set_threshold(*COLLECTION)
    for count in rules:
        bare, aim = alone(count, rounds), AIMS.get(count)
        for name, readings in (("as before", (0, 0, 0)), ("that change every count", (0, 0, 25))):
            times = asyncio.run(heard(count, readings, rounds))
            what = f"{count:,} rules, readings {name}, until all are decided and their patches under way"
            yield Figure(what, "ms", times, ("the decisions alone", bare), aim)


if __name__ == "__main__":
    for each in figures():
        print(*each.cells(), sep=" | ")
