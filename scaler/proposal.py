"""From readings to what the triggers ask for: the HPA's replica calculation, an error never taken for a number."""

import math
from collections.abc import Mapping
from typing import NamedTuple, TypeAlias

from scaler import behavior as hpa
from scaler import step as steps
from scaler.case import Case
from scaler.rule import Rule, Trigger
from scalers import Reading, ScalerError

#: The largest count that Kubernetes can hold.
MAX_REPLICAS = 2**31 - 1

Answer: TypeAlias = Reading | ScalerError


class Proposals(NamedTuple):
    """What the triggers of a rule ask for, taken together.

    `highest` is the raw maximum (-1 where every trigger fails); `limited` is the same with the default limit on rising
    Value metrics. `failing` counts triggers without a number; `active_by` names what makes the rule active.
    """

    highest: int
    limited: int
    failing: int
    active_by: str | None

    def recommendation(self, found: int) -> int:
        """What the windows remember: the raw maximum; while an error holds the count, at least the count."""
        return max(self.highest, found) if self.failing else self.highest


def propose(case: Case, rule: Rule, readings: Mapping[str, Answer]) -> Proposals:
    """One proposal per trigger that answered, and who is active."""
    highest = limited = -1
    failing = 0
    active_by = "force-activation" if rule.pause.force_activation else None
    for trigger in rule.triggers:
        answer = _checked(readings.get(trigger.name))
        if isinstance(answer, ScalerError):
            failing += 1
            case.trail.append(steps.Failure(trigger.name, str(answer)))
            continue
        proposal = _proposal(case, rule, trigger, answer)
        case.trail.append(steps.Proposal(trigger.name, answer.value, trigger.target, proposal))
        highest = max(highest, proposal)
        limited = max(limited, _limited(case, rule, trigger, proposal))
        if active_by is None and answer.activity > trigger.activation:
            active_by = trigger.name
    if failing:
        case.trail.append(steps.Hold(failing, len(rule.triggers), case.found))
    case.trail.append(steps.Activation(active_by is not None, active_by))
    return Proposals(highest, limited, failing, active_by)


def _checked(answer: Answer | None) -> Answer:
    if answer is None:
        return ScalerError("no reading")
    if isinstance(answer, ScalerError):
        return answer
    for number in answer:
        if not math.isfinite(number) or number < 0:
            return ScalerError(f"the broker answered {number}, which is no length")
    return answer


def _proposal(case: Case, rule: Rule, trigger: Trigger, reading: Reading) -> int:
    """The HPA's calculation for an external metric (replica_calculator), with the contract's own rule for Value."""
    if trigger.metric_type == "Value":
        ratio = reading.value / trigger.target
        if case.found == 0:
            return _ceil(ratio)
        if _tolerated(rule, ratio):
            return case.found
        if ratio > 1:
            return max(_ceil(ratio * case.ready), case.found)
        return _ceil(ratio * case.found)
    if case.found and _tolerated(rule, reading.value / (trigger.target * case.found)):
        return case.found
    return _ceil(reading.value / trigger.target)


def _limited(case: Case, rule: Rule, trigger: Trigger, proposal: int) -> int:
    """Without `behavior` a Value metric rises step by step: it multiplies the replicas that its own rise added."""
    if trigger.metric_type != "Value" or rule.behavior is not None or proposal <= case.found:
        return proposal
    return min(proposal, max(hpa.legacy_limit(case.found, case.history, case.now), case.found))


def _ceil(number: float) -> int:
    return MAX_REPLICAS if number >= MAX_REPLICAS else math.ceil(number)


def _tolerated(rule: Rule, ratio: float) -> bool:
    if rule.behavior is None:
        return 1 - hpa.TOLERANCE <= ratio <= 1 + hpa.TOLERANCE
    return 1 - rule.behavior.scale_down.tolerance <= ratio <= 1 + rule.behavior.scale_up.tolerance
