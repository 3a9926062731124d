"""From a publish to the patched Deployments, against the time that bare PATCHes of as many Deployments take.

`python -m benchmarks.reaction [--rules 100 1000] [--rounds 5]`. N queues fill at once by a fanout exchange; a watch of
its own sees each Deployment reach 1 replica. The bare PATCHes go to N Deployments without a rule on the same API
server, as many in flight as the scaler has, between the rounds. Then one rule alone, at random phases of its interval.
"""

import argparse
import asyncio
import json
import random
import ssl
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import psutil

from benchmarks.machine import machine
from tests.cluster.access import ADMIN_TOKEN
from tests.cluster.client import worker
from tests.cluster.control_plane import ControlPlane
from tests.e2e.stage import Stage
from tests.rabbitmq_server import RabbitmqServer
from tests.running import Running

INTERVAL = 1.0
IN_FLIGHT = 32


class Seen:
    """When each Deployment was first seen with replicas, by a watch of our own."""

    def __init__(self, api: "Api") -> None:
        self.times: dict[str, float] = {}
        self._api = api
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Seen":
        page = await self._api.call("GET", self._api.path + "?limit=1")
        version = page["metadata"]["resourceVersion"]
        self._task = asyncio.create_task(self._watch(version))
        await asyncio.sleep(0.2)
        return self

    async def __aexit__(self, *error: object) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def until(self, names: list[str], seconds: float = 60) -> list[float]:
        """The times of all these, sorted."""
        async with asyncio.timeout(seconds):
            while not self.times.keys() >= set(names):
                await asyncio.sleep(0.01)
        return sorted(self.times[name] for name in names)

    async def _watch(self, version: str) -> None:
        async for event in self._api.watch(version):
            found = event["object"]
            if found.get("spec", {}).get("replicas"):
                self.times.setdefault(found["metadata"]["name"], time.monotonic())


class Api:
    """The API server, for an administrator in one namespace."""

    def __init__(self, plane: ControlPlane, namespace: str, session: aiohttp.ClientSession) -> None:
        self.path = f"/apis/apps/v1/namespaces/{namespace}/deployments"
        self._server = plane.server
        self._session = session
        self._turn = asyncio.Semaphore(IN_FLIGHT)

    async def call(self, method: str, path: str, body: Any = None, kind: str = "application/json") -> Any:
        """One request, at most IN_FLIGHT at a time."""
        data = None if body is None else json.dumps(body)
        async with (
            self._turn,
            self._session.request(method, self._server + path, data=data, headers={"Content-Type": kind}) as answer,
        ):
            answer.raise_for_status()
            return await answer.json()

    async def watch(self, version: str) -> AsyncIterator[Any]:
        """Events after a version."""
        address = f"{self._server}{self.path}?watch=true&resourceVersion={version}"
        async with self._session.get(address, timeout=aiohttp.ClientTimeout(total=None)) as answer:
            async for line in answer.content:
                yield json.loads(line)

    async def scale(self, names: list[str], replicas: int) -> float:
        """Bare PATCHes of all these; the seconds until the last is answered."""
        started = time.monotonic()
        merge, body = "application/merge-patch+json", {"spec": {"replicas": replicas}}
        await asyncio.gather(*(self.call("PATCH", f"{self.path}/{name}/scale", body, merge) for name in names))
        return time.monotonic() - started


