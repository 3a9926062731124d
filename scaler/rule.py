"""A rule as a value: what the annotations of one Deployment say, parsed once and frozen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, ClassVar, Literal, NamedTuple, TypeAlias

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from scaler.formula import Formula
from scaler.kinds import number, one_of, whole
from scaler.reference import Reference
from scalers.problem import Problem
from scalers.strict import Strict

MetricType: TypeAlias = Literal["AverageValue", "Value"]
FallbackBehavior: TypeAlias = Literal[
    "static", "currentReplicas", "currentReplicasIfHigher", "currentReplicasIfLower", "scalingModifiers"
]


class Section(BaseModel):
    """A part of the annotation: camelCase there, refusing what it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, validate_by_name=False)


class Policy(Section):
    """How much the count may change in `period_seconds`: by `value` pods, or by `value` percent."""

    type: Annotated[Literal["Pods", "Percent"], one_of("Pods", "Percent")]
    value: Annotated[int, whole(1)]
    period_seconds: Annotated[int, whole(1, 1800)]


Policies: TypeAlias = Annotated[tuple[Policy, ...], Field(min_length=1)]

_PER_15_S = Policy(type="Percent", value=100, periodSeconds=15)
_SELECT = one_of("Max", "Min", "Disabled")


class Direction(Section):
    """One direction of the HPA's `behavior`. The defaults are the HPA's for scaling up."""

    stabilization_window_seconds: Annotated[int, whole(0, 3600)] = 0
    select_policy: Annotated[Literal["Max", "Min", "Disabled"], _SELECT] = "Max"
    policies: Policies = (Policy(type="Pods", value=4, periodSeconds=15), _PER_15_S)
    tolerance: Annotated[float, number(0)] = 0.1


class ScaleDown(Direction):
    """The same with the HPA's defaults for scaling down."""

    stabilization_window_seconds: Annotated[int, whole(0, 3600)] = 300
    policies: Policies = (_PER_15_S,)


class Behavior(Section):
    """The HPA's `behavior`, missing parts filled with its defaults."""

    scale_up: Direction = Direction()
    scale_down: ScaleDown = ScaleDown()

    @cached_property
    def longest_period(self) -> float:
        """Of all policies, in seconds."""
        policies = (*self.scale_up.policies, *self.scale_down.policies)
        return float(max((policy.period_seconds for policy in policies), default=0))

    @cached_property
    def longest_window(self) -> float:
        """Of both directions, in seconds."""
        return float(max(self.scale_up.stabilization_window_seconds, self.scale_down.stabilization_window_seconds))


_FALLBACKS = one_of(
    "static", "currentReplicas", "currentReplicasIfHigher", "currentReplicasIfLower", "scalingModifiers"
)


class Fallback(Section):
    """What to do about a trigger that fails `failure_threshold` polls in a row: a count in place of its reading."""

    failure_threshold: Annotated[int, whole(0)]
    replicas: Annotated[int, whole(0)]
    behavior: Annotated[FallbackBehavior, _FALLBACKS] = "static"

    @property
    def threshold(self) -> int:
        """Failed polls in a row after which it begins; KEDA's 0 is the first one too."""
        return max(self.failure_threshold, 1)


@dataclass(frozen=True, slots=True)
class Modifiers:
    """`scalingModifiers`: a formula over the triggers, which stands for all of them.

    `target` per replica (Value: for all), active above `activation`, both in the formula's own unit.
    """

    formula: Formula
    target: float
    activation: float
    metric_type: MetricType
    name: ClassVar[str] = "formula"


@dataclass(frozen=True, slots=True)
class Pause:
    """What the other annotations say. `problems` names those that say nothing clear."""

    paused: bool = False
    replicas: int | None = None
    scale_in: bool = False
    scale_out: bool = False
    force_activation: bool = False
    problems: tuple[Problem, ...] = ()


class ShownTrigger(NamedTuple):
    """A trigger for people: its parameters after defaults, without secrets."""

    type: str
    name: str
    shown: Mapping[str, str | float | bool]


class Nowhere(Strict):
    """Stands for the connection and the queue of a trigger that is decided on and never read."""


@dataclass(frozen=True, slots=True)
class Trigger:
    """One queue and what it asks for: `target` per replica, active above `activation`, both in the queue's unit.

    `connection` and `queue` are the broker type's own values; `shown` are its parameters after defaults, no secrets.
    """

    type: str
    name: str
    metric_type: MetricType
    target: float
    activation: float
    connection: BaseModel = field(repr=False)
    queue: BaseModel = field(repr=False)
    shown: Mapping[str, str | float | bool] = field(compare=False)

    @property
    def source(self) -> tuple[str, BaseModel]:
        """Triggers with an equal source share one connection and one read."""
        return self.type, self.connection


@dataclass(frozen=True, slots=True)
class Rule:
    """A valid rule. Times in seconds. `restore`: when it is removed the count goes back to that of before."""

    triggers: tuple[Trigger, ...]
    polling_interval: float
    cooldown_period: float
    initial_cooldown_period: float
    min_replicas: int
    max_replicas: int
    idle_replicas: int | None
    behavior: Behavior | None
    fallback: Fallback | None
    modifiers: Modifiers | None
    pause: Pause
    restore: bool = False
    warnings: tuple[str, ...] = ()
    references: frozenset[Reference] = frozenset()


@dataclass(frozen=True, slots=True)
class InvalidRule:
    """A rule that cannot be followed, and all that is wrong with it. Its pause annotations still work.

    Without `problems` only some of its `references` have not been read yet; `shown` is what is known of its triggers.
    """

    problems: tuple[Problem, ...]
    pause: Pause
    warnings: tuple[str, ...] = ()
    references: frozenset[Reference] = frozenset()
    shown: tuple[ShownTrigger, ...] = ()

    @property
    def unread(self) -> bool:
        """Whether nothing is wrong with it so far."""
        return not self.problems
