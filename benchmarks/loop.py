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
from typing import Any

from benchmarks.figure import Figure
from scaler.decide import Replicas, decide
from scaler.grants import Granted
from scaler.history import History
from scaler.journal import Journal
from scaler.kube import Kube
from scaler.loop import Loop, Parts
from scaler.metrics import Metrics
from scaler.outbox import Outbox
from scaler.parse import parse
from scaler.poll import Poll
from scaler.report import Report, lost
from scaler.resource import DEPLOYMENTS
from scaler.rival import Rivals
from scaler.rule import Rule
from scaler.run import COLLECTION
from scaler.shard import Alone
from scaler.store import Store
from scaler.target import Key, Target
from scaler.tick import Ticks
from scaler.vault import Vault
from scalers import Dial, Reading
from tests.rules import annotations

START = 1_790_000_000.0
INTERVAL = 15.0
#: Milliseconds, by the number of rules.
AIMS = {1000: 75.0, 10_000: 300.0}


class Stand:
    """A loop with so many rules. What it wants to send stays where it is."""

    def __init__(self, rules: int) -> None:
        self.now = START
        self.keys = [Key("shop", f"worker-{number:05}") for number in range(rules)]
        unsent: Kube = None  # type: ignore[assignment]
        outbox, metrics, shares = Outbox(32, lost), Metrics(), Alone()
        shares.first_round.set()
        report = Report(unsent, outbox, shares, metrics, self.clock, "bench")
        poll = Poll(Dial(5.0, _nowhere), Ticks(), metrics)
        store, journal = Store(unsent, outbox, shares, "home"), Journal(START)
        vault = Vault(_nothing)
        grants = Granted()
        parts = Parts(unsent, poll, vault, outbox, report, grants, store, journal, shares, Rivals(), (DEPLOYMENTS,))
        self.loop = Loop(parts, self.clock, 60.0)
        marks = annotations(pollingInterval=INTERVAL, cooldownPeriod=0, initialCooldownPeriod=0)
        seen = [Target(key, f"uid-{key.name}", "1", 0, 0, marks, None, False) for key in self.keys]
        self.loop.listed(DEPLOYMENTS, seen, None)

    def clock(self) -> float:
        return self.now

    def hear(self, value: float) -> float:
        """Milliseconds until all rules are decided on by this reading."""
        self.now += INTERVAL
        answers = {key: {"orders": Reading(value, value)} for key in self.keys}
        due = asyncio.get_running_loop().time()
        began = time.perf_counter()
        self.loop.hear(answers, due)
        return 1000 * (time.perf_counter() - began)


async def _nowhere(host: str, port: int) -> str:
    raise OSError(host, port)


async def _nothing(reference: Any) -> Any:
    return None


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
        for value in readings[:-1]:
            stand.hear(value)
        gc.collect()
        gc.freeze()
        times.append(stand.hear(readings[-1]))
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
