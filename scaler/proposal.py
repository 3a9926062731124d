"""From readings to what the triggers ask for: the HPA's replica calculation, an error never taken for a number."""

import math
from collections.abc import Mapping
from typing import NamedTuple, Protocol

from scaler import behavior as hpa
from scaler import step as steps
from scaler.answer import Answer
from scaler.case import Case
from scaler.fallback import in_effect, proposed
from scaler.rule import MetricType, Rule, Trigger
from scalers import ScalerError

#: The largest count that Kubernetes can hold.
MAX_REPLICAS = 2**31 - 1
#: What makes a rule active although nothing was read.
FORCED = "force-activation"


class Proposals(NamedTuple):
    """What the triggers of a rule ask for, taken together.

    `highest` is the raw maximum (-1 where every trigger fails); `limited` is the same with the default limit on rising
    Value metrics. `failing` counts triggers without a number and without a fallback; `active_by` names what makes the
    rule active; `fallen` tells whether the maximum is that of a fallback.
    """

    highest: int
    limited: int
    failing: int
    active_by: str | None
    fallen: bool = False

    def recommendation(self, found: int) -> int:
        """What the windows remember: the raw maximum; while an error holds the count, at least the count."""
        return max(self.highest, found) if self.failing else self.highest


class Metric(Protocol):
    """What a value is compared with: a trigger, or the formula of several."""

    @property
    def metric_type(self) -> MetricType:
        """AverageValue: `target` is for each replica; Value: for all of them."""

    @property
    def target(self) -> float:
        """In the unit of the value."""


def propose(case: Case, rule: Rule, answers: Mapping[str, Answer]) -> Proposals:
    """One proposal per trigger that answered or has its fallback, and who is active."""
    highest = limited = -1
    failing, fallen = 0, False
    active_by = FORCED if rule.pause.force_activation else None
    for trigger in rule.triggers:
        answer = answers[trigger.name]
        if isinstance(answer, ScalerError):
            case.trail.append(steps.Failure(trigger.name, str(answer), case.history.failures.get(trigger.name, 0)))
            fallback = in_effect(case, rule, trigger.name)
            if fallback is None:
                failing += 1
                continue
            proposal = capped = proposed(case, fallback, trigger.name)
            active = proposal > 0
        else:
            proposal = asked(case, rule, trigger, answer.value)
            case.trail.append(steps.Proposal(trigger.name, answer.value, trigger.target, proposal))
            capped = eased(case, rule, trigger, proposal)
            active = answer.activity > trigger.activation
        if proposal > highest:
            highest, fallen = proposal, isinstance(answer, ScalerError)
        limited = max(limited, capped)
        if active_by is None and active:
            active_by = trigger.name
    return concluded(case, rule.triggers, Proposals(highest, limited, failing, active_by, fallen))


def concluded(case: Case, triggers: tuple[Trigger, ...], proposals: Proposals) -> Proposals:
    """The same, with what follows from all of them on the trail."""
    if proposals.failing:
        case.trail.append(steps.Hold(proposals.failing, len(triggers), case.found))
    case.trail.append(steps.Activation(proposals.active_by is not None, proposals.active_by))
    return proposals


def asked(case: Case, rule: Rule, metric: Metric, value: float) -> int:
    """The HPA's calculation for an external metric (replica_calculator), with the contract's own rule for Value."""
    if metric.metric_type == "Value":
        ratio = value / metric.target
        if case.found == 0:
            return _ceil(ratio)
        if _tolerated(rule, ratio):
            return case.found
        if ratio > 1:
            return max(_ceil(ratio * case.ready), case.found)
        return _ceil(ratio * case.found)
    if case.found and _tolerated(rule, value / (metric.target * case.found)):
        return case.found
    return _ceil(value / metric.target)


def eased(case: Case, rule: Rule, metric: Metric, proposal: int) -> int:
    """Without `behavior` a Value metric rises step by step: it multiplies the replicas that its own rise added."""
    if metric.metric_type != "Value" or rule.behavior is not None or proposal <= case.found:
        return proposal
    return min(proposal, max(hpa.legacy_limit(case.found, case.history, case.now), case.found))


def _ceil(number: float) -> int:
    return MAX_REPLICAS if number >= MAX_REPLICAS else math.ceil(number)


def _tolerated(rule: Rule, ratio: float) -> bool:
    if rule.behavior is None:
        return 1 - hpa.TOLERANCE <= ratio <= 1 + hpa.TOLERANCE
    return 1 - rule.behavior.scale_down.tolerance <= ratio <= 1 + rule.behavior.scale_up.tolerance
