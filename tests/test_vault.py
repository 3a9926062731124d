"""What rules refer to is read once for all of them, and again in time, on a virtual clock."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from scaler.reference import Found, Reference
from scaler.target import Key
from scaler.vault import LEAST, PACE, SOON, Vault
from scalers.source import Absent

pytestmark = pytest.mark.looptime

A, B = Reference("secret", "shop", "a"), Reference("secret", "shop", "b")
ONE, TWO = Key("shop", "one"), Key("shop", "two")


class Cluster:
    """Objects in memory, and when each was read."""

    def __init__(self) -> None:
        self.objects: dict[Reference, Found | Absent | None] = {A: Found({"k": "1"}), B: Found({"k": "1"})}
        self.reads: list[tuple[float, Reference]] = []
        self.told: list[frozenset[Key]] = []
        self.vault = Vault(self.fetch)
        self.vault.deliver = lambda keys: self.told.append(frozenset(keys))

    async def fetch(self, reference: Reference) -> Found | Absent | None:
        self.reads.append((asyncio.get_running_loop().time(), reference))
        return self.objects[reference]


@pytest.fixture
async def cluster() -> AsyncIterator[Cluster]:
    made = Cluster()
    yield made
    await made.vault.close()


async def test_one_reading_serves_every_rule(cluster: Cluster) -> None:
    cluster.vault.subscribe(ONE, frozenset({A}))
    cluster.vault.subscribe(TWO, frozenset({A}))
    await asyncio.sleep(1)
    assert len(cluster.reads) == 1
    assert cluster.told == [frozenset({ONE, TWO})]
    assert cluster.vault.objects[A] == Found({"k": "1"})


async def test_a_changed_object_is_noticed_in_time(cluster: Cluster) -> None:
    cluster.vault.subscribe(ONE, frozenset({A}))
    cluster.vault.subscribe(TWO, frozenset({B}))
    await asyncio.sleep(1)
    cluster.objects[A] = Found({"k": "2"})
    await asyncio.sleep(PACE * 1.2)
    assert cluster.told == [frozenset({ONE}), frozenset({TWO}), frozenset({ONE})]


async def test_an_unchanged_object_is_no_news(cluster: Cluster) -> None:
    cluster.vault.subscribe(ONE, frozenset({A}))
    await asyncio.sleep(10 * PACE)
    assert len(cluster.told) == 1
    assert 8 <= len(cluster.reads) <= 14


async def test_a_missing_object_is_looked_for_sooner(cluster: Cluster) -> None:
    cluster.objects[A] = Absent("gone")
    cluster.vault.subscribe(ONE, frozenset({A}))
    await asyncio.sleep(1)
    cluster.objects[A] = Found({"k": "1"})
    await asyncio.sleep(SOON * 1.2)
    assert len(cluster.told) == 2


async def test_an_api_server_that_does_not_answer_changes_nothing(cluster: Cluster) -> None:
    cluster.vault.subscribe(ONE, frozenset({A}))
    await asyncio.sleep(1)
    cluster.objects[A] = None
    await asyncio.sleep(5 * PACE)
    assert cluster.vault.objects[A] == Found({"k": "1"})
    assert len(cluster.told) == 1


async def test_a_refused_login_asks_at_once_but_not_for_ever(cluster: Cluster) -> None:
    cluster.vault.subscribe(ONE, frozenset({A}))
    await asyncio.sleep(LEAST + 1)
    for _ in range(600):
        cluster.vault.refresh(ONE)
        await asyncio.sleep(0.1)
    times = [at for at, _ in cluster.reads]
    assert times[1] - times[0] == pytest.approx(LEAST + 1)
    assert 4 <= len(times) <= 7


async def test_after_a_calm_time_it_asks_at_once_again(cluster: Cluster) -> None:
    cluster.vault.subscribe(ONE, frozenset({A}))
    for _ in range(300):
        cluster.vault.refresh(ONE)
        await asyncio.sleep(0.1)
    await asyncio.sleep(3 * PACE)
    before = len(cluster.reads)
    cluster.vault.refresh(ONE)
    await asyncio.sleep(LEAST + 0.1)
    assert len(cluster.reads) > before


async def test_what_nobody_needs_is_forgotten(cluster: Cluster) -> None:
    cluster.vault.subscribe(ONE, frozenset({A, B}))
    cluster.vault.subscribe(TWO, frozenset({B}))
    await asyncio.sleep(1)
    cluster.vault.subscribe(ONE, frozenset())
    assert set(cluster.vault.objects) == {B}
    cluster.reads.clear()
    await asyncio.sleep(2 * PACE)
    assert {reference for _, reference in cluster.reads} == {B}
