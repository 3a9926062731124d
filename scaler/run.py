"""`scaler run`: builds the parts, connects them, and runs them until told to stop."""

import asyncio
import contextlib
import logging
import os
import socket
import time
from collections.abc import AsyncIterator

from aiohttp import web

from scaler.destination import Destinations
from scaler.fetch import Fetcher
from scaler.grants import Granted, granted
from scaler.journal import Journal
from scaler.kube import Kube, KubeError
from scaler.loop import Loop, Parts
from scaler.metrics import Metrics
from scaler.outbox import Outbox
from scaler.poll import Poll
from scaler.report import Report, lost
from scaler.settings import Settings
from scaler.store import Store
from scaler.tick import Ticks
from scaler.vault import Vault
from scaler.watch import Watch
from scaler.web import listen, metrics_site, rules_site
from scalers import Dial

_log = logging.getLogger("scaler")

#: Seconds between two attempts to read what was stored.
RETRY = 1.0
#: Seconds that writes under way get to end when the process is told to.
FAREWELL = 2.0


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Scale until `stop` is set.

    Raises KubeError where there is no way to a cluster, OSError for a port in use, BadGrants for a file that says
    nothing clear.
    """
    grants = granted(settings.identities) if settings.identities else Granted()
    _log.info("starting", extra=settings.shown())
    metrics = Metrics()
    kube = await Kube.connect(settings.kubeconfig, settings.context, metrics.request)
    ticks, outbox = Ticks(), Outbox(settings.writes_in_flight, lost)
    report = Report(kube, outbox, metrics, time.time, os.environ.get("HOSTNAME", socket.gethostname()))
    own = (settings.metrics_address, settings.page_address)
    destinations = Destinations(settings.allowed, kube.host, own)
    poll = Poll(Dial(settings.read_timeout, destinations.resolve), ticks, metrics)
    fetcher = Fetcher(kube, settings.scaler_namespace or kube.namespace, settings.file_root)
    vault = Vault(fetcher.fetch)
    store, journal = Store(kube, outbox, settings.scaler_namespace or kube.namespace), Journal(time.time())
    parts = Parts(kube, poll, vault, outbox, report, grants, store, journal)
    loop = Loop(parts, time.time, settings.let_go_after)
    watch = Watch(kube, settings.watch_namespace, loop)
    tasks = {
        "watch": asyncio.create_task(_watch(store, watch)),
        "outbox": asyncio.create_task(outbox.run()),
    }
    try:
        async with _sites(settings, metrics, report, journal, tasks, watch):
            ticks.start()
            await _until(stop, tasks)
    finally:
        tasks["watch"].cancel()
        ticks.stop()
        store.end()
        await outbox.drain(FAREWELL)
        tasks["outbox"].cancel()
        await asyncio.gather(*tasks.values(), return_exceptions=True)
        await vault.close()
        await poll.close()
        await kube.close()
        _log.info("stopped; every count stays as it is")


async def _watch(store: Store, watch: Watch) -> None:
    """Nothing is decided before it is known what was decided before."""
    await _load(store)
    await watch.run()


async def _load(store: Store) -> None:
    while True:
        try:
            await store.load()
            return
        except KubeError as error:
            if error.status in (401, 403):
                _log.error("histories cannot be read; every cooldown starts anew", extra={"error": str(error)})
                return
            _log.warning("histories cannot be read yet", extra={"error": str(error)})
            await asyncio.sleep(RETRY)


async def _until(stop: asyncio.Event, tasks: dict[str, asyncio.Task[None]]) -> None:
    """Until told to stop, or until a part that must never end has ended."""
    told = asyncio.create_task(stop.wait())
    await asyncio.wait({told, *tasks.values()}, return_when=asyncio.FIRST_COMPLETED)
    told.cancel()
    for task in tasks.values():
        if task.done():
            task.result()


@contextlib.asynccontextmanager
async def _sites(
    settings: Settings,
    metrics: Metrics,
    report: Report,
    journal: Journal,
    tasks: dict[str, asyncio.Task[None]],
    watch: Watch,
) -> AsyncIterator[None]:
    def alive() -> str | None:
        ended = [name for name, task in tasks.items() if task.done()]
        return f"ended: {', '.join(ended)}" if ended else None

    def ready() -> str | None:
        return None if watch.synced.is_set() else "the Deployments have not been listed yet"

    runners: list[web.AppRunner] = []
    try:
        runners.append(await listen(metrics_site(metrics.page, alive, ready), settings.metrics_address))
        page = settings.page_address
        runners.append(await listen(rules_site(report.rows, journal.told, page), page))
        yield
    finally:
        for runner in runners:
            await runner.cleanup()
