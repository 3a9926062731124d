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
from scaler.kube import Kube
from scaler.loop import Loop, Parts
from scaler.metrics import Metrics
from scaler.outbox import Outbox
from scaler.poll import Poll
from scaler.report import Report, lost
from scaler.settings import Settings
from scaler.tick import Ticks
from scaler.vault import Vault
from scaler.watch import Watch
from scaler.web import listen, metrics_site, rules_site
from scalers import Dial

_log = logging.getLogger("scaler")

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
    loop = Loop(Parts(kube, poll, vault, outbox, report, grants), time.time, settings.let_go_after)
    watch = Watch(kube, settings.watch_namespace, loop)
    tasks = {
        "watch": asyncio.create_task(watch.run()),
        "outbox": asyncio.create_task(outbox.run()),
    }
    try:
        async with _sites(settings, metrics, report, tasks, watch):
            ticks.start()
            await _until(stop, tasks)
    finally:
        tasks["watch"].cancel()
        ticks.stop()
        await outbox.drain(FAREWELL)
        tasks["outbox"].cancel()
        await asyncio.gather(*tasks.values(), return_exceptions=True)
        await vault.close()
        await poll.close()
        await kube.close()
        _log.info("stopped; every count stays as it is")


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
    settings: Settings, metrics: Metrics, report: Report, tasks: dict[str, asyncio.Task[None]], watch: Watch
) -> AsyncIterator[None]:
    def alive() -> str | None:
        ended = [name for name, task in tasks.items() if task.done()]
        return f"ended: {', '.join(ended)}" if ended else None

    def ready() -> str | None:
        return None if watch.synced.is_set() else "the Deployments have not been listed yet"

    runners: list[web.AppRunner] = []
    try:
        runners.append(await listen(metrics_site(metrics.page, alive, ready), settings.metrics_address))
        runners.append(await listen(rules_site(report.rows, settings.page_address), settings.page_address))
        yield
    finally:
        for runner in runners:
            await runner.cleanup()
