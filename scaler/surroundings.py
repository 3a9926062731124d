"""Where a rule stands: its namespace, its pod template, what it refers to, and what its operator allows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from scaler.grants import Grants, Unbound
from scaler.reference import Objects


@dataclass(frozen=True)
class Surroundings:
    """`containers` are those of the pod template, as Kubernetes writes them."""

    namespace: str = "default"
    containers: tuple[Mapping[str, Any], ...] = ()
    objects: Objects = field(default_factory=dict, repr=False)
    grants: Grants = field(default_factory=Unbound)
