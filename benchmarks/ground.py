"""Where a scene plays: a real API server, a real RabbitMQ, Deployments with a queue each, and the scaler.

All on loopback, in a folder of its own, and gone with the scene.
"""

import asyncio
import json
import ssl
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import aiohttp
import psutil

from scaler.target import RULE
from tests.cluster.access import ADMIN_TOKEN
from tests.cluster.client import worker
from tests.cluster.control_plane import ControlPlane
from tests.e2e.stage import Stage
from tests.rabbitmq_server import RabbitmqServer
from tests.running import Running

#: Requests of ours under way at once, as many as the scaler's own writes.
IN_FLIGHT: Final = 32
PATIENCE: Final = 600.0


class Seen:
    """When each Deployment was first seen at a count that `holds`, by a watch of our own; loop-independent seconds."""

    def __init__(self, api: "Api", holds: Callable[[int], bool]) -> None:
        self.times: dict[str, float] = {}
        self._holds = holds
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

    async def until(self, names: Sequence[str], seconds: float = 600) -> list[float]:
        """The times of all these, sorted."""
        async with asyncio.timeout(seconds):
            while not self.times.keys() >= set(names):
                await asyncio.sleep(0.01)
        return sorted(self.times[name] for name in names)

    async def _watch(self, version: str) -> None:
        while True:
            async for event in self._api.watch(version):
                if event["type"] == "ERROR":
                    break
                self._note(event["object"])
            # The API server ends the watch of who does not keep up, as we on two cores beside all the rest.
            page = await self._api.call("GET", self._api.path)
            version = page["metadata"]["resourceVersion"]
            for each in page["items"]:
                self._note(each)

    def _note(self, found: Any) -> None:
        if self._holds(found.get("spec", {}).get("replicas", 0)):
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

    async def create(self, deployments: Iterable[dict[str, Any]]) -> None:
        """All of these."""
        await asyncio.gather(*(self.call("POST", self.path, each) for each in deployments))

    async def edit(self, name: str, annotations: Mapping[str, str]) -> None:
        """Set annotations."""
        body = {"metadata": {"annotations": annotations}}
        await self.call("PATCH", f"{self.path}/{name}", body, "application/merge-patch+json")

    async def delete(self, name: str) -> None:
        """Remove one."""
        await self.call("DELETE", f"{self.path}/{name}")

    async def scale(self, names: Sequence[str], replicas: int) -> float:
        """Bare PATCHes of all these; the seconds until the last is answered."""
        started = time.monotonic()
        merge, body = "application/merge-patch+json", {"spec": {"replicas": replicas}}
        await asyncio.gather(*(self.call("PATCH", f"{self.path}/{name}/scale", body, merge) for name in names))
        return time.monotonic() - started


class Ground:
    """`names` are the Deployments with a rule, `bare` as many without, for who wants to patch them."""

    def __init__(
        self, folder: Path, plane: ControlPlane, broker: RabbitmqServer, session: aiohttp.ClientSession
    ) -> None:
        self.plane = plane
        self.broker = broker
        self.names: list[str] = []
        self.bare: list[str] = []
        self.stage = Stage(plane.client, plane.client.create_namespace(), broker.create_vhost())
        self.api = Api(plane, self.stage.namespace, session)
        self._folder = folder
        self._fields: dict[str, Any] = {}
        self._http = False

    async def fill(self, rules: int, bare: bool, http: bool = False, deploy: bool = True, **fields: Any) -> None:
        """So many rules, each on a queue of its own that an exchange `everywhere` fills; or the queues alone."""
        self._fields, self._http = fields, http
        self.names = [f"rule-{number}" for number in range(rules)]
        self.bare = [f"bare-{number}" for number in range(rules if bare else 0)]
        await asyncio.to_thread(self._declare)
        if deploy:
            await self.add(self.names)
        await self.api.create(worker(name, {}, 0) for name in self.bare)

    async def add(self, names: Iterable[str]) -> None:
        """Deployments with a rule, for queues that are there."""
        await self.api.create(worker(name, self.marks(name), 0) for name in names)

    def marks(self, name: str, **fields: Any) -> dict[str, str]:
        """The annotations of one."""
        return {RULE: self.stage.rule(name, http=self._http, **{**self._fields, **fields})}

    def publish(self, messages: int) -> None:
        """So many into every queue."""
        with self.stage.vhost.channel() as channel:
            for _ in range(messages):
                channel.basic_publish("everywhere", "", b"work")

    async def purge(self) -> None:
        """Every queue."""
        await asyncio.to_thread(self.stage.vhost.purge, *self.names)

    def start(self) -> Running:
        """The scaler, without waiting for anything."""
        flags = (f"--watch-namespace={self.stage.namespace}",)
        return Running(self._folder, self.plane.scaler_kubeconfig(), flags, {})

    async def ready(self, running: Running, rules: int) -> None:
        """Until so many rules have been read since it started; by its log, since a scrape of 10,000 takes a second."""
        running.wait_ready(PATIENCE)
        await until(lambda: running.logged(b'"ready": "True"') >= rules)

    def _declare(self) -> None:
        with self.stage.vhost.channel() as channel:
            channel.exchange_declare("everywhere", "fanout", durable=True)
            for name in self.names:
                channel.queue_declare(name, durable=True)
                channel.queue_bind(name, "everywhere")


@asynccontextmanager
async def ground(controllers: bool = True) -> AsyncIterator[Ground]:
    """One, without pods: with `controllers` Deployments have ReplicaSets whose pods stay Pending."""
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        folder = Path(scratch)
        plane, broker = ControlPlane(folder / "cluster", kwok=False), RabbitmqServer(folder / "rabbitmq")
        try:
            plane.start()
            plane.install()
            broker.start()
            async with _session(plane) as session:
                place = Ground(folder, plane, broker, session)
                if not controllers:
                    plane.stop_controllers()
                yield place
        finally:
            broker.discard()
            plane.stop()


def _session(plane: ControlPlane) -> aiohttp.ClientSession:
    context = ssl.create_default_context(cafile=str(plane.ca))
    connector = aiohttp.TCPConnector(ssl=context, limit=0)
    headers = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
    return aiohttp.ClientSession(connector=connector, headers=headers, read_bufsize=2**21)


def cpu(running: Running) -> float:
    """Seconds of processor time so far."""
    times = psutil.Process(running.pid).cpu_times()
    return float(times.user + times.system)


def memory(running: Running) -> float:
    """Resident, in MiB."""
    return float(psutil.Process(running.pid).memory_info().rss) / 2**20


async def until(done: Callable[[], bool]) -> None:
    """Looks ten times a second, beside the loop."""
    async with asyncio.timeout(PATIENCE):
        while not await asyncio.to_thread(done):
            await asyncio.sleep(0.1)
