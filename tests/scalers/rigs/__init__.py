"""What the contract suite needs of each way to reach a broker: one module each, with a real broker behind it."""

import abc
import importlib
import pkgutil
from collections.abc import Sequence
from typing import Any, ClassVar, Final, NamedTuple

from pydantic import BaseModel

CANARY: Final = "canary-5f3c"
"""The password of every connection, to be found in no error."""


class Place(NamedTuple):
    """Where something listens."""

    host: str
    port: int


class Rig(abc.ABC):
    """A broker, and the models that reach it."""

    type: ClassVar[str]
    """The trigger type."""
    shared: ClassVar[str]
    """The fixture with a broker for everybody."""
    private: ClassVar[str]
    """The fixture with a broker that a test may stop."""
    most_connections: ClassVar[int] = 1
    """What reading many queues may open."""
    many: ClassVar[int] = 1000
    """How many queues are many."""
    odd_name: ClassVar[str] = "Ünï / + ? # & % ' .* | $ ("
    """As strange as a name may be."""

    def __init__(self, broker: Any) -> None:
        """Take what the fixture gives, and make room for one test there."""
        self.broker = broker

    @abc.abstractmethod
    def close(self) -> None:
        """Clear that room."""

    @property
    @abc.abstractmethod
    def place(self) -> Place:
        """Where the broker listens."""

    @property
    def plain_place(self) -> Place:
        """Where it listens without TLS."""
        return self.place

    @abc.abstractmethod
    def connection(self, place: Place, password: str = CANARY, secure: bool = False) -> BaseModel:
        """How to log in there; `secure`: over TLS, trusting what the system trusts."""

    @abc.abstractmethod
    def queue(self, name: str) -> BaseModel:
        """The queue of that name."""

    @abc.abstractmethod
    def create(self, names: Sequence[str]) -> None:
        """Make empty queues that outlive a restart."""

    @abc.abstractmethod
    def publish(self, name: str, messages: int) -> None:
        """Put messages into a queue."""

    @abc.abstractmethod
    def stop(self) -> None:
        """Stop the private broker."""

    @abc.abstractmethod
    def start(self) -> None:
        """Start it again."""


def rigs() -> dict[str, type[Rig]]:
    """Every rig there is, by the name of its module."""
    names = [module.name for module in pkgutil.iter_modules(__path__)]
    modules = {name: importlib.import_module(f"{__name__}.{name}") for name in names}
    return {name: next(_defined(vars(module), module.__name__)) for name, module in modules.items()}


def _defined(names: dict[str, Any], module: str) -> Any:
    return (item for item in names.values() if isinstance(item, type) and item.__module__ == module)
