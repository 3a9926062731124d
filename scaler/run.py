"""`scaler run`: builds the parts, connects them, and runs them until told to stop."""

import asyncio
import contextlib
import gc
import logging
import os
import socket
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, NamedTuple

from aiohttp import web

from scaler.destination import Destinations
from scaler.fetch import Fetcher
from scaler.grants import Granted, Grants, Unbound, granted
from scaler.journal import Journal
from scaler.kube import FIELD_MANAGER, Kube
from scaler.lease import Place
from scaler.loop import Loop, Parts
from scaler.metrics import Metrics
from scaler.outbox import Outbox
from scaler.poll import Poll
from scaler.report import Report, lost
from scaler.rival import Rival, Rivals
from scaler.settings import Settings
from scaler.shard import Alone, Shards
from scaler.store import Store
from scaler.target import Key, Target
from scaler.targets import Targets
from scaler.tick import Ticks
from scaler.trace import Past
from scaler.vault import Vault
from scaler.watch import Watch
from scaler.web import listen, metrics_site, rules_site
from scalers import Dial

_log = logging.getLogger("scaler")

#: Seconds that writes under way get to end when the process is told to.
FAREWELL = 2.0
#: Containers made and not dropped until the collector of cyclic garbage looks at the youngest; so many such looks until
#: it looks at the older ones, and at all; and the seconds after which what there is counts as there for ever.
COLLECTION, SETTLED = (100_000, 10, 10), 60.0


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Scale until `stop` is set.

    Raises KubeError where there is no way to a cluster, OSError for a port in use, BadGrants for a file that says
    nothing clear.
    """
    grants = granted(settings.identities) if settings.identities else Granted()
    _log.info("starting", extra=settings.shown())
    metrics, identity = Metrics(), settings.identity or _identity()
    kube = await Kube.connect(settings.kubeconfig, settings.context, metrics.request, f"{FIELD_MANAGER}/{identity}")
    home = settings.scaler_namespace or kube.namespace
    place = Place(home, identity, settings.lease_duration, f"http://{settings.page_address}")
    shares = Shards(kube, place, settings.watch_namespace or "cluster", settings.shards) if settings.shards else Alone()
    ticks, outbox = Ticks(), Outbox(settings.writes_in_flight, lost)
    report = Report(kube, outbox, shares, metrics, time.time, identity)
    own = (settings.metrics_address, settings.page_address, settings.webhook_address)
    destinations = Destinations(settings.allowed, kube.host, [each for each in own if each])
    poll = Poll(Dial(settings.read_timeout, destinations.resolve), ticks, metrics)
    vault = Vault(Fetcher(kube, home, settings.file_root).fetch)
    store, journal = Store(kube, outbox, shares, home), Journal(time.time())
    rivals = Rivals()
    parts = Parts(kube, poll, vault, outbox, report, grants, store, journal, shares, rivals, settings.kinds)
    loop = Loop(parts, time.time, settings.let_go_after)
    watches = [Watch(kube, settings.watch_namespace, Targets(kind, loop)) for kind in settings.kinds]
    rival_watch = Watch(kube, settings.watch_namespace, rivals)
    tasks = {
        "rivals": asyncio.create_task(rival_watch.run()),
        "shards": asyncio.create_task(_share(rival_watch, shares, loop)),
        "outbox": asyncio.create_task(outbox.run()),
        **{str(kind): asyncio.create_task(watch.run()) for kind, watch in zip(settings.kinds, watches, strict=True)},
    }
    try:
        _spare_the_settled()
        async with (
            _sites(settings, Shown(identity, metrics, report, journal, shares, watches), tasks),
            _webhook(settings, grants, metrics),
        ):
            ticks.start()
            await _until(stop, tasks)
    finally:
        heard = [task for name, task in tasks.items() if name != "outbox"]
        for task in heard:
            task.cancel()
        ticks.stop()
        await asyncio.gather(*heard, return_exceptions=True)
        await outbox.drain(FAREWELL)
        await _leave(shares, loop)
        tasks["outbox"].cancel()
        await asyncio.gather(*tasks.values(), return_exceptions=True)
        await vault.close()
        await poll.close()
        await kube.close()
        _log.info("stopped; every count stays as it is")


def _spare_the_settled() -> None:
    """A look at all that 10,000 rules hold takes most of a second, in which nothing is decided."""
    gc.set_threshold(*COLLECTION)
    asyncio.get_running_loop().call_later(SETTLED, gc.freeze)


def _webhook(settings: Settings, grants: Grants, metrics: Metrics) -> contextlib.AbstractAsyncContextManager[object]:
    address, folder = settings.webhook_address, settings.webhook_certificates
    if address is None or folder is None:
        return contextlib.nullcontext()
    # Only who serves one loads what it takes.
    from scaler.admission import Admission
    from scaler.webhook import webhook

    # Where no file allows anything, what a rule asks for is told by its condition, as `scaler validate` leaves it open.
    return webhook(Admission(grants if settings.identities else Unbound(), settings.kinds), address, folder, metrics)


async def _share(rivals: Watch[Rival], shares: Shards | Alone, loop: Loop) -> None:
    """Nothing is ours before it is known whose else it may be; a cluster that does not tell is no reason to wait."""
    await rivals.asked.wait()
    await shares.run(loop)


class Shown(NamedTuple):
    """What the sites show."""

    identity: str
    metrics: Metrics
    report: Report
    journal: Journal
    shares: Shards | Alone
    watches: Sequence[Watch[Target]]

    def page(self) -> bytes:
        """Of the metrics."""
        self.metrics.leads(self.shares.held())
        return self.metrics.page()

    def unready(self) -> str | None:
        """What has not been learnt yet since the start; None where all has."""
        # A kind that the cluster does not have must not keep the others waiting.
        asked = all(watch.asked.is_set() for watch in self.watches)
        if not asked or not any(watch.synced.is_set() for watch in self.watches):
            return "the scale targets have not been listed yet"
        return None if self.shares.first_round.is_set() else "no answer about the Leases yet"

    def unsettled(self) -> str | None:
        """Why some of our rules are not known yet; None where all are."""
        return self.unready() or (None if self.shares.settled() else "rules are being taken over or handed over")

    def rows(self) -> list[dict[str, Any]]:
        """Every rule of ours."""
        return self.report.rows()

    def row(self, key: Key) -> dict[str, Any] | None:
        """One of them."""
        return self.report.row(key)

    def told(self, key: Key) -> dict[str, Any] | None:
        """The last decisions on a rule of ours."""
        return self.journal.told(key)

    def past(self, key: Key) -> Past | None:
        """The last hour of one."""
        return self.journal.past(key)

    def holders(self) -> Mapping[str, int]:
        """Of how many shards each process has the Lease."""
        return self.shares.holders()

    def holder(self, key: Key) -> str | None:
        """Who has that of a rule."""
        return self.shares.holder(key)


def _identity() -> str:
    """The pod's name, which no other process has; outside a pod one that no other has either."""
    host = os.environ.get("HOSTNAME", socket.gethostname())
    return host if "KUBERNETES_SERVICE_HOST" in os.environ else f"{host.lower()}-{os.getpid()}"


