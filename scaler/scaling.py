"""Sets counts: one write where the number differs, decided anew on whatever changed meanwhile."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from scaler.kube import Kube, KubeError
from scaler.outbox import Outbox, Urgency
from scaler.report import Report
from scaler.store import Store
from scaler.target import Key, Target, target
from scaler.workload import Workload

#: How often one count is tried before the next poll decides anew: conflicts and throttling.
ATTEMPTS = 5
#: Seconds to wait when the API server says that it is too busy, and does not say for how long.
BUSY = 1.0


class Decider(Protocol):
    """Who owns the workloads."""

    def owns(self, key: Key) -> bool:
        """Right before every write: whose Lease may have passed to another meanwhile writes nothing more."""

    def still_ours(self, workload: Workload) -> bool:
        """The same, and whether this is still the one of its key, with its rule."""

    def decide(self, workload: Workload) -> None:
        """Decide on what was seen or read while a write was under way."""

    def decide_again(self, workload: Workload) -> None:
        """Decide on the same readings, within a write."""

    def upsert(self, seen: Target) -> None:
        """A newer version of a target was read."""


class Scaling:
    """Writes what is decided, by way of the outbox. `clock` is wall time in seconds."""

    def __init__(
        self, kube: Kube, outbox: Outbox, report: Report, store: Store, decider: Decider, clock: Callable[[], float]
    ) -> None:
        self._kube = kube
        self._outbox = outbox
        self._report = report
        self._store = store
        self._decider = decider
        self._clock = clock

    def write(self, workload: Workload) -> None:
        """Set the count decided on when its turn comes; until then and until it is set the workload is `patching`."""
        assert workload.decision is not None
        workload.patching = asyncio.get_running_loop().create_future()
        up = workload.decision.replicas > workload.target.replicas
        self._outbox.put(Urgency.UP if up else Urgency.DOWN, lambda: self._scale(workload))

    def restore(self, seen: Target, replicas: int, workload: Workload | None = None) -> None:
        """The count of before the rule, unless there is a rule again, or it was a rollback that removed it."""
        urgency = Urgency.UP if replicas > seen.replicas else Urgency.DOWN
        self._outbox.put(urgency, lambda: self._put_back(seen, replicas, workload))

    async def _put_back(self, seen: Target, replicas: int, workload: Workload | None) -> None:
        if workload is not None and workload.rollback is not None:
            await asyncio.wait({workload.rollback})
            if workload.rolled_back:
                return
        for _ in range(ATTEMPTS):
            fresh = await self._fresh(seen)
            if fresh.uid != seen.uid or fresh.managed or fresh.replicas == replicas or not self._decider.owns(seen.key):
                return
            try:
                await self._kube.patch_scale(*seen.location, _precondition(fresh), replicas)
            except KubeError as error:
                if error.status != 409:
                    raise
                continue
            self._report.restored(fresh, replicas)
            return

    async def _scale(self, workload: Workload) -> None:
        try:
            await self._try_scale(workload)
        except KubeError as error:
            workload.not_scaled()
            if error.status != 404:
                self._report.scale_failed(workload, error)
        finally:
            done, workload.patching = workload.patching, None
            if self._decider.still_ours(workload):
                self._store.put(workload.target.uid, workload.record)
                self._catch_up(workload)
            if done is not None:
                done.set_result(None)

    def _catch_up(self, workload: Workload) -> None:
        """What was seen or read while the write was under way may ask for another count."""
        if workload.stale and workload.decidable:
            self._decider.decide(workload)

    async def _try_scale(self, workload: Workload) -> None:
        """Set the count, deciding again whenever something changed since: a newer reading, or the Deployment itself."""
        for _ in range(ATTEMPTS):
            if workload.stale and workload.decidable:
                self._decider.decide_again(workload)
            if workload.stale or not workload.wants_write:
                return
            if workload.rival or not self._decider.still_ours(workload):
                workload.not_scaled()
                return
            try:
                await self._patch(workload)
                return
            except KubeError as error:
                last = error
                await self._recover(workload, error)
        raise last

    async def _patch(self, workload: Workload) -> None:
        seen, decision = workload.target, workload.decision
        assert decision is not None
        workload.tried = decision.replicas
        scale = await self._kube.patch_scale(*seen.location, _precondition(seen), decision.replicas)
        workload.scaled(decision, scale["metadata"]["resourceVersion"], self._clock())
        if self._decider.still_ours(workload):
            reaction = None if workload.due is None else asyncio.get_running_loop().time() - workload.due
            self._report.scaled(workload, decision, seen.replicas, reaction)

    async def _recover(self, workload: Workload, error: KubeError) -> None:
        """Make another attempt sensible, or raise."""
        if error.status == 409:
            self._report.conflict()
            self._decider.upsert(await self._fresh(workload.target))
            if workload.decidable:
                self._decider.decide_again(workload)
        elif error.status == 429:
            await asyncio.sleep(error.retry_after or BUSY)
        else:
            raise error

    async def _fresh(self, seen: Target) -> Target:
        return target(await self._kube.get(*seen.location), seen.resource)


def _precondition(seen: Target) -> dict[str, str]:
    return {"uid": seen.uid, "resourceVersion": seen.version}
