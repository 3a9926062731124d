"""Where a rule stands: its namespace, its pod template, what it refers to, and what its operator allows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from scaler.grants import Grants, Unbound
from scaler.reference import Objects


@dataclass(frozen=True)
class Surroundings:
    """`containers` are those of the pod template, as Kubernetes writes them.

    `on_paper`: the rule is decided on and never read, so what it refers to need not be there.
    """

    namespace: str = "default"
    containers: tuple[Mapping[str, Any], ...] = ()
    objects: Objects = field(default_factory=dict, repr=False)
    grants: Grants = field(default_factory=Unbound)
    on_paper: bool = False


#: For a rule that is only decided on.
ON_PAPER: Final = Surroundings(on_paper=True)
