"""What to do about a trigger that goes on failing: a count that the rule's author wrote instead of a reading."""

from collections.abc import Mapping

from scaler import step as steps
from scaler.answer import Answer, Repeated
from scaler.case import Case
from scaler.rule import Fallback, Rule
from scalers import ScalerError


def count_failures(case: Case, answers: Mapping[str, Answer]) -> None:
    """Count the failed polls in a row of every trigger; a good answer, or a trigger that is gone, ends its count."""
    before = case.history.failures
    failures = {
        name: max(before.get(name, 0) + (not isinstance(answer, Repeated)), 1)
        for name, answer in answers.items()
        if isinstance(answer, ScalerError)
    }
    if failures or before:
        case.history = case.history._replace(failures=failures)


def in_effect(case: Case, rule: Rule, trigger: str) -> Fallback | None:
    """The rule's fallback, if the trigger has failed often enough for it; it begins with the poll that makes it so."""
    if rule.fallback is None or case.history.failures.get(trigger, 0) < rule.fallback.threshold:
        return None
    return rule.fallback


def proposed(case: Case, fallback: Fallback, trigger: str) -> int:
    """The count that it asks for. Source of the behaviors: KEDA's fallback, which takes them as metrics."""
    replicas = fallback.replicas
    if fallback.behavior == "currentReplicas":
        replicas = case.found
    elif fallback.behavior == "currentReplicasIfHigher":
        replicas = max(case.found, replicas)
    elif fallback.behavior == "currentReplicasIfLower":
        replicas = min(case.found, replicas)
    polls = case.history.failures.get(trigger, 0)
    case.trail.append(steps.Fallback(trigger, fallback.behavior, polls, replicas))
    return replicas
