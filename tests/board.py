"""What a scaler knows of rules, without a cluster: real decisions, report and journal; nothing of it is sent."""

import math
from collections.abc import Mapping
from typing import Any

from scaler.journal import Journal
from scaler.kube import Kube
from scaler.metrics import Metrics
from scaler.outbox import Outbox
from scaler.parse import parse
from scaler.report import Report, lost
from scaler.rule import Rule
from scaler.shard import Alone
from scaler.target import Key, Target
from scaler.trace import Past
from scaler.workload import Workload
from scalers import Reading, ScalerError
from tests.rules import annotations, trigger

START = 1_790_000_000.0


class Board:
    """Time goes on only by `pass_by`. What would be sent to a cluster is never sent: there is none."""

    def __init__(self) -> None:
        self.now = START
        self.wrong: str | None = None
        self.shares: dict[str, int] = {}
        self.owner: str | None = None
        self.identity = "scaler-a"
        unsent: Kube = None  # type: ignore[assignment]
        self.report = Report(unsent, Outbox(1, lost), Alone(), Metrics(), lambda: self.now, self.identity)
        self.journal = Journal(START)
        self.workloads: dict[Key, Workload] = {}

    def rule(self, name: str, *triggers: dict[str, Any], replicas: int = 0, **fields: Any) -> Workload:
        """A Deployment `NAMESPACE/NAME` with a rule comes to be."""
        key = Key(*name.split("/", 1))
        marks = annotations(*triggers, **{"cooldownPeriod": 120, "initialCooldownPeriod": 0, **fields})
        target = Target(key, f"uid-{name}", "1", replicas, replicas, marks, None, False)
        workload = self.workloads[key] = Workload.begin(target, parse(marks), self.now, None)
        self.report.state(workload)
        return workload

    def poll(self, name: str, answer: float | str, **others: float | str) -> None:
        """Its first trigger, and others by name, were read; the decision is carried out at once."""
        workload = self.workloads[Key(*name.split("/", 1))]
        first = workload.rule.triggers[0].name if isinstance(workload.rule, Rule) else ""
        workload.hear({trigger: _read(each) for trigger, each in {first: answer, **others}.items()}, self.now)
        self.decide(name)

    def decide(self, name: str) -> None:
        """As after a change of the rule."""
        workload = self.workloads[Key(*name.split("/", 1))]
        decision = workload.decide(self.now)
        self.journal.note(workload)
        self.report.state(workload)
        before = workload.target.replicas
        if workload.wants_write:
            workload.scaled(decision, str(int(workload.target.version) + 1), self.now)
            workload.ready = decision.replicas
            self.report.scaled(workload, decision, before, 0.1)
            self.report.state(workload)

    def pass_by(self, seconds: float) -> None:
        self.now += seconds

    def unsettled(self) -> str | None:
        return self.wrong

    def rows(self) -> list[dict[str, Any]]:
        return self.report.rows()

    def row(self, key: Key) -> dict[str, Any] | None:
        return self.report.row(key)

    def told(self, key: Key) -> dict[str, Any] | None:
        return self.journal.told(key)

    def past(self, key: Key) -> Past | None:
        return self.journal.past(key)

    def holders(self) -> Mapping[str, int]:
        return self.shares

    def holder(self, key: Key) -> str | None:
        return self.owner


def _read(answer: float | str) -> Reading | ScalerError:
    return Reading(answer, answer) if isinstance(answer, int | float) else ScalerError(answer)


def scene() -> Board:
    """An hour of eight rules, one for each state that people look for."""
    board = Board()
    queue = "<script>alert(1)</script>"
    board.rule("shop/orders", trigger("orders"), trigger(queue), maxReplicaCount=40)
    board.rule("shop/mails", maxReplicaCount=3)
    board.rule("shop/idle")
    board.rule("pay/invoices", fallback={"failureThreshold": 3, "replicas": 4})
    board.rule("pay/mistaken", minReplicaCount=-1)
    board.rule("pay/payouts")
    board.rule("etl/nightly", marks={"paused": "true"})
    board.rule("etl/new")
    board.decide("pay/mistaken")
    refused = "cannot reach rabbit:5672: connection refused"
    for step in range(240):
        board.pass_by(15)
        wave = max(0.0, 150 * math.sin(step / 25) + 20 * math.sin(step / 3))
        other = "the broker answered 500" if 100 < step < 120 else max(0.0, 60 * math.cos(step / 30))
        board.poll("shop/orders", _whole(wave), **{queue: _whole(other)})
        board.poll("shop/mails", 90 if step > 60 else 3)
        board.poll("shop/idle", 0)
        board.poll("pay/invoices", 30 if step < 200 else refused)
        board.poll("pay/payouts", 30 if step < 230 else refused)
        board.poll("etl/nightly", 5)
    return board


def _whole(answer: float | str) -> float | str:
    return answer if isinstance(answer, str) else round(answer)
