"""List and watch objects of one kind: a stream that is cut, too old or refused ends in a fresh start, with back-off."""

import asyncio
import logging
import random
from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar

from scaler.kube import Kube, KubeError, Object
from scaler.resource import Resource

_log = logging.getLogger("scaler")

#: Seconds between attempts while the API server does not answer, doubling, with up to half of it left out at random.
FIRST_DELAY, LONGEST_DELAY = 0.2, 10.0


T = TypeVar("T")


class Follower(Protocol[T]):
    """Who is told. Of each object only what `read` makes of it is kept."""

    @property
    def resource(self) -> Resource:
        """The kind."""

    def read(self, body: Object) -> T:
        """What matters of an object."""

    def take(self, item: T) -> None:
        """An object is there, in this version."""

    def lose(self, item: T) -> None:
        """An object is gone."""

    async def listed(self, items: Sequence[T], namespace: str | None) -> None:
        """Everything of a namespace (None: of the cluster) was listed; these are all."""


class Watch(Generic[T]):
    """Follows the objects of one namespace, or (None) of the cluster, for ever.

    `asked` is set with the first answer, be it a refusal; `synced` once everything has been listed.
    """

    def __init__(self, kube: Kube, namespace: str | None, follower: Follower[T]) -> None:
        self.asked = asyncio.Event()
        self.synced = asyncio.Event()
        self._kube = kube
        self._namespace = namespace
        self._follower = follower
        self._version: str | None = None
        self._delay = FIRST_DELAY
        self._silent = False

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                if self._version is None:
                    await self._list()
                await self._follow()
            except KubeError as error:
                await self._recover(error)

    async def _list(self) -> None:
        follower = self._follower
        items, version = await self._kube.list_all(follower.resource, self._namespace, follower.read)
        await follower.listed(items, self._namespace)
        self._version = version
        self.synced.set()
        self.asked.set()

    async def _follow(self) -> None:
        assert self._version is not None
        started = asyncio.get_running_loop().time()
        async for event in self._kube.watch(self._follower.resource, self._namespace, self._version):
            self._take(event)
        if asyncio.get_running_loop().time() - started < FIRST_DELAY:
            # A server that ends every stream at once is not to be asked in a tight loop.
            await self._back_off()

    def _take(self, event: Object) -> None:
        kind, body = event["type"], event["object"]
        self._answered(body["metadata"]["resourceVersion"])
        if kind in ("ADDED", "MODIFIED"):
            self._follower.take(self._follower.read(body))
        elif kind == "DELETED":
            self._follower.lose(self._follower.read(body))

    def _answered(self, version: str) -> None:
        self._version = version
        self._delay = FIRST_DELAY
        if self._silent:
            self._silent = False
            _log.info("the API server answers again")

    async def _recover(self, error: KubeError) -> None:
        self.asked.set()
        if error.status == 410:
            # The version is too old to continue from: list anew.
            self._version = None
        elif not self._silent:
            self._silent = True
            what = f"cannot watch {self._follower.resource}; every count stays as it is"
            _log.warning(what, extra={"error": str(error)})
        await self._back_off()

    async def _back_off(self) -> None:
        await asyncio.sleep(self._delay * random.uniform(0.5, 1.0))
        self._delay = min(2 * self._delay, LONGEST_DELAY)
