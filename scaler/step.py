"""The steps of a decision: each one a tuple while it is decided, words and JSON only when somebody asks why."""

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeAlias, get_args


class Gap(NamedTuple):
    """Nobody looked for `seconds`, so no cooldown and no window ran."""

    seconds: float

    def words(self) -> str:
        return f"unobserved for {round(self.seconds, 1):g} s: cooldown and windows stood still"


class Paused(NamedTuple):
    """An annotation decides: `by` is its name without the prefix."""

    by: str
    replicas: int

    def words(self) -> str:
        return f"{self.by} keeps it at {self.replicas}"


class Proposal(NamedTuple):
    """What one trigger asks for. `value` and `target` in the trigger's own unit, messages mostly."""

    trigger: str
    value: float
    target: float
    replicas: int

    def words(self) -> str:
        return f"{self.trigger}: {self.value:g} at {self.target:g} each asks for {self.replicas}"


class Value(NamedTuple):
    """What one trigger of a formula said."""

    trigger: str
    value: float

    def words(self) -> str:
        return f"{self.trigger}: {self.value:g}"


class Formula(NamedTuple):
    """What the formula made of the triggers' values."""

    formula: str
    value: float

    def words(self) -> str:
        return f"{self.formula} = {self.value:g}"


class Failure(NamedTuple):
    """A trigger without a number, for so many polls in a row."""

    trigger: str
    error: str
    polls: int

    def words(self) -> str:
        times = f" ({self.polls} times in a row)" if self.polls > 1 else ""
        return f"{self.trigger}: {self.error}{times}"


class Fallback(NamedTuple):
    """A trigger has failed so often that the count written in the rule stands for its reading."""

    trigger: str
    behavior: str
    polls: int
    replicas: int

    def words(self) -> str:
        failed = f"{self.trigger} failed {self.polls} poll{'s' * (self.polls != 1)} in a row"
        return f"{failed}: the fallback ({self.behavior}) asks for {self.replicas}"


class Hold(NamedTuple):
    """A missing number never lowers the count."""

    failing: int
    triggers: int
    replicas: int

    def words(self) -> str:
        return f"{self.failing} of {self.triggers} triggers failing: not below {self.replicas}"


class Activation(NamedTuple):
    """Whether there is work; `by` names the trigger or the annotation that says so."""

    active: bool
    by: str | None

    def words(self) -> str:
        return f"active by {self.by}" if self.active else "no trigger is active"


class Cooldown(NamedTuple):
    """The last active reading is too recent for zero (or idle). Both in seconds."""

    remaining: float
    floor: int

    def words(self) -> str:
        return f"cooling down for another {round(self.remaining, 1):g} s: not below {self.floor}"


class Stabilization(NamedTuple):
    """The recommendations of the last `window` seconds hold the count back."""

    direction: str
    window: float
    recommendation: int
    replicas: int

    def words(self) -> str:
        return f"recommendations of the last {self.window:g} s keep {self.replicas}, not {self.recommendation}"


class RateLimit(NamedTuple):
    """A policy allows only so much change in its period."""

    direction: str
    wanted: int
    replicas: int

    def words(self) -> str:
        return f"the {self.direction} policies allow {self.replicas}, not {self.wanted}"


class Rest(NamedTuple):
    """Without work: zero, or the idle count."""

    replicas: int

    def words(self) -> str:
        return f"no work: rests at {self.replicas}"


class Bounds(NamedTuple):
    """minReplicaCount and maxReplicaCount; activity makes the lower one at least 1."""

    minimum: int
    maximum: int
    replicas: int

    def words(self) -> str:
        return f"within {self.minimum}..{self.maximum}: {self.replicas}"


class Writer(NamedTuple):
    """Somebody else changed the count; it is held as if it were a recommendation."""

    manager: str
    before: int
    after: int

    def words(self) -> str:
        return f"{self.manager} changed replicas from {self.before} to {self.after}"


class InvalidRule(NamedTuple):
    """The rule cannot be read, so the count stays."""

    problems: int
    replicas: int

    def words(self) -> str:
        noun = "problem" if self.problems == 1 else "problems"
        return f"the rule has {self.problems} {noun}: held at {self.replicas}"


Step: TypeAlias = (
    Gap
    | Paused
    | Proposal
    | Value
    | Formula
    | Failure
    | Fallback
    | Hold
    | Activation
    | Cooldown
    | Stabilization
    | RateLimit
    | Rest
    | Bounds
    | Writer
    | InvalidRule
)


def as_json(step: Step) -> dict[str, Any]:
    """The step as `explain` prints it, named after its class: `proposal`, `rateLimit`."""
    name = type(step).__name__
    return {"step": name[0].lower() + name[1:], **step._asdict()}


def of_json(data: Mapping[str, Any]) -> Step:
    """The step that `as_json` made this of. Raises ValueError."""
    name = str(data.get("step"))
    kind = next((each for each in get_args(Step) if each.__name__ == name[:1].upper() + name[1:]), None)
    if kind is None:
        raise ValueError(f"unknown step {name!r}")
    made: Step = kind(**{field: value for field, value in data.items() if field != "step"})
    return made
