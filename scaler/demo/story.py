"""The main job, played: two bursts into a queue, and a Deployment that the real scaler takes from 0 to N and back."""

import asyncio
import contextlib
import json
import logging
import secrets
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from rich.console import Console

from scaler.demo.broker import Broker
from scaler.demo.cluster import Cluster
from scaler.demo.crew import Crew, Desk
from scaler.demo.picture import Picture
from scaler.demo.record import Record, Sample
from scaler.kube import Kube
from scaler.resource import DEPLOYMENTS

#: Runs the real scaler with a kubeconfig on a namespace until the event is set.
RunScaler: TypeAlias = Callable[[Path | None, str, asyncio.Event], Awaitable[None]]

#: Seconds into the demo, and how many messages come at once.
BURSTS = ((3.0, 400), (30.0, 160))
#: It ends when the count is back at 0 after the last burst, and at the latest after so many seconds.
LONGEST = 90.0
_LOOK = 0.25


@dataclass(frozen=True)
class Options:
    """Where to play: None is the embedded default."""

    kubeconfig: Path | None = None
    context: str | None = None
    rabbitmq: str | None = None
    namespace: str = "default"


class Stage:
    """The Deployment, the queue, the workers."""

    def __init__(self, kube: Kube, namespace: str, broker_url: str) -> None:
        self.name = f"scalerule-demo-{secrets.token_hex(3)}"
        self.namespace = namespace
        self._kube = kube
        self._url = broker_url
        self.crew = Crew(broker_url, self.name)
        self.desk: Desk

    async def __aenter__(self) -> "Stage":
        self.desk = await asyncio.to_thread(Desk, self._url, self.name)
        await self._kube.create(DEPLOYMENTS, self.namespace, _deployment(self.name, self._url))
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._kube.delete(DEPLOYMENTS, self.namespace, self.name)
        await asyncio.to_thread(self.crew.dismiss)
        await asyncio.to_thread(self.desk.close)

    async def look(self, record: Record) -> None:
        """One sample; the workers follow the pods that are ready."""
        found = await self._kube.get(DEPLOYMENTS, self.namespace, self.name)
        ready = found.get("status", {}).get("readyReplicas", 0)
        self.crew.follow(ready)
        depth = self.desk.published - self.crew.done.total
        record.samples.append(Sample(record.now, depth, found["spec"]["replicas"], ready))


async def play(options: Options, run_scaler: RunScaler, console: Console) -> Record:
    """Play it and return what happened. Raises KubeError, OSError where something cannot be reached."""
    record = Record()
    log = logging.getLogger("scaler")
    handlers, propagate = list(log.handlers), log.propagate
    log.handlers, log.propagate = [record], False
    log.setLevel(logging.INFO)
    try:
        async with _place(options) as (kubeconfig, kube, url):
            stop = asyncio.Event()
            scaler = asyncio.ensure_future(run_scaler(kubeconfig, options.namespace, stop))
            try:
                async with Stage(kube, options.namespace, url) as stage:
                    await _act(stage, record, scaler, Picture(console, record))
            finally:
                stop.set()
                await scaler
    finally:
        log.handlers, log.propagate = handlers, propagate
    return record


async def _act(stage: Stage, record: Record, scaler: "asyncio.Future[None]", picture: Picture) -> None:
    to_come = list(BURSTS)
    with picture:
        while record.now < LONGEST and not scaler.done():
            if to_come and record.now >= to_come[0][0]:
                _, messages = to_come.pop(0)
                await asyncio.to_thread(stage.desk.publish, messages)
                record.bursts.append((record.now, messages))
            await stage.look(record)
            picture.show()
            last = record.samples[-1]
            if not to_come and not last.depth and not last.replicas:
                break
            await asyncio.sleep(_LOOK)
    record.published, record.processed = stage.desk.published, stage.crew.done.total
    record.left = await asyncio.to_thread(stage.desk.left)
    picture.summary()


@contextlib.asynccontextmanager
async def _place(options: Options) -> AsyncIterator[tuple[Path | None, Kube, str]]:
    """A cluster and a broker: embedded ones, except where the options name real ones."""
    async with contextlib.AsyncExitStack() as stack:
        kubeconfig, url = options.kubeconfig, options.rabbitmq
        if kubeconfig is None and options.context is None:
            cluster = await stack.enter_async_context(Cluster())
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="scalerule-demo-"))
            kubeconfig = cluster.kubeconfig(Path(folder) / "kubeconfig")
        if url is None:
            url = (await stack.enter_async_context(Broker())).url
        kube = await Kube.connect(kubeconfig, options.context)
        stack.push_async_callback(kube.close)
        yield kubeconfig, kube, url


def _deployment(name: str, url: str) -> dict[str, Any]:
    """A worker with a rule: 40 messages a replica, at most 10."""
    metadata = {"host": url, "queueName": name, "mode": "QueueLength", "value": "40"}
    rule = {
        "triggers": [{"type": "rabbitmq", "name": "queue", "metadata": metadata}],
        "pollingInterval": "1s",
        "cooldownPeriod": "5s",
        "initialCooldownPeriod": "0s",
        "maxReplicaCount": 10,
        # The default window is 5 minutes: more than a demo has.
        "behavior": {
            "scaleUp": {"policies": [{"type": "Pods", "value": 10, "periodSeconds": 1}]},
            "scaleDown": {"stabilizationWindowSeconds": 3},
        },
    }
    labels = {"app": name}
    pod = {"containers": [{"name": "worker", "image": "registry.k8s.io/pause:3.10"}]}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "annotations": {"scalerule.dev/rule": json.dumps(rule)}},
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }
