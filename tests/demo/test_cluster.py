"""The demo's cluster answers our client as a real API server does; tests/e2e has these on a real one."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from scaler.demo.cluster import STARTUP, Cluster
from scaler.kube import Kube, KubeError
from scaler.resource import DEPLOYMENTS, EVENTS

NAME = ("default", "orders")
BODY = {"metadata": {"name": "orders", "annotations": {"a": "b"}}, "spec": {"replicas": 0}}


@pytest.fixture
async def cluster() -> AsyncIterator[Cluster]:
    async with Cluster() as cluster:
        yield cluster


@pytest.fixture
async def kube(cluster: Cluster, tmp_path: Path) -> AsyncIterator[Kube]:
    kube = await Kube.connect(cluster.kubeconfig(tmp_path / "kubeconfig"), None)
    await kube.create(DEPLOYMENTS, "default", BODY)
    yield kube
    await kube.close()


async def precondition(kube: Kube) -> dict[str, str]:
    metadata = (await kube.get(DEPLOYMENTS, *NAME))["metadata"]
    return {"uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"]}


async def test_scaling_is_a_new_generation_and_names_the_writer(kube: Kube) -> None:
    scale = await kube.patch_scale(DEPLOYMENTS, *NAME, await precondition(kube), 3)
    found = await kube.get(DEPLOYMENTS, *NAME)
    assert (scale["kind"], scale["spec"]["replicas"], found["spec"]["replicas"]) == ("Scale", 3, 3)
    assert found["metadata"]["generation"] == 2
    assert found["metadata"]["managedFields"][0]["manager"] == "scalerule"
    assert scale["metadata"]["resourceVersion"] == found["metadata"]["resourceVersion"]


async def test_a_status_annotation_is_no_new_generation(kube: Kube) -> None:
    uid = (await precondition(kube))["uid"]
    await kube.patch_status(DEPLOYMENTS, *NAME, uid, {"status": "fine", "a": None})
    metadata = (await kube.get(DEPLOYMENTS, *NAME))["metadata"]
    assert (metadata["generation"], metadata["annotations"]) == (1, {"status": "fine"})


@pytest.mark.parametrize("stale", ["uid", "resourceVersion"])
async def test_what_was_not_decided_on_is_a_conflict(kube: Kube, stale: str) -> None:
    wrong = await precondition(kube) | {stale: "1"}
    with pytest.raises(KubeError) as refused:
        await kube.patch_scale(DEPLOYMENTS, *NAME, wrong, 3)
    assert refused.value.status == 409


async def test_what_is_not_there_is_not_found(kube: Kube) -> None:
    with pytest.raises(KubeError) as refused:
        await kube.get(DEPLOYMENTS, "default", "nobody")
    assert refused.value.status == 404


async def test_pods_are_ready_a_little_later(kube: Kube) -> None:
    await kube.patch_scale(DEPLOYMENTS, *NAME, await precondition(kube), 3)
    assert not (await kube.get(DEPLOYMENTS, *NAME))["status"].get("readyReplicas")
    await asyncio.sleep(STARTUP + 0.2)
    assert (await kube.get(DEPLOYMENTS, *NAME))["status"]["readyReplicas"] == 3


async def test_a_watch_sees_every_change_in_order(kube: Kube) -> None:
    _, version = await kube.list_all(DEPLOYMENTS, "default", dict)
    seen = []

    async def watch() -> None:
        async for event in kube.watch(DEPLOYMENTS, "default", version):
            seen.append((event["type"], event["object"]["spec"]["replicas"]))
            if event["type"] == "DELETED":
                return

    task = asyncio.create_task(watch())
    for count in (1, 2):
        await kube.patch_scale(DEPLOYMENTS, *NAME, await precondition(kube), count)
    await kube.delete(DEPLOYMENTS, *NAME)
    await asyncio.wait_for(task, 5)
    counts = [count for kind, count in seen if kind == "MODIFIED"]
    assert sorted(counts) == counts
    assert seen[-1] == ("DELETED", 2)


async def test_a_watch_from_too_long_ago_is_gone(kube: Kube) -> None:
    uid = (await precondition(kube))["uid"]
    for number in range(1010):
        await kube.patch_status(DEPLOYMENTS, *NAME, uid, {"number": str(number)})
    with pytest.raises(KubeError) as refused:
        async for _ in kube.watch(DEPLOYMENTS, "default", "2"):
            pass
    assert refused.value.status == 410


async def test_events_are_kept_and_counted(kube: Kube, cluster: Cluster) -> None:
    await kube.create(EVENTS, "default", {"metadata": {"name": "e1"}, "reason": "Scaled", "count": 1})
    await kube.patch(EVENTS, "default", "e1", {"count": 2})
    assert cluster.events == [{"metadata": {"name": "e1"}, "reason": "Scaled", "count": 2}]
