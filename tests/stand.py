"""The real loop with everything that it keeps and tells: only what it wants to send goes nowhere."""

import asyncio
from typing import Any, Final

from scaler.grants import Granted
from scaler.journal import Journal
from scaler.kube import Kube
from scaler.loop import Loop, Parts
from scaler.metrics import Metrics
from scaler.outbox import Outbox
from scaler.poll import Poll
from scaler.report import Report, lost
from scaler.resource import DEPLOYMENTS
from scaler.rival import Rivals
from scaler.shard import Alone
from scaler.store import Store
from scaler.target import Key, Target
from scaler.tick import Ticks
from scaler.vault import Vault
from scalers import Dial, Reading
from tests.rules import annotations

START: Final = 1_790_000_000.0
INTERVAL: Final = 15.0
KINDS: Final = (DEPLOYMENTS,)


class Stand:
    """A loop with so many rules."""

    def __init__(self, rules: int) -> None:
        self.now = START
        self.keys = [Key("shop", f"worker-{number:05}") for number in range(rules)]
        unsent: Kube = None  # type: ignore[assignment]
        outbox, metrics, shares = Outbox(32, lost), Metrics(), Alone()
        self.shares = shares
        self.report = Report(unsent, outbox, shares, metrics, self.clock, "bench")
        poll = Poll(Dial(3600.0, _nowhere), Ticks(), metrics)
        store, journal = Store(unsent, outbox, shares, "home"), Journal(START)
        vault = Vault(_nothing)
        parts = Parts(unsent, poll, vault, outbox, self.report, Granted(), store, journal, shares, Rivals(), KINDS)
        self.loop = Loop(parts, self.clock, 60.0)

    async def begin(self) -> None:
        """All rules are there."""
        marks = annotations(pollingInterval=INTERVAL, cooldownPeriod=0, initialCooldownPeriod=0)
        seen = [Target(key, f"uid-{key.name}", "1", 0, 0, marks, None, False) for key in self.keys]
        await self.loop.listed(DEPLOYMENTS, seen, None)

    def clock(self) -> float:
        return self.now

    def hear(self, value: float) -> None:
        """The broker was read: every queue has this length."""
        self.now += INTERVAL
        answers = {key: {"orders": Reading(value, value)} for key in self.keys}
        self.loop.hear(answers, asyncio.get_running_loop().time())


async def _nowhere(host: str, port: int) -> str:
    """Nothing is read but what is heard."""
    await asyncio.Event().wait()
    return host


async def _nothing(reference: Any) -> Any:
    return None
