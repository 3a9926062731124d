"""Where histories outlive the process: ConfigMaps of the scaler's namespace, many rules in each, written seldom.

Not in annotations of the Deployment: its controller copies those to ReplicaSets, and a rollback brings old ones back.
"""

import asyncio
import hashlib
import logging
from collections.abc import Collection, Iterable
from typing import Final

from scaler.kube import Kube, KubeError, Object
from scaler.outbox import Outbox, Urgency
from scaler.record import Record, parsed, render
from scaler.resource import CONFIG_MAPS, Resource
from scaler.shard import Shares
from scaler.state import BadState
from scaler.target import Key

_log = logging.getLogger("scaler")

BUCKETS: Final = 64
#: Least seconds between two writes of one bucket.
PACE: Final = 10.0
#: Seconds that reading all of them may take: they are up to 32 MiB.
PATIENCE: Final = 60.0
#: The most that a bucket may hold, in bytes. etcd takes objects up to 1.5 MiB.
MOST: Final = 512 * 1024
#: By this label they are found.
LABEL: Final = "scalerule.dev/state"


class Store:
    """Records by the uid of their Deployment. Those of rules that are another process' are never written."""

    def __init__(self, kube: Kube, outbox: Outbox, shares: Shares, namespace: str) -> None:
        self._kube = kube
        self._outbox = outbox
        self._shares = shares
        self._namespace = namespace
        self._records: dict[str, Record] = {}
        self._present: set[int] = set()
        self._changed: dict[int, dict[str, Key]] = {}
        self._written_at: dict[int, float] = {}
        self._timers: dict[int, asyncio.TimerHandle] = {}
        self._sizes: dict[int, dict[str, int]] = {}
        self._failing = False

    async def load(self) -> None:
        """Read everything but what is ours already. A record that cannot be read is a first sight. Raises KubeError."""
        items = await self._kube.list_labelled(CONFIG_MAPS, self._namespace, LABEL, PATIENCE)
        self._records = {uid: record for uid, record in self._records.items() if self._shares.ours(record.key)}
        for item in items:
            self._present.add(int(item["metadata"]["labels"][LABEL]))
            for uid, text in (item.get("data") or {}).items():
                if uid not in self._records:
                    self._take(uid, text)

    def get(self, uid: str) -> Record | None:
        """What is known of a Deployment."""
        return self._records.get(uid)

    def put(self, uid: str, record: Record) -> None:
        """Remember; written soon where it is worth a write."""
        before = self._records.get(uid)
        self._records[uid] = record
        if before is None or before.ended or before.essence() != record.essence():
            self._change(uid, record.key)

    def forget(self, uid: str) -> None:
        """Of a Deployment that is gone, or no longer managed."""
        record = self._records.pop(uid, None)
        if record is not None:
            self._change(uid, record.key)

    def keep_only(self, resource: Resource, uids: Collection[str], namespace: str | None) -> None:
        """Forget what of ours is not among all targets of a kind in a namespace (None: in the cluster)."""
        gone = {uid: record.key for uid, record in self._records.items() if uid not in uids}
        for uid, key in gone.items():
            if key.place[0] == str(resource) and namespace in (None, key.namespace) and self._shares.ours(key):
                self.forget(uid)

    async def hand_over(self, uids: Iterable[str]) -> None:
        """Write these for the last time, so that their cooldowns go on where they are, and know them no more."""
        known = {uid: self._records[uid] for uid in uids if uid in self._records}
        for uid, record in known.items():
            self._records[uid] = record._replace(ended=True)
            self._changed.setdefault(_bucket(uid), {})[uid] = record.key
        buckets = {_bucket(uid) for uid in known}
        for bucket in buckets:
            if timer := self._timers.pop(bucket, None):
                timer.cancel()
        await asyncio.gather(*(self._write(bucket) for bucket in buckets))
        for uid in known:
            del self._records[uid]
            # Not to be tried again: it would remove what the next one writes.
            self._changed.get(_bucket(uid), {}).pop(uid, None)

    def _take(self, uid: str, text: str) -> None:
        try:
            self._records[uid] = parsed(text)
        except BadState as error:
            _log.warning("what was stored of a rule cannot be read", extra={"uid": uid, "error": str(error)})

    def _change(self, uid: str, key: Key) -> None:
        bucket = _bucket(uid)
        self._changed.setdefault(bucket, {})[uid] = key
        if bucket not in self._timers:
            loop = asyncio.get_running_loop()
            at = self._written_at.get(bucket, -PACE) + PACE
            self._timers[bucket] = loop.call_at(max(at, loop.time()), self._send, bucket)

    def _send(self, bucket: int) -> None:
        self._timers.pop(bucket, None)
        self._written_at[bucket] = asyncio.get_running_loop().time()
        self._outbox.put(Urgency.STATE, lambda: self._write(bucket))

    async def _write(self, bucket: int) -> None:
        changed = self._held(self._changed.pop(bucket, {}))
        if not changed:
            return
        data = {uid: self._text(bucket, uid) for uid in sorted(changed)}
        try:
            if bucket in self._present:
                await self._patch(bucket, data)
            elif any(data.values()):
                await self._create(bucket, data)
            self._failing = False
        except KubeError as error:
            for uid, key in changed.items():
                self._change(uid, key)
            self._tell(error)

    def _held(self, changed: dict[str, Key]) -> dict[str, Key]:
        """What may be written now. What is ours but for the Lease at this moment comes again."""
        held = {uid: key for uid, key in changed.items() if self._shares.holds(key)}
        for uid, key in changed.items():
            if uid not in held and self._shares.ours(key):
                self._change(uid, key)
        return held

    async def _patch(self, bucket: int, data: Object) -> None:
        try:
            await self._kube.patch(CONFIG_MAPS, self._namespace, _name(bucket), {"data": data})
        except KubeError as error:
            if error.status == 404:
                self._present.discard(bucket)
            raise

    async def _create(self, bucket: int, data: Object) -> None:
        metadata = {"name": _name(bucket), "labels": {LABEL: str(bucket), "app.kubernetes.io/name": "scalerule"}}
        texts = {uid: text for uid, text in data.items() if text is not None}
        try:
            await self._kube.create(CONFIG_MAPS, self._namespace, {"metadata": metadata, "data": texts})
        except KubeError as error:
            if error.status != 409:
                raise
            await self._patch(bucket, data)
        self._present.add(bucket)

    def _tell(self, error: KubeError) -> None:
        """Once: it is tried again until it works."""
        if not self._failing:
            _log.warning("histories cannot be stored; a restart now makes cooldowns anew", extra={"error": str(error)})
        self._failing = True

    def _text(self, bucket: int, uid: str) -> str | None:
        """None, which removes it, also where the bucket is full: the rule is a first sight after a restart."""
        record, sizes = self._records.get(uid), self._sizes.setdefault(bucket, {})
        sizes.pop(uid, None)
        text = None if record is None else render(record)
        if text is None or sum(sizes.values()) + len(text) > MOST:
            return None
        sizes[uid] = len(text)
        return text


def _bucket(uid: str) -> int:
    return int.from_bytes(hashlib.blake2b(uid.encode(), digest_size=2).digest()) % BUCKETS


def _name(bucket: int) -> str:
    return f"scalerule-state-{bucket:02}"
