"""A rule's state in one word, the worst first: what a person has to know before all else."""

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final

#: Reasons of Ready that a mistake of the user's has.
_MISTAKES: Final = frozenset({"RuleInvalid", "AnnotationInvalid"})


class Standing(Enum):
    """In the order of the list. The symbol says without colour what `tone`, a CSS class, says by it; `condition` names
    the one whose message tells more, if any does.
    """

    INVALID = "invalid", "✕", "bad", "Ready", "the rule has a mistake; its count is held"
    FALLBACK = "fallback", "✕", "bad", "Fallback", "a trigger fails; the fallback stands for it"
    FAILING = "failing", "!", "bad", "Ready", "a trigger fails; the count is not lowered"
    CONTESTED = "contested", "⇄", "warn", "Contested", "somebody else sets the count too"
    AT_MAX = "at max", "▲", "warn", "", "as many replicas as the rule allows"
    PAUSED = "paused", "‖", "calm", "Paused", "an annotation holds the count"
    WAITING = "waiting", "…", "calm", "", "nothing is known yet"
    ACTIVE = "active", "●", "good", "", "there is work"
    LEAVING = "winding down", "◐", "idle", "", "no work any more; cooldown and windows still hold the count"
    REST = "at rest", "○", "idle", "", "there is no work"

    def __init__(self, word: str, symbol: str, tone: str, condition: str, meaning: str) -> None:
        self.word = word
        self.symbol = symbol
        self.tone = tone
        self.condition = condition
        self.meaning = meaning

    @classmethod
    def named(cls, word: str) -> "Standing | None":
        """The one of that word; None for no such."""
        return next((each for each in cls if each.word == word), None)


#: The place of each in the list.
RANK: Final[Mapping[Standing, int]] = {each: place for place, each in enumerate(Standing)}


def standing(row: Mapping[str, Any]) -> Standing:
    """That of a rule as `/rules` tells it."""
    conditions = row["conditions"]
    is_true = {name for name, condition in conditions.items() if condition["status"] == "True"}
    ready = conditions.get("Ready", {"status": "Unknown", "reason": ""})
    if ready["reason"] in _MISTAKES:
        return Standing.INVALID
    if "Fallback" in is_true:
        return Standing.FALLBACK
    if ready["status"] == "False":
        return Standing.FAILING
    if "Contested" in is_true:
        return Standing.CONTESTED
    if "Paused" in is_true:
        return Standing.PAUSED
    if "Active" in is_true:
        return Standing.AT_MAX if row["replicas"] >= row["max"] else Standing.ACTIVE
    if conditions.get("Active", {}).get("status") != "False":
        return Standing.WAITING
    return Standing.LEAVING if row["replicas"] > row["min"] else Standing.REST
