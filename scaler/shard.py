"""Which process owns which rules: a Lease for each shard, spread evenly over the members that are alive."""

import asyncio
import hashlib
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from scaler.kube import Kube, KubeError
from scaler.lease import RENEWAL, Lease, Place, awake
from scaler.resource import LEASES
from scaler.target import Key

_log = logging.getLogger("scaler")


#: Seconds between two attempts to read what is remembered.
RETRY: Final = 1.0

_MEMBER: Final = "scalerule.dev/member-of"

#: Label of the Lease of a shard, with the scope.
SHARD: Final = "scalerule.dev/shard-of"


class Owner(Protocol):
    """Who is told which rules are ours."""

    async def learn(self) -> None:
        """Some rules will be ours: find out what was remembered of them. Raises KubeError."""

    async def gained(self) -> None:
        """Some rules are ours from now on: take them in. Leases are renewed meanwhile."""

    async def lost(self, orderly: bool) -> None:
        """Some rules are not ours any more. When it returns nothing of them is under way.

        `orderly`: another takes them only after that, so that what is to be remembered of them can still be written.
        """


class Shares(Protocol):
    """Which rules are ours."""

    def ours(self, key: Key) -> bool:
        """Whether we were told that it is and not yet that it is lost, though its Lease may have run out since."""

    def owns(self, key: Key) -> bool:
        """Whether this rule is ours to scale, at this very moment: to be asked right before every write."""

    def holds(self, key: Key) -> bool:
        """Whether nobody else may have it yet: also while we let go of it."""


class Alone:
    """Without Leases: whoever starts a second scaler has two writers."""

    def __init__(self) -> None:
        self.first_round = asyncio.Event()

    def ours(self, key: Key) -> bool:
        """Every rule, as soon as it is known what was remembered."""
        return self.first_round.is_set()

    def owns(self, key: Key) -> bool:
        """Nobody else may have any."""
        return self.ours(key)

    def holds(self, key: Key) -> bool:
        """Nobody else may have any."""
        return True

    def settled(self) -> bool:
        """Whether all that is ours is known."""
        return self.first_round.is_set()

    def held(self) -> list[bool]:
        """Of no shard."""
        return []

    def holders(self) -> Counter[str]:
        """Nobody has any Lease."""
        return Counter()

    def holder(self, key: Key) -> str | None:
        """Nobody else has it."""
        return None

    async def run(self, owner: Owner) -> None:
        """Until cancelled."""
        while not self.first_round.is_set():
            try:
                await owner.learn()
                self.first_round.set()
                await owner.gained()
            except KubeError as error:
                _log.warning("nothing is known yet", extra={"error": str(error)})
                await asyncio.sleep(RETRY)
        await asyncio.Event().wait()

    async def leave(self, owner: Owner) -> None:
        """End in order."""
        self.first_round.clear()
        await owner.lost(orderly=True)


def assigned(shards: int, members: Sequence[str]) -> list[str]:
    """The member that each shard belongs to: by rendezvous hashing, no member with more than its share.

    Everybody who knows the same members comes to the same answer; a member more or less moves few shards.
    """
    most = -(-shards // len(members))
    load = dict.fromkeys(members, 0)
    chosen = []
    for shard in range(shards):
        ranked = sorted(members, key=lambda member: _weight(f"{shard} {member}"))
        member = next(each for each in ranked if load[each] < most)
        load[member] += 1
        chosen.append(member)
    return chosen


def shard_of(key: Key, shards: int) -> int:
    """The shard of a rule."""
    return _weight(str(key)) % shards


def _weight(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest())


class Shards:
    """Takes part: renews what is ours, takes what becomes ours, gives back what belongs to another.

    `scope` tells apart scalers that watch different namespaces from one namespace of their own.
    """

    def __init__(self, kube: Kube, place: Place, scope: str, count: int, clock: Callable[[], float] = awake) -> None:
        self.first_round = asyncio.Event()
        self._kube = kube
        self._place = place
        self._clock = clock
        self._scope = scope
        self._leases = [
            Lease(kube, place, f"scalerule-{scope}-{number}", {SHARD: scope}, clock) for number in range(count)
        ]
        self._me = Lease(kube, place, f"scalerule-{scope}-{place.identity}", {_MEMBER: scope}, clock)
        self._others: dict[str, Lease] = {}
        # Shards that are ours, each with the term of its Lease in which we learned what is remembered of its rules.
        self._owned: dict[int, int] = {}
        self._taking = 0
        self._failing = False

    def ours(self, key: Key) -> bool:
        """Whether its shard was gained and not lost since."""
        return shard_of(key, len(self._leases)) in self._owned

    def owns(self, key: Key) -> bool:
        """Whether this rule is ours to scale, at this very moment."""
        return self.ours(key) and self.holds(key)

    def holds(self, key: Key) -> bool:
        """Whether its Lease is ours, at this very moment, and nobody had it since we learned of its rules."""
        shard = shard_of(key, len(self._leases))
        lease = self._leases[shard]
        return lease.held and self._owned.get(shard, lease.term) == lease.term

    def settled(self) -> bool:
        """Whether all rules whose Leases are ours are ours by now, and none is being taken in or handed over."""
        return not self._taking and all(shard in self._owned for shard, held in enumerate(self.held()) if held)

    def held(self) -> list[bool]:
        """Of each shard whether it is ours."""
        return [lease.held for lease in self._leases]

    def holders(self) -> Counter[str]:
        """How many shards each member has, as far as we know; those of nobody under an empty name."""
        return Counter(lease.holder for lease in self._leases)

    def holder(self, key: Key) -> str | None:
        """Who has the shard of a rule, as far as we know."""
        return self._leases[shard_of(key, len(self._leases))].holder or None

    async def run(self, owner: Owner) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                try:
                    await self._round(owner)
                    self._failing = False
                except KubeError as error:
                    self._tell(error)
                if await self._settle(owner):
                    group.create_task(self._take_in(owner))
                await asyncio.sleep(self._place.duration * RENEWAL)

    async def leave(self, owner: Owner) -> None:
        """Let others have everything at once."""
        self._owned.clear()
        await owner.lost(orderly=True)
        leases = [lease.give_up() for lease in self._leases]
        await asyncio.gather(*leases, self._resign(), return_exceptions=True)

    async def _round(self, owner: Owner) -> None:
        wanted = set(range(len(self._leases)))
        if len(self._leases) > 1:
            members = await self._members()
            owners = assigned(len(self._leases), members)
            wanted = {shard for shard in wanted if owners[shard] == self._place.identity}
        await self._hand_over(self._owned.keys() - wanted, owner)
        results = await asyncio.gather(*(self._leases[shard].want() for shard in wanted), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result

    async def _hand_over(self, shards: set[int], owner: Owner) -> None:
        """Nothing new begins, and the Leases stay ours until all that was under way has ended."""
        if not shards:
            return
        for shard in shards:
            del self._owned[shard]
        await owner.lost(orderly=True)
        await asyncio.gather(*(self._leases[shard].give_up() for shard in shards))

    async def _settle(self, owner: Owner) -> bool:
        """Tell what was lost since, and find out what was gained: whether there is any of that."""
        held = {shard: lease.term for shard, lease in enumerate(self._leases) if lease.held}
        # Also what another had for a while and gave back before we noticed: it knows more of those rules than we do.
        if lost := {shard for shard, term in self._owned.items() if held.get(shard) != term}:
            _log.warning("shards lost", extra={"shards": sorted(lost)})
            for shard in lost:
                del self._owned[shard]
            await owner.lost(orderly=False)
        if gained := held.keys() - self._owned.keys():
            try:
                await owner.learn()
            except KubeError as error:
                self._tell(error)
                return False
            _log.info("shards gained", extra={"shards": sorted(gained)})
            self._owned |= {shard: held[shard] for shard in gained}
        self.first_round.set()
        return bool(gained)

    async def _take_in(self, owner: Owner) -> None:
        """Ten thousand rules may take longer than a Lease lasts."""
        self._taking += 1
        try:
            await owner.gained()
        finally:
            self._taking -= 1

    async def _members(self) -> list[str]:
        """Who is alive: who renewed its own Lease within its duration, as seen from here. Always also we."""
        await self._me.want()
        await self._observe_shards()
        for item in await self._kube.list_labelled(LEASES, self._place.namespace, f"{_MEMBER}={self._scope}"):
            name = item["metadata"]["name"]
            lease = self._others.setdefault(name, Lease(self._kube, self._place, name, {}, self._clock))
            lease.observe(item)
        alive = {lease.holder for lease in self._others.values() if lease.alive}
        return sorted({*alive, self._place.identity} - {""})

    async def _observe_shards(self) -> None:
        """Also those of others: who takes one over has to have seen its holder silent for a whole duration."""
        leases = {lease.name: lease for lease in self._leases if not lease.held}
        for item in await self._kube.list_labelled(LEASES, self._place.namespace, f"{SHARD}={self._scope}"):
            if lease := leases.get(item["metadata"]["name"]):
                lease.observe(item)

    async def _resign(self) -> None:
        if len(self._leases) > 1:
            await self._kube.delete(LEASES, self._place.namespace, self._me.name)

    def _tell(self, error: KubeError) -> None:
        if not self._failing:
            _log.warning("Leases cannot be renewed", extra={"error": str(error)})
        self._failing = True
