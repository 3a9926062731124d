"""What docs/troubleshooting.md quotes is what the scaler says, and everything that it says of trouble is there."""

import re
from pathlib import Path

import pytest

from scaler.command.group import PURPOSES, command
from scaler.step import Activation, Bounds, Cooldown, Hold, RateLimit, Stabilization, Step, Writer

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "troubleshooting.md").read_text()
QUOTED = set(re.findall(r"`([^`\n]+)`", PAGE))
SOURCES = {str(path.relative_to(ROOT)): path.read_text() for path in ROOT.glob("scaler*/**/*.py")}
CODE = "\n".join(SOURCES.values())

#: Of conditions: what a rule says when all is well.
WELL = {"RuleReady", "TriggerActive", "NoFallback", "NotPaused", "OnlyWriter"}
#: Of events, likewise.
GOOD = {"ScaleRuleReady", "Scaled", "ScaleTargetActivated", "ScaleTargetDeactivated", "Paused", "Resumed"}


def test_every_reason_of_trouble_is_explained() -> None:
    said = set(re.findall(r'Condition\(\s*"\w+", "(\w+)"', SOURCES["scaler/condition.py"]))
    assert len(said) >= 10
    assert said - WELL - QUOTED == set()


def test_every_event_of_trouble_is_explained() -> None:
    said = set(re.findall(r'_emit\([\w.]+, "(\w+)"', SOURCES["scaler/report.py"]))
    assert len(said) >= 9
    assert said - GOOD - QUOTED == set()


def test_every_warning_of_the_log_that_scaling_depends_on_is_explained() -> None:
    said = {
        line
        for name in ("watch", "shard", "loop", "store")
        for line in re.findall(
            r'(?:_log\.(?:warning|error|exception)\(|what = f?)"([^"]+)"', SOURCES[f"scaler/{name}.py"]
        )
    }
    said = {line.replace("{self._follower.resource}", "deployments") for line in said}
    known = {"what was stored of a rule cannot be read", "cannot tell whether this was a rollback"}
    assert len(said) >= 6
    assert said - known - QUOTED == set()


@pytest.mark.parametrize(
    "step",
    [
        RateLimit("scaleUp", 9, 4),
        Bounds(0, 10, 10),
        Bounds(1, 10, 1),
        Cooldown(42, 1),
        Activation(True, "orders"),
        Hold(1, 2, 3),
        Stabilization("scaleDown", 300, 2, 5),
        Writer("kubectl", 8, 2),
    ],
    ids=lambda step: type(step).__name__,
)
def test_quoted_steps_are_worded_so(step: Step) -> None:
    assert step.words() in QUOTED


def test_every_metric_is_one() -> None:
    assert {name for name in re.findall(r"\bscaler_\w+", PAGE) if name.removesuffix("_total") not in CODE} == set()


def test_every_flag_and_command_is_one() -> None:
    flags = {flag for name in PURPOSES for option in command(name).params for flag in option.opts}
    assert set(re.findall(r"(?<= )--[a-z-]+|(?<=`)--[a-z-]+", PAGE)) - {"--show-managed-fields"} <= flags
    assert set(re.findall(r"\bscaler (\w+)(?= -|`| shop| FILE)", PAGE)) <= set(PURPOSES)
