"""A rule's state in the words of Kubernetes: conditions with status, reason and message."""

from typing import NamedTuple, TypeAlias

from scaler.rule import InvalidRule
from scaler.step import Activation, Failure, Fallback, Hold
from scaler.workload import Workload


class Condition(NamedTuple):
    """`status` is True, False or Unknown, as everywhere in Kubernetes."""

    status: str
    reason: str
    message: str


Conditions: TypeAlias = dict[str, Condition]


def conditions(workload: Workload, now: float) -> Conditions:
    """Ready, Active, Fallback, Paused and Contested, in this order."""
    return {
        "Ready": _ready(workload),
        "Active": _active(workload),
        "Fallback": _fallback(workload),
        "Paused": _paused(workload),
        "Contested": _contested(workload, now),
    }


def _ready(workload: Workload) -> Condition:
    rule = workload.rule
    if isinstance(rule, InvalidRule) and rule.unread:
        return Condition("Unknown", "NotReadYet", "what the rule refers to has not been read yet")
    if isinstance(rule, InvalidRule):
        return Condition("False", "RuleInvalid", "; ".join(map(str, rule.problems)))
    problems = rule.pause.problems
    if problems:
        return Condition("False", "AnnotationInvalid", "; ".join(map(str, problems)))
    failures = [f"{name}: {error}" for name, error in failing(workload).items()]
    if failures:
        return Condition("False", "TriggerFailing", "; ".join(failures))
    if not workload.complete:
        return Condition("Unknown", "NotReadYet", "no trigger has been read yet")
    return Condition("True", "RuleReady", "every trigger answers")


def failing(workload: Workload) -> dict[str, str]:
    """The triggers without a number, and why."""
    steps = workload.decision.steps if workload.decision else ()
    return {step.trigger: step.error for step in steps if isinstance(step, Failure)}


def _fallback(workload: Workload) -> Condition:
    steps = workload.decision.steps if workload.decision else ()
    said = [step.words() for step in steps if isinstance(step, Fallback)]
    if said:
        return Condition("True", "TriggerFailing", "; ".join(said))
    return Condition("False", "NoFallback", "no trigger is in fallback")


def _active(workload: Workload) -> Condition:
    decision = workload.decision
    steps = decision.steps if decision else ()
    for step in steps:
        if isinstance(step, Activation):
            if not step.active and any(isinstance(each, Hold) for each in steps):
                return Condition("Unknown", "TriggerFailing", "a trigger that fails may have work")
            return Condition(str(step.active), "TriggerActive" if step.active else "NoTriggerActive", step.words())
    return Condition("Unknown", decision.reason if decision else "NotReadYet", "nothing decides on activity now")


def _paused(workload: Workload) -> Condition:
    pause = workload.rule.pause
    if pause.replicas is not None:
        return Condition("True", "PausedReplicas", f"paused-replicas keeps {pause.replicas}")
    if pause.paused:
        return Condition("True", "Paused", "paused keeps the present count")
    if pause.scale_in or pause.scale_out:
        names = [name for name, on in (("scale-in", pause.scale_in), ("scale-out", pause.scale_out)) if on]
        return Condition("True", "PausedOneWay", f"paused: {' and '.join(names)}")
    return Condition("False", "NotPaused", "no pause annotation")


def _contested(workload: Workload, now: float) -> Condition:
    if workload.rival is not None:
        message = f"{workload.rival} has the same target, so it is not scaled here; remove one of the two"
        return Condition("True", "OtherAutoscaler", message)
    if workload.contest.contested(now):
        manager = workload.contest.manager
        return Condition(
            "True", "OtherWriter", f"{manager} keeps changing spec.replicas; written at most once a minute"
        )
    return Condition("False", "OnlyWriter", "nobody else keeps changing spec.replicas")
