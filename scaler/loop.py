"""The loop: what was seen and what was read meet here, and are decided on.

Everything runs on one event loop; nothing that a rule does can end it.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import Final, NamedTuple, TypeVar

from scaler import rollback
from scaler.grants import Grants
from scaler.journal import Journal
from scaler.kube import Kube, KubeError
from scaler.outbox import Outbox
from scaler.parse import parse
from scaler.poll import Answers, Poll
from scaler.report import Report
from scaler.resource import REPLICA_SETS, Resource
from scaler.rival import Ref, Rivals
from scaler.rule import InvalidRule, Rule
from scaler.scaling import Scaling
from scaler.shard import Shares
from scaler.store import Store
from scaler.surroundings import Surroundings
from scaler.target import Key, Target
from scaler.vault import Vault
from scaler.workload import Workload
from scalers import LoginRefused

_log = logging.getLogger("scaler")

T = TypeVar("T")

#: So many targets are taken in before others have their turn; some 20 ms.
SLICE: Final = 50


class Parts(NamedTuple):
    """What the loop works with."""

    kube: Kube
    poll: Poll
    vault: Vault
    outbox: Outbox
    report: Report
    grants: Grants
    store: Store
    journal: Journal
    shares: Shares
    rivals: Rivals
    kinds: tuple[Resource, ...]


class Loop:
    """Owns every managed Deployment (and what else is scaled) and its history.

    `clock` is wall time in seconds, for histories. `grace` is how long (seconds) a rule that disappeared may come back
    as if it had never been away.
    """

    def __init__(self, parts: Parts, clock: Callable[[], float], grace: float) -> None:
        self._kube, self._poll, self._vault, outbox, self._report, self._grants = parts[:6]
        self._store, self._journal, self._shares, self._rivals, self._kinds = parts[6:]
        self._clock = clock
        self._grace = grace
        self._workloads: dict[Key, Workload] = {}
        # Of every Deployment with a rule or a trace of one, also where it is another process' to scale.
        self._seen: dict[Key, Target] = {}
        self._complete: dict[Resource, tuple[frozenset[str], str | None]] = {}
        self._scaling = Scaling(self._kube, outbox, self._report, self._store, self, clock)
        self._poll.deliver = self.hear
        self._vault.deliver = self.reread
        self._rivals.changed = self.contest

    async def listed(self, resource: Resource, seen: Sequence[Target], namespace: str | None) -> None:
        """All targets of a kind in a namespace (None: in the cluster) were listed: what is not among them is gone."""
        async for each in _slowly(seen):
            self.upsert(each)
        known = {key for key, target in self._seen.items() if target.resource == resource}
        for key in known - {each.key for each in seen}:
            self.remove(key)
        self._complete[resource] = frozenset(each.uid for each in seen), namespace
        self._tidy()

    def _tidy(self) -> None:
        """Forget what is remembered of targets that are gone, once both are known."""
        for resource, (uids, namespace) in self._complete.items():
            self._store.keep_only(resource, uids, namespace)

    async def learn(self) -> None:
        """Some rules will be ours: read what others remembered of them. Raises KubeError."""
        try:
            await self._store.load()
        except KubeError as error:
            if error.status not in (401, 403):
                raise
            _log.error("histories cannot be read; every cooldown starts anew", extra={"error": str(error)})

    async def gained(self) -> None:
        """Some rules are ours from now on."""
        async for key in _slowly(list(self._seen)):
            # Seen anew or gone meanwhile.
            if key in self._seen and key not in self._workloads:
                self.upsert(self._seen[key])
        self._tidy()

    async def lost(self, orderly: bool) -> None:
        """Some rules are not ours any more: let go of them, and wait for what is under way."""
        gone = [workload for key, workload in self._workloads.items() if not self._shares.ours(key)]
        for workload in gone:
            key = workload.target.key
            del self._workloads[key]
            self._stop_reading(key)
            self._report.forget(key)
            self._journal.forget(key)
        await asyncio.gather(*(workload.patching for workload in gone if workload.patching))
        if orderly:
            await self._store.hand_over(workload.target.uid for workload in gone)

    def upsert(self, seen: Target) -> None:
        """A Deployment was listed, added or changed. A fault in one touches no other."""
        try:
            self._upsert(seen)
        except Exception:
            _log.exception("a Deployment could not be taken in; its count is held", extra={"rule": str(seen.key)})

    def _upsert(self, seen: Target) -> None:
        if former := self._seen.get(seen.key):
            seen = seen.like(former)
        if seen.managed or seen.status is not None:
            self._seen[seen.key] = seen
        else:
            self._seen.pop(seen.key, None)
        if not self._shares.ours(seen.key):
            return
        workload = self._workloads.get(seen.key)
        if workload is not None and workload.target.uid != seen.uid:
            self.remove(seen.key)
            workload = None
        if workload is None:
            self._begin(seen)
        else:
            self._follow(workload, seen)

    def remove(self, key: Key) -> None:
        """A Deployment was deleted."""
        self._seen.pop(key, None)
        workload = self._workloads.pop(key, None)
        if workload is not None:
            self._stop_reading(key)
            self._forget_all(workload)

    def _forget_all(self, workload: Workload) -> None:
        self._report.let_go(workload.target.key)
        self._journal.forget(workload.target.key)
        self._store.forget(workload.target.uid)

    def hear(self, answers: Answers, due: float) -> None:
        """One broker was read: decide on every rule that it feeds."""
        for key, read in answers.items():
            workload = self._workloads.get(key)
            if workload is None:
                continue
            workload.hear(read, due)
            if any(isinstance(answer, LoginRefused) for answer in read.values()):
                self._vault.refresh(key)
            if workload.decidable and not workload.patching:
                self.decide(workload)

    def contest(self, ref: Ref) -> None:
        """Another autoscaler came to a target, or went."""
        for kind in self._kinds:
            workload = self._workloads.get(Key.of(kind, ref.namespace, ref.name))
            if workload is not None and Ref.of(workload.target) == ref:
                workload.rival = self._rivals.of(workload.target)
                self._rule_changed(workload)

    def reread(self, keys: Iterable[Key]) -> None:
        """Objects that these rules refer to were read, and are not what they were."""
        for key in keys:
            workload = self._workloads.get(key)
            if workload is None or workload.gone_at is not None:
                continue
            try:
                rule = self._read_rule(workload.target)
                if rule != workload.rule:
                    workload.follow(rule)
                    self._rule_changed(workload)
            except Exception:
                _log.exception("a rule could not be read; its count is held", extra={"rule": str(key)})

    def _read_rule(self, seen: Target) -> Rule | InvalidRule:
        around = Surroundings(seen.key.namespace, seen.containers, self._vault.objects, self._grants)
        return parse(seen.annotations, around)

    def _begin(self, seen: Target) -> None:
        if not seen.managed:
            self._left(seen)
            return
        record = self._store.get(seen.uid)
        workload = self._workloads[seen.key] = Workload.begin(seen, self._read_rule(seen), self._clock(), record)
        workload.rival = self._rivals.of(seen)
        self._rule_changed(workload)

    def _left(self, seen: Target) -> None:
        """A Deployment without a rule: it may have lost it while nobody looked."""
        record = self._store.get(seen.uid)
        if record is not None and record.restores:
            self._scaling.restore(seen, record.original)
        self._store.forget(seen.uid)
        if seen.status is not None:
            self._report.clear_status(seen)

    def _follow(self, workload: Workload, seen: Target) -> None:
        former = workload.target
        changed = workload.see(seen, self._clock())
        if workload.target is seen and rollback.possible(former, seen):
            workload.rollback = asyncio.create_task(self._look_back(workload, former, seen))
        if changed:
            workload.follow(self._read_rule(workload.target))
        if not workload.target.managed:
            self._let_go(workload)
            return
        back, workload.gone_at = workload.gone_at is not None, None
        workload.rolled_back = False
        if workload.target.deleting:
            self._stop_reading(seen.key)
        elif changed or back:
            self._rule_changed(workload)

    def _stop_reading(self, key: Key) -> None:
        self._poll.unsubscribe(key)
        self._vault.subscribe(key, frozenset())

    def _rule_changed(self, workload: Workload) -> None:
        self._vault.subscribe(workload.target.key, workload.rule.references)
        if isinstance(workload.rule, Rule):
            self._poll.subscribe(workload.target.key, workload.rule)
        else:
            self._poll.unsubscribe(workload.target.key)
        if workload.decidable and not workload.patching:
            self.decide(workload)
        else:
            self._report.state(workload)

    def _let_go(self, workload: Workload) -> None:
        """The rule disappeared: nothing is decided from now on; it is forgotten unless it comes back soon."""
        if workload.gone_at is not None:
            return
        loop = asyncio.get_running_loop()
        workload.gone_at = loop.time()
        self._stop_reading(workload.target.key)
        loop.call_later(self._grace, self._forget, workload, workload.gone_at)

    def _forget(self, workload: Workload, gone_at: float) -> None:
        key = workload.target.key
        if self._workloads.get(key) is workload and workload.gone_at == gone_at:
            del self._workloads[key]
            if workload.record.restores:
                self._scaling.restore(workload.target, workload.original, workload)
            self._forget_all(workload)
            self._report.clear_status(workload.target)

    async def _look_back(self, workload: Workload, former: Target, seen: Target) -> None:
        """Annotations and pod template changed together: was that a rollback?"""
        try:
            former_ones, _ = await self._kube.list_all(REPLICA_SETS, seen.key.namespace, rollback.Revision.of)
        except KubeError as error:
            _log.warning("cannot tell whether this was a rollback", extra={"rule": str(seen.key), "error": str(error)})
            return
        name = rollback.came_back(seen, former_ones)
        if name is not None:
            workload.rolled_back = not seen.managed
            self._report.rolled_back(seen, name, rollback.changed(former, seen))

    def decide(self, workload: Workload) -> None:
        """Decide on one rule, so that a fault in it touches no other."""
        try:
            self._decide(workload)
        except Exception:
            _log.exception("a decision failed; the count is held", extra={"rule": str(workload.target.key)})

    def _decide(self, workload: Workload) -> None:
        decision = workload.decide(self._clock())
        self._note(workload)
        if workload.due is not None and not isinstance(workload.rule, InvalidRule):
            self._report.decided(workload, decision, asyncio.get_running_loop().time() - workload.due)
        self._report.state(workload)
        if workload.wants_write:
            if workload.rival is None and workload.contest.may_write(self._clock()):
                self._scaling.write(workload)
            else:
                workload.not_scaled()

    def _note(self, workload: Workload) -> None:
        self._journal.note(workload)
        self._store.put(workload.target.uid, workload.record)

    def decide_again(self, workload: Workload) -> None:
        """Decide on the same readings for what changed meanwhile, within a write."""
        workload.decide_again(self._clock())
        self._note(workload)

    def owns(self, key: Key) -> bool:
        """Whether it is ours to scale, at this very moment."""
        return self._shares.owns(key)

    def still_ours(self, workload: Workload) -> bool:
        """Whether a decision on it may be written."""
        key = workload.target.key
        return self._workloads.get(key) is workload and workload.gone_at is None and self.owns(key)


async def _slowly(several: Iterable[T]) -> AsyncIterator[T]:
    """Slice by slice: 10,000 rules take seconds to read, in which Leases have to be renewed and others decided on."""
    for number, each in enumerate(several, 1):
        yield each
        if not number % SLICE:
            await asyncio.sleep(0)
