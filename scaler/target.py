"""A scale target as it was last seen: the few fields that matter of a Deployment, or of what else has replicas."""

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from scaler.environment import containers
from scaler.resource import DEPLOYMENTS, Resource

PREFIX = "scalerule.dev/"
RULE = PREFIX + "rule"
STATUS = PREFIX + "status"


class Key(NamedTuple):
    """What a user calls it: `shop/orders` is a Deployment, `shop/statefulsets/orders` is not."""

    namespace: str
    name: str

    @classmethod
    def of(cls, resource: Resource, namespace: str, name: str) -> "Key":
        """Of an object of some kind."""
        return cls(namespace, name if resource == DEPLOYMENTS else f"{resource}/{name}")

    @property
    def place(self) -> tuple[str, str]:
        """The kind as `Resource` writes it, and the object's own name."""
        kind, _, name = self.name.rpartition("/")
        return kind or str(DEPLOYMENTS), name

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class Target:
    """One version of an object with replicas.

    `annotations` are those of ours that a user writes; `status` is the one that the scaler writes, None without it.
    `writer` is the manager that set spec.replicas last, as managedFields tell; None where they do not: the API server
    (1.36) drops the owner when a manager that already owns the count sets it by /scale again.
    """

    key: Key
    uid: str
    version: str
    replicas: int
    ready: int | None
    annotations: dict[str, str]
    writer: str | None
    deleting: bool
    containers: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)
    """Of a managed one the name, `env` and `envFrom` of each container."""
    template: int = 0
    """A fingerprint of the pod template."""
    templated_at: str = ""
    """When that was written, as Kubernetes writes times."""
    status: str | None = field(default=None, repr=False)
    resource: Resource = DEPLOYMENTS
    kind: str = "Deployment"

    @property
    def location(self) -> tuple[Resource, str, str]:
        """Where the API has it: kind, namespace, name."""
        return self.resource, self.key.namespace, self.key.place[1]

    @property
    def managed(self) -> bool:
        """Whether the annotation is there."""
        return RULE in self.annotations

    def like(self, former: "Target") -> "Target":
        """The same; what is written as in `former` is kept once, however many versions are remembered."""
        if self.written != former.written:
            return self
        return replace(self, annotations=former.annotations, containers=former.containers)

    @property
    def written(self) -> tuple[object, object]:
        """All that a rule is read from and a user writes: annotations, and the environment of the containers."""
        return self.annotations, self.containers

    def older_than(self, other: "Target") -> bool:
        """Whether this is an earlier version of the same object; versions of one resource are ordered numbers."""
        return self.uid == other.uid and int(self.version) < int(other.version)


def target(body: dict[str, Any], resource: Resource = DEPLOYMENTS) -> Target:
    """Read a Deployment, or another object with replicas. `ready` is None while its status lags behind its spec."""
    # Of custom resources little can be relied on, and none of them may end the watch of all.
    metadata, spec = body["metadata"], _mapping(body.get("spec"))
    annotations = metadata.get("annotations") or {}
    template = _mapping(spec.get("template"))
    return Target(
        key=Key.of(resource, metadata.get("namespace", ""), metadata["name"]),
        uid=metadata["uid"],
        version=metadata["resourceVersion"],
        replicas=spec.get("replicas", 1),
        ready=_ready(_mapping(body.get("status")), metadata.get("generation", 0)),
        annotations={name: text for name, text in annotations.items() if name.startswith(PREFIX) and name != STATUS},
        writer=_writer(metadata.get("managedFields", [])),
        deleting="deletionTimestamp" in metadata,
        containers=tuple(containers(template)) if RULE in annotations else (),
        template=fingerprint(template),
        templated_at=_latest(metadata.get("managedFields", []), "f:template").get("time", ""),
        resource=resource,
        kind=body["kind"],
        status=annotations.get(STATUS),
    )


def _mapping(found: Any) -> dict[str, Any]:
    return found if isinstance(found, dict) else {}


def _ready(status: Mapping[str, Any], generation: int) -> int | None:
    """Not every kind says what it observed, and some say it as text."""
    observed = str(status.get("observedGeneration", "" if status else 0))
    if observed.isdigit() and int(observed) < generation:
        return None
    ready = status.get("readyReplicas", 0)
    return ready if type(ready) is int else None


def fingerprint(template: Mapping[str, Any]) -> int:
    """Equal for equal pod templates."""
    return zlib.crc32(json.dumps(template, sort_keys=True).encode())


def _writer(managed_fields: list[dict[str, Any]]) -> str | None:
    return _latest(managed_fields, "f:replicas").get("manager")


def _latest(managed_fields: list[dict[str, Any]], name: str) -> dict[str, Any]:
    """The last entry of who wrote a field of the spec; empty where nobody owns it."""
    owners = [entry for entry in managed_fields if name in entry.get("fieldsV1", {}).get("f:spec", {})]
    return max(owners, key=lambda entry: entry.get("time", ""), default={})
