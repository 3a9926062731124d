"""The one proposal of `scalingModifiers`: a formula over all triggers stands for each of them."""

from collections.abc import Mapping

from scaler import step as steps
from scaler.answer import Answer
from scaler.case import Case
from scaler.fallback import in_effect, proposed
from scaler.formula import FormulaError, MissingValue
from scaler.proposal import FORCED, Proposals, asked, concluded, eased
from scaler.rule import Fallback, Modifiers, Rule
from scalers import ScalerError


def propose_composite(case: Case, rule: Rule, modifiers: Modifiers, answers: Mapping[str, Answer]) -> Proposals:
    """What the formula asks for, or a fallback in its place. Triggers that it does not use change nothing."""
    forced = FORCED if rule.pause.force_activation else None
    proposals = _proposals(case, rule, modifiers, answers)
    return concluded(case, rule.triggers, proposals._replace(active_by=forced or proposals.active_by))


def _proposals(case: Case, rule: Rule, modifiers: Modifiers, answers: Mapping[str, Answer]) -> Proposals:
    used = {name: answers[name] for name in answers if name in modifiers.formula.names}
    _tell(case, used)
    missing = [name for name, answer in used.items() if isinstance(answer, ScalerError)]
    fallbacks = {name: fallback for name in missing if (fallback := in_effect(case, rule, name))}
    if len(fallbacks) < len(missing):
        return Proposals(-1, -1, len(missing) - len(fallbacks), None)
    for name, fallback in fallbacks.items():
        if fallback.behavior != "scalingModifiers":
            return _fallen(case, fallback, name)
    return _computed(case, rule, modifiers, used, fallbacks)


def _tell(case: Case, used: Mapping[str, Answer]) -> None:
    for name, answer in used.items():
        if isinstance(answer, ScalerError):
            case.trail.append(steps.Failure(name, str(answer), case.history.failures.get(name, 0)))
        else:
            case.trail.append(steps.Value(name, answer.value))


def _computed(
    case: Case, rule: Rule, modifiers: Modifiers, used: Mapping[str, Answer], fallbacks: Mapping[str, Fallback]
) -> Proposals:
    values = {name: None if isinstance(answer, ScalerError) else answer.value for name, answer in used.items()}
    try:
        result = modifiers.formula.value(values)
    except MissingValue as error:
        if not modifiers.formula.coalesces:
            return _failed(case, modifiers, str(error))
        # As in KEDA: where `??` finds no value at all, the fallback's own count stands for the result.
        name, fallback = next(iter(fallbacks.items()))
        return _fallen(case, fallback, name)
    except FormulaError as error:
        return _failed(case, modifiers, str(error))
    if result < 0:
        return _failed(case, modifiers, f"the result is {result:g}, which is no length")
    proposal = asked(case, rule, modifiers, result)
    case.trail.append(steps.Formula(modifiers.formula.text, result))
    case.trail.append(steps.Proposal(modifiers.name, result, modifiers.target, proposal))
    active_by = modifiers.name if result > modifiers.activation else None
    return Proposals(proposal, eased(case, rule, modifiers, proposal), 0, active_by)


def _failed(case: Case, modifiers: Modifiers, error: str) -> Proposals:
    case.trail.append(steps.Failure(modifiers.name, error, 0))
    return Proposals(-1, -1, 1, None)


def _fallen(case: Case, fallback: Fallback, name: str) -> Proposals:
    proposal = proposed(case, fallback, name)
    return Proposals(proposal, proposal, 0, name if proposal > 0 else None, True)
