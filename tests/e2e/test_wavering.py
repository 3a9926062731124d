"""A Lease that runs out for a moment: what is to be written of a rule then is written when it is there again."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

import pytest

from scaler.history import History
from scaler.kube import Kube
from scaler.metrics import Metrics
from scaler.outbox import Outbox
from scaler.parse import parse
from scaler.record import Record
from scaler.report import Report, lost
from scaler.shard import Alone
from scaler.status import SOON
from scaler.store import LABEL, PACE, Store
from scaler.target import STATUS, Key, Target
from scaler.workload import Workload
from scalers import Reading
from tests.cluster.access import Access
from tests.cluster.client import worker
from tests.rules import annotations
from tests.wait import wait

_NAME = "orders"


class Wavering(Alone):
    """Every rule is ours all the time, its Lease now and then."""

    def __init__(self) -> None:
        super().__init__()
        self.first_round.set()
        self.asked = self.there = False

    def holds(self, key: Key) -> bool:
        self.asked = True
        return self.there


class Office:
    """What tells and what remembers, on a real API server."""

    def __init__(self, kube: Kube, namespace: str) -> None:
        self.shares = Wavering()
        self.outbox = Outbox(4, lost)
        self.report = Report(kube, self.outbox, self.shares, Metrics(), time.time, "scaler-a")
        self.store = Store(kube, self.outbox, self.shares, namespace)


@pytest.fixture
async def office(cluster: Access, namespace: str) -> AsyncIterator[Office]:
    kube = await Kube.connect(cluster.kubeconfig, None)
    office = Office(kube, namespace)
    task = asyncio.create_task(office.outbox.run())
    yield office
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    await kube.close()


async def until(true: Callable[[], object], seconds: float, what: str) -> None:
    """Not by waiting for it in this thread, in which it happens."""
    await asyncio.to_thread(wait, true, seconds, what)


async def test_a_status_is_written_later(office: Office, cluster: Access, namespace: str) -> None:
    def written() -> bool:
        return STATUS in cluster.client.get(namespace, _NAME)["metadata"].get("annotations", {})

    created = await asyncio.to_thread(cluster.client.create, namespace, worker(_NAME, {}, 3))
    marks, now = annotations(), time.time()
    target = Target(Key(namespace, _NAME), created["metadata"]["uid"], "1", 3, 3, marks, "kubectl", False)
    workload = Workload.begin(target, parse(marks), now, None)
    workload.hear({"orders": Reading(20.0, 20.0)}, now)
    workload.decide(now)
    office.report.state(workload)
    await office.outbox.drain(5)
    assert office.shares.asked
    assert not await asyncio.to_thread(written)
    office.shares.there = True
    await until(written, SOON + 5, "the status")


async def test_a_record_is_written_later(office: Office, cluster: Access, namespace: str) -> None:
    def stored() -> list[str]:
        path = f"/api/v1/namespaces/{namespace}/configmaps"
        items = cluster.client.call("GET", path, labelSelector=LABEL)["items"]
        return [uid for item in items for uid in item.get("data") or {}]

    office.store.put("uid-1", Record(Key(namespace, _NAME), 3, History.begin(3, time.time())))
    await until(lambda: office.shares.asked, 5, "an attempt to write")
    await office.outbox.drain(5)
    assert await asyncio.to_thread(stored) == []
    office.shares.there = True
    await until(lambda: stored() == ["uid-1"], PACE + 5, "the record")
