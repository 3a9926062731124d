"""A scale target as it was last seen: the few fields of a Deployment that matter here."""

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from scaler.environment import containers

PREFIX = "scalerule.dev/"
RULE = PREFIX + "rule"
STATUS = PREFIX + "status"


class Key(NamedTuple):
    """What a user calls it."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class Target:
    """One version of a Deployment.

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

    @property
    def managed(self) -> bool:
        """Whether the annotation is there."""
        return RULE in self.annotations

    def older_than(self, other: "Target") -> bool:
        """Whether this is an earlier version of the same object; versions of one resource are ordered numbers."""
        return self.uid == other.uid and int(self.version) < int(other.version)


def target(deployment: dict[str, Any]) -> Target:
    """Read a Deployment. `ready` is None while its status lags behind its spec."""
    metadata, spec, status = deployment["metadata"], deployment["spec"], deployment.get("status", {})
    current = status.get("observedGeneration", 0) >= metadata.get("generation", 0)
    annotations = metadata.get("annotations") or {}
    return Target(
        key=Key(metadata["namespace"], metadata["name"]),
        uid=metadata["uid"],
        version=metadata["resourceVersion"],
        replicas=spec.get("replicas", 1),
        ready=status.get("readyReplicas", 0) if current else None,
        annotations={name: text for name, text in annotations.items() if name.startswith(PREFIX)},
        writer=_writer(metadata.get("managedFields", [])),
        deleting="deletionTimestamp" in metadata,
        containers=tuple(containers(spec["template"])) if RULE in annotations else (),
        template=fingerprint(spec["template"]),
        templated_at=_latest(metadata.get("managedFields", []), "f:template").get("time", ""),
    )


def fingerprint(template: Mapping[str, Any]) -> int:
    """Equal for equal pod templates."""
    return zlib.crc32(json.dumps(template, sort_keys=True).encode())


def _writer(managed_fields: list[dict[str, Any]]) -> str | None:
    return _latest(managed_fields, "f:replicas").get("manager")


def _latest(managed_fields: list[dict[str, Any]], name: str) -> dict[str, Any]:
    """The last entry of who wrote a field of the spec; empty where nobody owns it."""
    owners = [entry for entry in managed_fields if name in entry.get("fieldsV1", {}).get("f:spec", {})]
    return max(owners, key=lambda entry: entry.get("time", ""), default={})
