"""The one interface between the scaling loop and brokers: a connection that reads many queues at once.

A broker type is a module (or package) named by an entry point of the group `scalerule.scalers`; the entry's name is
the trigger `type` that users write. The module defines `Parameters`, `Connection`, `Queue` and `Scaler`. It is
imported, with its client library, only once a rule names it.
"""

import abc
import functools
import importlib.metadata
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from pydantic import BaseModel

from scalers.identity import Identity
from scalers.parameters import Parameters
from scalers.strict import Strict

__all__ = [
    "BrokerType",
    "Dial",
    "Identity",
    "LoginRefused",
    "Reading",
    "Scaler",
    "ScalerError",
    "Strict",
    "known",
    "load",
]


class Reading(NamedTuple):
    """What a queue said: `value` is compared with the target, `activity` with the activation value."""

    value: float
    activity: float


class ScalerError(Exception):
    """A queue or a broker that could not be read. The text says what failed, where, and the cure; never a secret."""


class LoginRefused(ScalerError):
    """The broker does not take these credentials; they may have been changed meanwhile."""


@dataclass(frozen=True)
class Dial:
    """How a scaler may reach its broker.

    `timeout` is in seconds, for one connection attempt and for one round trip.
    `resolve(host, port)` gives the address to dial, or raises ScalerError where that address is not allowed.
    """

    timeout: float
    resolve: Callable[[str, int], Awaitable[str]]


C = TypeVar("C", bound=BaseModel)
Q = TypeVar("Q", bound=BaseModel)


class Scaler(abc.ABC, Generic[C, Q]):
    """One connection to one broker: reads many queues in few round trips."""

    def __init__(self, connection: C, dial: Dial) -> None:
        """Remember how to connect. No input or output happens here."""
        self.connection = connection
        self.dial = dial

    @abc.abstractmethod
    async def read(self, queues: Sequence[Q]) -> Sequence[Reading | ScalerError]:
        """Read the queues, in order, one answer each.

        One bad queue is a ScalerError in its place. A broker that cannot be read raises one ScalerError, which is
        the answer of every queue; the next call tries again by itself.
        """

    @abc.abstractmethod
    async def close(self) -> None:
        """Let go of every socket. Closing twice is harmless."""

    @property
    @abc.abstractmethod
    def connections(self) -> int:
        """How many connections are open now."""


class BrokerType(Protocol):
    """What a broker's module defines."""

    Parameters: type[Parameters[Any, Any]]
    Connection: type[BaseModel]
    Queue: type[BaseModel]
    Scaler: type[Scaler[Any, Any]]


@functools.cache
def _entry_points() -> dict[str, importlib.metadata.EntryPoint]:
    return {entry.name: entry for entry in importlib.metadata.entry_points(group="scalerule.scalers")}


def known() -> list[str]:
    """The trigger types that are installed, sorted."""
    return sorted(_entry_points())


@functools.cache
def load(trigger_type: str) -> BrokerType:
    """The module of a trigger type. Raises KeyError for a type that is not installed."""
    module: BrokerType = _entry_points()[trigger_type].load()
    return module
