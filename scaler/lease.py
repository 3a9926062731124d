"""One Kubernetes Lease: held by at most one process, given back when it ends, taken over when its holder is silent.

Source of the protocol: the Lease API and client-go's leaderelection; that of the Python client fails in ways that make
two leaders (docs/decisions/0011-shards.md).
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from scaler.kube import Kube, KubeError, Object
from scaler.resource import LEASES

#: Of the duration: after so much without a renewal the holder itself stops writing; so often it renews.
DEADLINE: Final = 2 / 3
RENEWAL: Final = 1 / 3

#: Annotation of a Lease: where its holder may be asked.
URL: Final = "scalerule.dev/url"


class Place(NamedTuple):
    """Where Leases are kept and who wants them. `duration` in seconds; `url` is where the holder may be asked."""

    namespace: str
    identity: str
    duration: float
    url: str


def awake() -> float:
    """Seconds since the machine started, sleep included: a process that was frozen or suspended notices."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@dataclass(slots=True)
class Lease:
    """`held_until` (seconds of `clock`) is when we stop being sure of it; another may only have it after that.

    `term` counts how often it became ours. It goes on where ours had only run out, and nobody had it since.
    """

    kube: Kube
    place: Place
    name: str
    labels: Mapping[str, str]
    clock: Callable[[], float] = awake
    held_until: float = float("-inf")
    holder: str = ""
    term: int = 0
    _version: str = ""
    _renewed: str = ""
    _seen_at: float = float("-inf")

    @property
    def held(self) -> bool:
        """Whether it is ours, at this very moment."""
        return self.clock() < self.held_until

    @property
    def alive(self) -> bool:
        """Whether somebody holds it, as far as we have observed."""
        return self.holder != "" and self.clock() - self._seen_at < self.place.duration

    def observe(self, found: Object) -> None:
        """Take in what it is now. When a renewal was seen is told by our own clock: the holder's may be wrong."""
        spec = found.get("spec") or {}
        self._version = found["metadata"]["resourceVersion"]
        self.holder = spec.get("holderIdentity") or ""
        renewed = f"{self.holder} {spec.get('renewTime')}"
        if renewed != self._renewed:
            self._renewed, self._seen_at = renewed, self.clock()

    async def want(self) -> bool:
        """Take it if it is free or its holder was silent for its duration, or renew it. Raises KubeError."""
        if self.held and await self._renew():
            return True
        found = await self._read()
        if found is None:
            return await self._create()
        self.observe(found)
        mine = self.holder == self.place.identity
        if self.alive and not mine:
            return False
        won = await self._write({"acquireTime": _now(), "leaseTransitions": _transitions(found) + 1})
        self.term += won and not mine
        return won

    async def give_up(self) -> None:
        """Let another have it at once. Raises KubeError."""
        if not self.held:
            return
        self.held_until = float("-inf")
        await self._patch({"holderIdentity": "", "leaseDurationSeconds": 1, "renewTime": _now()})

    async def _renew(self) -> bool:
        return await self._write({})

    async def _write(self, more: Object) -> bool:
        """Sure of it from the moment before the request, not from its answer. False where another was faster."""
        asked = self.clock()
        try:
            body = await self._patch({**self._mine(), **more})
        except KubeError as error:
            if error.status not in (404, 409):
                raise
            self.held_until = float("-inf")
            return False
        self._hold(asked, body)
        return True

    async def _create(self) -> bool:
        asked = self.clock()
        metadata = {"name": self.name, "labels": dict(self.labels), "annotations": self._annotations()}
        spec = {**self._mine(), "acquireTime": _now(), "leaseTransitions": 0}
        try:
            body = await self.kube.create(LEASES, self.place.namespace, {"metadata": metadata, "spec": spec})
        except KubeError as error:
            if error.status != 409:
                raise
            return False
        self._hold(asked, body)
        self.term += 1
        return True

    async def _read(self) -> Object | None:
        try:
            return await self.kube.get(LEASES, self.place.namespace, self.name)
        except KubeError as error:
            if error.status != 404:
                raise
            return None

    async def _patch(self, spec: Object) -> Object:
        metadata = {"resourceVersion": self._version, "annotations": self._annotations()}
        body = {"metadata": metadata, "spec": spec}
        seconds = self.place.duration * RENEWAL
        return await self.kube.patch(LEASES, self.place.namespace, self.name, body, seconds)

    def _hold(self, asked: float, body: Object) -> None:
        self._version = body["metadata"]["resourceVersion"]
        self.holder = self.place.identity
        self.held_until = asked + self.place.duration * DEADLINE

    def _mine(self) -> Object:
        seconds = max(round(self.place.duration), 1)
        return {"holderIdentity": self.place.identity, "leaseDurationSeconds": seconds, "renewTime": _now()}

    def _annotations(self) -> dict[str, str]:
        return {URL: self.place.url}


def _now() -> str:
    """Kubernetes' MicroTime, always with its six digits."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _transitions(found: Mapping[str, Any]) -> int:
    return int((found.get("spec") or {}).get("leaseTransitions") or 0)
