"""The Deployments of the demo's cluster: versions, generations, conflicts and a log to watch, as etcd keeps them."""

import asyncio
import copy
import uuid
from collections import deque
from datetime import UTC, datetime
from typing import Any, TypeAlias

Object: TypeAlias = dict[str, Any]
Name: TypeAlias = tuple[str, str]

_LOG = 1000


class Conflict(Exception):
    """A precondition (uid, resourceVersion) does not hold."""


class Store:
    """Deployments by namespace and name. Versions only grow."""

    def __init__(self) -> None:
        self.version = 1
        self._objects: dict[Name, Object] = {}
        self._log: deque[tuple[int, str, Object]] = deque(maxlen=_LOG)
        self._changed = asyncio.Event()

    def all(self, namespace: str | None) -> list[Object]:
        """All of a namespace, or (None) all."""
        return [found for (owner, _), found in self._objects.items() if namespace in (None, owner)]

    def get(self, name: Name) -> Object:
        """Raises KeyError."""
        return self._objects[name]

    def create(self, name: Name, body: Object) -> Object:
        """Raises Conflict where there is one."""
        if name in self._objects:
            raise Conflict(f"deployments.apps {name[1]!r} already exists")
        made = copy.deepcopy(body)
        made["metadata"] |= {
            "namespace": name[0],
            "name": name[1],
            "uid": str(uuid.uuid4()),
            "creationTimestamp": _now(),
            "generation": 1,
            "managedFields": [],
        }
        made["spec"].setdefault("replicas", 1)
        made["status"] = {}
        return self._put(name, made, "ADDED")

    def delete(self, name: Name) -> Object:
        """Raises KeyError."""
        gone = self._objects.pop(name)
        return self._put(name, copy.deepcopy(gone), "DELETED")

    def patch(self, name: Name, patch: Object, manager: str) -> Object:
        """Merge. A change of the spec is a new generation; who changes the replicas is noted in managedFields."""
        former = self._objects[name]
        wanted = patch.get("metadata", {})
        for field in ("uid", "resourceVersion"):
            if field in wanted and wanted[field] != former["metadata"][field]:
                raise Conflict("the object has been modified; please apply your changes to the latest version")
        made = merged(former, patch)
        if made["spec"] != former["spec"]:
            made["metadata"]["generation"] += 1
        if made["spec"]["replicas"] != former["spec"]["replicas"]:
            made["metadata"]["managedFields"] = [_owner(manager)]
        return former if made == former else self._put(name, made, "MODIFIED")

    async def after(self, version: int, namespace: str | None) -> list[tuple[str, Object]]:
        """The events after a version, as soon as there is one. Raises LookupError where that is too long ago."""
        if self._log and version < self._log[0][0] - 1:
            raise LookupError(version)
        while True:
            events = [(kind, found) for at, kind, found in self._log if at > version]
            events = [event for event in events if namespace in (None, event[1]["metadata"]["namespace"])]
            if events:
                return events
            await self._changed.wait()

    def _put(self, name: Name, made: Object, kind: str) -> Object:
        self.version += 1
        made["metadata"]["resourceVersion"] = str(self.version)
        if kind != "DELETED":
            self._objects[name] = made
        self._log.append((self.version, kind, made))
        self._changed.set()
        self._changed = asyncio.Event()
        return made


def merged(former: Any, patch: Any) -> Any:
    """RFC 7386."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    made = copy.deepcopy(former) if isinstance(former, dict) else {}
    for key, value in patch.items():
        if value is None:
            made.pop(key, None)
        else:
            made[key] = merged(made.get(key), value)
    return made


def _owner(manager: str) -> Object:
    fields: Object = {"f:spec": {"f:replicas": {}}}
    return {"manager": manager, "operation": "Update", "subresource": "scale", "time": _now(), "fieldsV1": fields}


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
