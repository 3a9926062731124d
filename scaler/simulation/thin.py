"""Fewer points than were measured, and yet every spike."""

import itertools
from collections.abc import Sequence
from typing import TypeAlias

Points: TypeAlias = list[tuple[float, float]]
Bars: TypeAlias = list[tuple[float, float]]


def thinned(points: Sequence[tuple[float, float]], slices: int) -> Points:
    """Of each slice of time the first, lowest, highest and last point, in order; all where there are few."""
    if len(points) <= 4 * slices:
        return list(points)
    kept: Points = []
    first, length = points[0][0], (points[-1][0] - points[0][0]) / slices
    for _, group in itertools.groupby(points, key=lambda point: (point[0] - first) // length):
        inside = list(group)
        chosen = {inside[0], min(inside, key=_value), max(inside, key=_value), inside[-1]}
        kept += sorted(chosen)
    return kept


def corners(points: Sequence[tuple[float, float]]) -> Points:
    """A line of steps without the points in its level parts: where it changes, and its end."""
    changed = (after for before, after in itertools.pairwise(points) if after[1] != before[1])
    return list(dict.fromkeys([points[0], *changed, points[-1]]))


def merged(stretches: Sequence[tuple[float, float]], least: float) -> Bars:
    """Start and length of stretches; those less than `least` apart become one, and none is shorter than that."""
    bars: Bars = []
    for start, end in stretches:
        end = max(end, start + least)
        if bars and start - sum(bars[-1]) < least:
            bars[-1] = (bars[-1][0], max(end, sum(bars[-1])) - bars[-1][0])
        else:
            bars.append((start, end - start))
    return bars


def _value(point: tuple[float, float]) -> float:
    return point[1]
