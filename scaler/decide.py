"""The whole policy, from zero to N and back, as one pure function: nothing else chooses a count.

Times are float seconds on whatever clock the caller reads `now` from.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple, TypeAlias

from scaler import behavior as hpa
from scaler import step as steps
from scaler.answer import Answer, checked
from scaler.case import Case
from scaler.composite import propose_composite
from scaler.fallback import count_failures
from scaler.history import History, changed, recommended
from scaler.proposal import Proposals, propose
from scaler.rule import Behavior, InvalidRule, Rule

#: A poll that comes later than this many intervals, or seconds, after the last one leaves a stretch unobserved.
GAP_INTERVALS, GAP_SECONDS = 3, 30.0


class Replicas(NamedTuple):
    """What the scale target has: `found` is spec.replicas, `ready` its ready pods."""

    found: int
    ready: int


class Reason(StrEnum):
    """Why the count is what it is: the words of conditions, metrics and logs."""

    QUEUE = "FollowsQueue"
    FALLBACK = "InFallback"
    ACTIVATED = "Activated"
    REST = "NoWork"
    COOLDOWN = "CoolingDown"
    STABILIZED = "Stabilized"
    RATE_LIMITED = "RateLimited"
    TOO_FEW = "AtMinReplicas"
    TOO_MANY = "AtMaxReplicas"
    HELD = "TriggerFailing"
    PAUSED = "Paused"
    INVALID = "RuleInvalid"


#: Where the count is what the queue asks for, or nobody asks for anything; else something holds it.
FREE: Final = frozenset({Reason.QUEUE, Reason.REST, Reason.ACTIVATED})


@dataclass(frozen=True, slots=True)
class Decision:
    """A count with its reason, every step that led to it, and the history to decide on next time."""

    replicas: int
    reason: Reason
    active: bool
    steps: tuple[steps.Step, ...]
    history: History

    @property
    def fallback(self) -> bool:
        """Whether a fallback stands for a trigger that fails."""
        return any(isinstance(step, steps.Fallback) for step in self.steps)

    def why(self) -> str:
        """The steps in words, for a log line or an event."""
        return "; ".join(step.words() for step in self.steps)


_Choice: TypeAlias = tuple[int, Reason]


def decide(
    rule: Rule | InvalidRule, readings: Mapping[str, Answer], replicas: Replicas, history: History, now: float
) -> Decision:
    """How many replicas the scale target should have.

    `readings` holds one answer per trigger name; a missing one counts as failed. An error counts as a failed poll
    unless it is Repeated. The result's history takes the change as made: a caller that fails to make it keeps the old
    `scale_ups` and `scale_downs`.
    """
    case = Case(replicas.found, replicas.ready, now, history)
    _skip_gap(case, rule)
    active = False
    answers = _answers(case, rule, readings)
    if isinstance(rule, InvalidRule) or rule.pause.paused or rule.pause.replicas is not None:
        recommendation, (wanted, reason) = _held(case, rule)
    else:
        proposals = _proposals(case, rule, answers)
        active = proposals.active_by is not None
        recommendation, (wanted, reason) = _chosen(case, rule, proposals)
        wanted, reason = _one_way(case, rule, wanted, reason)
    return Decision(wanted, reason, active, tuple(case.trail), _next(case, rule, recommendation, wanted))


def _next(case: Case, rule: Rule | InvalidRule, recommendation: int, wanted: int) -> History:
    past, now, rise = case.history, case.now, wanted - case.found
    behavior = rule.behavior if isinstance(rule, Rule) else None
    window, period = hpa.longest_window(behavior), hpa.longest_period(behavior)
    return History(
        first_seen=past.first_seen,
        last_poll=now,
        inactive_since=case.inactive_since,
        recommendations=recommended(past.recommendations, recommendation, now, window),
        scale_ups=changed(past.scale_ups, rise, now, period),
        scale_downs=changed(past.scale_downs, -rise, now, period),
        failures=past.failures,
    )


def _answers(case: Case, rule: Rule | InvalidRule, readings: Mapping[str, Answer]) -> Mapping[str, Answer]:
    """One for each trigger, failures counted. Also of a paused rule, which goes on being read."""
    if isinstance(rule, InvalidRule):
        return {}
    answers = {trigger.name: checked(readings.get(trigger.name)) for trigger in rule.triggers}
    count_failures(case, answers)
    return answers


def _proposals(case: Case, rule: Rule, answers: Mapping[str, Answer]) -> Proposals:
    if rule.modifiers is not None:
        return propose_composite(case, rule, rule.modifiers, answers)
    return propose(case, rule, answers)


def unobserved(gap: float, interval: float) -> bool:
    """Whether so many seconds since the last poll are too many, or too few, for polls `interval` seconds apart."""
    return not 0 <= gap <= max(GAP_INTERVALS * interval, GAP_SECONDS)


def _skip_gap(case: Case, rule: Rule | InvalidRule) -> None:
    """Move the history past a stretch in which nobody looked: a restart, an outage, a clock that jumped."""
    if case.history.last_poll is None:
        return
    gap = case.now - case.history.last_poll
    if unobserved(gap, rule.polling_interval if isinstance(rule, Rule) else 0.0):
        case.trail.append(steps.Gap(gap))
        case.history = case.history.shifted(gap)


def _held(case: Case, rule: Rule | InvalidRule) -> tuple[int, _Choice]:
    """A paused or unreadable rule: the count of the annotation, else the present one. The cooldown starts anew."""
    wanted = case.found if rule.pause.replicas is None else rule.pause.replicas
    if rule.pause.replicas is not None:
        case.trail.append(steps.Paused("paused-replicas", wanted))
    elif rule.pause.paused:
        case.trail.append(steps.Paused("paused", wanted))
    elif isinstance(rule, InvalidRule):
        case.trail.append(steps.InvalidRule(len(rule.problems), wanted))
        return wanted, (wanted, Reason.INVALID)
    return wanted, (wanted, Reason.PAUSED)


def _chosen(case: Case, rule: Rule, proposals: Proposals) -> tuple[int, _Choice]:
    """What the queues recommend, and the count that follows from it."""
    _run_cooldown(case, proposals)
    active = proposals.active_by is not None
    rest = _rest_count(rule)
    resting = rest is not None and case.found <= rest
    if resting and not active:
        case.trail.append(steps.Rest(case.found))
        return case.found, (case.found, Reason.HELD if proposals.failing else Reason.REST)
    recommendation = proposals.recommendation(case.found)
    if rest is not None and not active and _may_rest(rule) and _cooled_down(case, rule):
        case.trail.append(steps.Rest(rest))
        return recommendation, (rest, Reason.REST)
    leaving = active and (resting or case.found == 0)
    choice = _leave_rest(case, rule, proposals) if leaving else _follow(case, rule, proposals)
    if rest is not None and not active:
        choice = _cooling(case, rule, choice)
    if proposals.failing and choice[0] <= case.found:
        choice = case.found, Reason.HELD
    elif proposals.fallen and choice[1] in (Reason.QUEUE, Reason.ACTIVATED):
        choice = choice[0], Reason.FALLBACK
    return recommendation, _bounded(case, rule, active, choice)


def _run_cooldown(case: Case, proposals: Proposals) -> None:
    """It runs only over polls in which all was read and nothing was active; it begins at the last poll before those."""
    if proposals.active_by is None and not proposals.failing:
        last_poll, case.inactive_since = case.history.last_poll, case.history.inactive_since
        if case.inactive_since is None:
            case.inactive_since = case.now if last_poll is None else last_poll


def _cooled_down(case: Case, rule: Rule) -> bool:
    """Whether a cooldown has passed; while a trigger fails none runs."""
    return case.inactive_since is not None and _cooldown_left(case, rule) <= 0


def _cooldown_left(case: Case, rule: Rule) -> float:
    """Seconds until the rule may rest; a whole cooldown while none runs."""
    inactive_since = case.now if case.inactive_since is None else case.inactive_since
    since_work = inactive_since + rule.cooldown_period - case.now
    since_start = case.history.first_seen + rule.initial_cooldown_period - case.now
    return max(since_work, since_start)


def _rest_count(rule: Rule) -> int | None:
    """Where a rule without work ends: idle where set, else zero where the minimum is; else nowhere."""
    if rule.idle_replicas is not None:
        return rule.idle_replicas
    return 0 if rule.min_replicas == 0 else None


def _may_rest(rule: Rule) -> bool:
    disabled = rule.behavior is not None and rule.behavior.scale_down.select_policy == "Disabled"
    return not disabled and not rule.pause.scale_in


def _leave_rest(case: Case, rule: Rule, proposals: Proposals) -> _Choice:
    """Straight to what the queue asks for, at least max(1, min); the policies of `behavior` count from there."""
    low = max(1, rule.min_replicas)
    wanted = max(low, proposals.limited)
    if rule.behavior is not None:
        allowed = hpa.limit_up(rule.behavior.scale_up, low, case.history, case.now)
        if wanted > allowed:
            case.trail.append(steps.RateLimit("scaleUp", wanted, allowed))
            return allowed, Reason.RATE_LIMITED
    return wanted, Reason.ACTIVATED


def _follow(case: Case, rule: Rule, proposals: Proposals) -> _Choice:
    recommendation = proposals.recommendation(case.found)
    if rule.behavior is not None:
        return _limited(case, rule.behavior, _stabilized(case, rule.behavior, recommendation))
    if recommendation >= case.found:
        wanted = max(proposals.limited, case.found)
        if wanted < recommendation:
            case.trail.append(steps.RateLimit("scaleUp", recommendation, wanted))
            return wanted, Reason.RATE_LIMITED
        return wanted, Reason.QUEUE
    wanted = min(case.found, hpa.highest_recommendation(recommendation, case.history, case.now))
    if wanted > recommendation:
        case.trail.append(steps.Stabilization("scaleDown", hpa.DOWNSCALE_WINDOW, recommendation, wanted))
        return wanted, Reason.STABILIZED
    return wanted, Reason.QUEUE


def _stabilized(case: Case, behavior: Behavior, recommendation: int) -> _Choice:
    wanted = hpa.stabilize(behavior, recommendation, case.found, case.history, case.now)
    if wanted == recommendation:
        return wanted, Reason.QUEUE
    rising = recommendation >= case.found
    direction = behavior.scale_up if rising else behavior.scale_down
    window = direction.stabilization_window_seconds
    name = "scaleUp" if rising else "scaleDown"
    case.trail.append(steps.Stabilization(name, window, recommendation, wanted))
    return wanted, Reason.STABILIZED


def _limited(case: Case, behavior: Behavior, choice: _Choice) -> _Choice:
    wanted = choice[0]
    if wanted > case.found:
        name, allowed = "scaleUp", hpa.limit_up(behavior.scale_up, case.found, case.history, case.now)
        allowed = min(wanted, allowed)
    else:
        name, allowed = "scaleDown", hpa.limit_down(behavior.scale_down, case.found, case.history, case.now)
        allowed = max(wanted, allowed)
    if allowed == wanted:
        return choice
    case.trail.append(steps.RateLimit(name, wanted, allowed))
    return allowed, Reason.RATE_LIMITED


def _cooling(case: Case, rule: Rule, choice: _Choice) -> _Choice:
    """Cooling down only forbids going below; it never raises."""
    floor = min(case.found, max(1, rule.min_replicas))
    if choice[0] >= floor or _cooled_down(case, rule):
        return choice
    case.trail.append(steps.Cooldown(max(_cooldown_left(case, rule), 0.0), floor))
    return floor, Reason.COOLDOWN


def _bounded(case: Case, rule: Rule, active: bool, choice: _Choice) -> _Choice:
    """Within min..max while active or with a minimum; else a count found above the maximum is left to its queue."""
    wanted = choice[0]
    low, high = 0, max(rule.max_replicas, case.found)
    if active or rule.min_replicas >= 1:
        low, high = max(1, rule.min_replicas), rule.max_replicas
    bounded = min(max(wanted, low), high)
    if bounded == wanted:
        return choice
    case.trail.append(steps.Bounds(low, high, bounded))
    return bounded, Reason.TOO_MANY if bounded < wanted else Reason.TOO_FEW


def _one_way(case: Case, rule: Rule, wanted: int, reason: Reason) -> _Choice:
    """The pauses of one direction hold the count found, outside the bounds too."""
    down = rule.pause.scale_in and wanted < case.found
    if not down and not (rule.pause.scale_out and wanted > case.found):
        return wanted, reason
    case.trail.append(steps.Paused("paused-scale-in" if down else "paused-scale-out", case.found))
    return case.found, Reason.PAUSED
