"""What a decision looks at besides the rule and its readings, and the trail that it leaves."""

from dataclasses import dataclass, field

from scaler.history import History
from scaler.step import Step


@dataclass(slots=True)
class Case:
    """`found` is spec.replicas, `ready` the ready pods, `now` in seconds on the history's clock.

    `history` is what came before; `inactive_since` (None while there is work, or may be) and `trail` come of the case.
    """

    found: int
    ready: int
    now: float
    history: History
    inactive_since: float | None = None
    trail: list[Step] = field(default_factory=list)
