"""A trigger of an Azure Function: names and defaults are those that `func kubernetes deploy` gives to KEDA."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from scaler.migration.draft import Draft
from scaler.migration.note import Note, info
from scaler.migration.source import section, word
from scaler.migration.trigger import UNKNOWN
from scalers import known

_SETTING: Final = re.compile(r"%[^%]+%")
_LATER: Final = "an app setting, which a rule cannot look up: write the name itself"
_MORE: Final = "func leaves KEDA's default; here a replica is given as many messages as it works on at a time"
_VARIABLE: Final = "has to be a variable of the Deployment's container, and a connection string"
_CURES: Final = {
    "httptrigger": "no queue: keep HTTP functions in a Deployment of their own, as func does",
    "timertrigger": "no queue: use a CronJob, or a Deployment without a rule",
}
_SESSIONS: Final = (
    "extensions.serviceBus.maxConcurrentSessions",
    "extensions.serviceBus.sessionHandlerOptions.maxConcurrentSessions",
)


@dataclass(frozen=True, slots=True)
class _Shape:
    """A kind of binding: KEDA's type, where its connection is named, and where host.json says how many at a time."""

    type: str
    names: tuple[str, ...]
    setting: str
    variable: str
    default: str = ""
    target: str = ""
    calls: tuple[str, ...] = ()


_SHAPES: Final = {
    "servicebustrigger": _Shape(
        type="azure-servicebus",
        names=("queueName", "topicName", "subscriptionName"),
        setting="connection",
        variable="connectionFromEnv",
        default="AzureWebJobsServiceBus",
        target="messageCount",
        calls=(
            "extensions.serviceBus.maxConcurrentCalls",
            "extensions.serviceBus.messageHandlerOptions.maxConcurrentCalls",
            "serviceBus.maxConcurrentCalls",
        ),
    ),
    "queuetrigger": _Shape(
        type="azure-queue",
        names=("queueName",),
        setting="connection",
        variable="connectionFromEnv",
        default="AzureWebJobsStorage",
        target="queueLength",
        calls=("extensions.queues.batchSize", "queues.batchSize"),
    ),
    "rabbitmqtrigger": _Shape("rabbitmq", ("queueName",), "connectionStringSetting", "hostFromEnv"),
}


@dataclass(frozen=True, slots=True)
class Binding:
    """One entry of `bindings`; `function` is the name of its function, `host` is host.json."""

    data: dict[str, Any]
    function: str
    path: str
    host: dict[str, Any]

    @property
    def is_trigger(self) -> bool:
        return "trigger" in word(self.data.get("type")).lower()

    def add_to(self, draft: Draft) -> None:
        """As a trigger of a rule, or as a remark."""
        kind = word(self.data.get("type"))
        shape = _SHAPES.get(kind.lower())
        if shape is None:
            draft.miss(self.data, self.path, f"{kind}: {_CURES.get(kind.lower()) or UNKNOWN}")
            return
        named = {"name": self.function} if self.function else {}
        entry = {"type": shape.type, **named, "metadata": self._metadata(shape)}
        late = [name for name in shape.names if _SETTING.search(word(self.data.get(name)))]
        if shape.type not in known():
            draft.miss(entry, self.path, f"{kind} ({shape.type}): {UNKNOWN}")
        elif late:
            draft.miss(entry, f"{self.path}.{late[0]}", f"{word(self.data[late[0]])}: {_LATER}")
        else:
            draft.notes += self._notes(shape)
            draft.add(entry, self.path)

    def _metadata(self, shape: _Shape) -> dict[str, str]:
        metadata = {name: word(self.data[name]) for name in shape.names if word(self.data.get(name))}
        if setting := self._setting(shape):
            metadata[shape.variable] = setting
        if found := self._calls(shape):
            metadata[shape.target] = str(found[1])
        return metadata

    def _setting(self, shape: _Shape) -> str:
        return word(self.data.get(shape.setting)) or shape.default

    def _calls(self, shape: _Shape) -> tuple[str, int] | None:
        """Where it is written how many messages a replica works on at a time, and how many."""
        sessions = shape.type == "azure-servicebus" and self.data.get("isSessionsEnabled") is True
        for path in _SESSIONS if sessions else shape.calls:
            value: Any = self.host
            for part in path.split("."):
                value = section(value).get(part)
            if type(value) is int and value > 0:
                return path, value
        return None

    def _notes(self, shape: _Shape) -> Iterator[Note]:
        if found := self._calls(shape):
            yield info(f"host.json: {found[0]}", f"{shape.target} is {found[1]}: {_MORE}")
        if setting := self._setting(shape):
            yield info(f"{self.path}.{shape.setting}", f"{setting} {_VARIABLE}")