class Trial:
    """A cluster, a broker, and a scaler on them."""

    def __init__(self, plane: ControlPlane, broker: RabbitmqServer, folder: Path) -> None:
        self.plane = plane
        self.broker = broker
        self.folder = folder

    async def burst(self, rules: int, rounds: int) -> dict[str, float]:
        """`rules` queues that fill at once, `rounds` times; medians in seconds, CPU seconds, MiB."""
        names, bare = [f"rule-{n}" for n in range(rules)], [f"bare-{n}" for n in range(rules)]
        firsts, lasts, bares, cpu = [], [], [], []
        async with self._namespace(names, bare) as (api, stage, running):
            process = psutil.Process(running.pid)
            idle = await self._idle(process)
            for _ in range(rounds):
                bares.append(await api.scale(bare, 1))
                await api.scale(bare, 0)
                before = _cpu(process)
                async with Seen(api) as seen:
                    published = time.monotonic()
                    await asyncio.to_thread(self._publish, stage, 5)
                    times = await seen.until(names)
                firsts.append(times[0] - published)
                lasts.append(times[-1] - published)
                cpu.append(_cpu(process) - before)
                await asyncio.to_thread(stage.vhost.purge, *names)
                await _until(lambda: not any(stage.all_replicas().values()))
            memory = process.memory_info().rss / 2**20
        bound = statistics.median(last / (2 * alone + INTERVAL) for last, alone in zip(lasts, bares, strict=True))
        return {
            "rules": rules,
            "first_s": statistics.median(firsts),
            "last_s": statistics.median(lasts),
            "last_max_s": max(lasts),
            "bare_s": statistics.median(bares),
            "of_aim": bound,
            "burst_cpu_s": statistics.median(cpu),
            "idle_cpu_s_per_min": idle,
            "rss_mib": memory,
        }

    async def alone(self, samples: int) -> list[float]:
        """One rule: seconds from a publish at a random time to the patched Deployment."""
        found = []
        async with self._namespace(["rule-0"], []) as (api, stage, _):
            for _ in range(samples):
                await asyncio.sleep(random.uniform(0, 1))
                async with Seen(api) as seen:
                    published = time.monotonic()
                    await asyncio.to_thread(stage.vhost.publish, "rule-0", 5)
                    found.append((await seen.until(["rule-0"]))[0] - published)
                await asyncio.to_thread(stage.vhost.purge, "rule-0")
                await _until(lambda: not stage.replicas("rule-0"))
        return found

    @asynccontextmanager
    async def _namespace(self, names: list[str], bare: list[str]) -> AsyncIterator[tuple[Api, Stage, Running]]:
        client = self.plane.client
        stage = Stage(client, client.create_namespace(), self.broker.create_vhost())
        stage.vhost.declare(*names)
        with stage.vhost.channel() as channel:
            channel.exchange_declare("everywhere", "fanout")
            for name in names:
                channel.queue_bind(name, "everywhere")
        stage.deploy_all(names, pollingInterval=INTERVAL, cooldownPeriod=1)
        for name in bare:
            client.create(stage.namespace, worker(name, {}, 0))
        running = Running(self.folder, self.plane.scaler_kubeconfig(), (f"--watch-namespace={stage.namespace}",), {})
        try:
            running.wait_ready()
            await asyncio.to_thread(stage.wait_for_rules, running, "ready", len(names), 120)
            async with _session(self.plane) as session:
                yield Api(self.plane, stage.namespace, session), stage, running
        finally:
            running.stop()
            self.broker.delete_vhost(stage.vhost)

    async def _idle(self, process: psutil.Process, seconds: float = 15) -> float:
        """CPU seconds a minute without a change, once the start is over."""
        await asyncio.sleep(7)
        before = _cpu(process)
        await asyncio.sleep(seconds)
        return (_cpu(process) - before) * 60 / seconds

    def _publish(self, stage: Stage, messages: int) -> None:
        with stage.vhost.channel() as channel:
            for _ in range(messages):
                channel.basic_publish("everywhere", "", b"work")


def _session(plane: ControlPlane) -> aiohttp.ClientSession:
    context = ssl.create_default_context(cafile=str(plane.ca))
    connector = aiohttp.TCPConnector(ssl=context, limit=0)
    headers = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
    return aiohttp.ClientSession(connector=connector, headers=headers, read_bufsize=2**21)


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


async def _until(done: Any) -> None:
    async with asyncio.timeout(60):
        while not await asyncio.to_thread(done):
            await asyncio.sleep(0.2)


async def _measure(rules: list[int], rounds: int) -> None:
    with tempfile.TemporaryDirectory(prefix="reaction-") as scratch:
        folder = Path(scratch)
        plane, broker = ControlPlane(folder / "cluster", kwok=False), RabbitmqServer(folder / "rabbitmq")
        try:
            plane.start()
            plane.install()
            broker.start()
            trial = Trial(plane, broker, folder)
            for count in rules:
                print(json.dumps({name: round(value, 3) for name, value in (await trial.burst(count, rounds)).items()}))
            found = sorted(await trial.alone(4 * rounds))
            p50, p90 = statistics.median(found), found[int(0.9 * (len(found) - 1))]
            print(json.dumps({"rules": 1, "samples": len(found), "p50_s": round(p50, 3), "p90_s": round(p90, 3)}))
        finally:
            broker.discard()
            plane.stop()


def main() -> None:
    """Measure and print, one JSON object a line after the machine."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rules", type=int, nargs="+", default=[100, 1000])
    options.add_argument("--rounds", type=int, default=5)
    given = options.parse_args()
    print(f"# {machine()}")
    print(f"# interval {INTERVAL:g} s, {given.rounds} rounds, medians; of_aim = last / (2 x bare + interval), aim <= 1")
    asyncio.run(_measure(given.rules, given.rounds))


if __name__ == "__main__":
    main()
