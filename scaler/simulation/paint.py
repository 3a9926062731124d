"""Colours and letters of the picture."""

from typing import Any, Final

from scaler.decide import Reason

INK, MUTED, GRID, PAPER = "#1f2328", "#636c76", "#dde1e6", "#ffffff"
#: Told apart by people who see few colours too; a ninth rule gets the first one again.
RULES: Final = ("#0969da", "#bc4c00", "#1a7f37", "#8250df", "#bf3989", "#7d4e00", "#0a7ea4", "#57606a")
DEPTHS: Final = ("#b07800", "#5a8a00", "#a0508c", "#3c78a0")
#: In the order in which they are drawn: a failing trigger is not to be covered by anything.
HOLDS: Final = {
    Reason.STABILIZED: ("stabilized", "#8c959f"),
    Reason.RATE_LIMITED: ("rate limited", "#d4a72c"),
    Reason.COOLDOWN: ("cooling down", "#54aeff"),
    Reason.TOO_MANY: ("at the maximum", "#a475f9"),
    Reason.PAUSED: ("paused", "#4ac26b"),
    Reason.FALLBACK: ("in fallback", "#fb8f44"),
    Reason.HELD: ("trigger failing", "#cf222e"),
}

#: A fixed salt, and text that stays text: the same runs give the same file.
STYLE: Final[Any] = {
    "svg.hashsalt": "scalerule",
    "svg.fonttype": "none",
    "font.family": ["DejaVu Sans"],
    "font.size": 9,
    "text.color": INK,
    "text.parse_math": False,
    "axes.labelcolor": INK,
    "axes.edgecolor": MUTED,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "grid.color": GRID,
    "legend.frameon": False,
    "figure.facecolor": PAPER,
    "axes.facecolor": "none",
    "savefig.facecolor": "auto",
}


def rule_colour(index: int) -> str:
    return RULES[index % len(RULES)]


def depth_colour(index: int) -> str:
    return DEPTHS[index % len(DEPTHS)]