async def _leave(shares: Shards | Alone, loop: Loop) -> None:
    try:
        async with asyncio.timeout(FAREWELL):
            await shares.leave(loop)
    except TimeoutError:
        _log.warning("ended without a word to the others: they take over when the Leases have run out")


async def _until(stop: asyncio.Event, tasks: dict[str, asyncio.Task[None]]) -> None:
    """Until told to stop, or until a part that must never end has ended."""
    told = asyncio.create_task(stop.wait())
    await asyncio.wait({told, *tasks.values()}, return_when=asyncio.FIRST_COMPLETED)
    told.cancel()
    for task in tasks.values():
        if task.done():
            task.result()


@contextlib.asynccontextmanager
async def _sites(settings: Settings, shown: Shown, tasks: dict[str, asyncio.Task[None]]) -> AsyncIterator[None]:
    def alive() -> str | None:
        ended = [name for name, task in tasks.items() if task.done()]
        return f"ended: {', '.join(ended)}" if ended else None

    runners: list[web.AppRunner] = []
    try:
        runners.append(await listen(metrics_site(shown.page, alive, shown.unready), settings.metrics_address))
        page = settings.page_address
        runners.append(await listen(rules_site(shown, page), page))
        yield
    finally:
        for runner in runners:
            await runner.cleanup()
