"""The HPA's `behavior`: stabilization windows and rate limits, as its algorithm defines them.

Source: the HPA v2 controller, normalizeDesiredReplicasWithBehaviors and convertDesiredReplicasWithBehaviorRate.
Numbers are doubles and the order of operations is the HPA's, because both show in the result.
"""

import math

from scaler.history import Change, History
from scaler.rule import Behavior, Direction

#: What the HPA does where a rule has no `behavior`: seconds that the highest recommendation holds, and the tolerance.
DOWNSCALE_WINDOW = 300.0
TOLERANCE = 0.1
#: The HPA's legacy limit on a rise: to twice the replicas, or to four.
LEGACY_FACTOR, LEGACY_MINIMUM, LEGACY_PERIOD = 2, 4, 15.0


def stabilize(behavior: Behavior, recommendation: int, replicas: int, history: History, now: float) -> int:
    """Between the lowest recommendation of the scale-up window and the highest of the scale-down window."""
    up = down = recommendation
    up_window = behavior.scale_up.stabilization_window_seconds
    down_window = behavior.scale_down.stabilization_window_seconds
    for at, recommended in history.recommendations:
        age = now - at
        if age < up_window:
            up = min(up, recommended)
        if age < down_window:
            down = max(down, recommended)
    return min(max(replicas, up), down)


def highest_recommendation(recommendation: int, history: History, now: float) -> int:
    """The highest recommendation of the default window, its far end included as in the HPA without `behavior`."""
    recent = (entry.replicas for entry in history.recommendations if now - entry.at <= DOWNSCALE_WINDOW)
    return max(recommendation, *recent, recommendation)


def limit_up(direction: Direction, replicas: int, history: History, now: float) -> int:
    """The most that the scale-up policies allow now; never below `replicas`."""
    if direction.select_policy == "Disabled":
        return replicas
    limits = _limits(direction, replicas, history, now, up=True)
    return max(max(limits) if direction.select_policy == "Max" else min(limits), replicas)


def limit_down(direction: Direction, replicas: int, history: History, now: float) -> int:
    """The least that the scale-down policies allow now; never above `replicas`."""
    if direction.select_policy == "Disabled":
        return replicas
    limits = _limits(direction, replicas, history, now, up=False)
    return min(min(limits) if direction.select_policy == "Max" else max(limits), replicas)


def _limits(direction: Direction, replicas: int, history: History, now: float, *, up: bool) -> list[int]:
    """How far each policy lets the count go. Percentages are rounded up, and on the way down cut off."""
    sign, rounded = (1, math.ceil) if up else (-1, int)
    limits = []
    for policy in direction.policies:
        start = _period_start(replicas, history, now, policy.period_seconds)
        if policy.type == "Pods":
            limits.append(start + sign * policy.value)
        else:
            limits.append(rounded(start * (1 + sign * policy.value / 100)))
    return limits


def legacy_limit(replicas: int, history: History, now: float) -> int:
    """How far a Value metric may rise without `behavior`: max(2 x replicas, 4) per 15 s, counted from their start."""
    start = _period_start(replicas, history, now, LEGACY_PERIOD)
    return max(LEGACY_FACTOR * start, LEGACY_MINIMUM)


def longest_period(behavior: Behavior | None) -> float:
    """How long a change of the count can still matter to a rate limit, in seconds."""
    return LEGACY_PERIOD if behavior is None else behavior.longest_period


def longest_window(behavior: Behavior | None) -> float:
    """How long a recommendation can still matter to a window, in seconds."""
    return DOWNSCALE_WINDOW if behavior is None else behavior.longest_window


def _period_start(replicas: int, history: History, now: float, period: float) -> int:
    return replicas - _sum(history.scale_ups, now, period) + _sum(history.scale_downs, now, period)


def _sum(changes: tuple[Change, ...], now: float, period: float) -> int:
    return sum([change.change for change in changes if now - change.at < period]) if changes else 0
