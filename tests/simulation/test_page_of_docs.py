"""The page "Simulating a rule": its example gives what it says, and what it names is there."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from scaler.command.group import command, main
from scaler.simulation.run import Setting, simulate
from scaler.simulation.summary import summary
from scaler.simulation.trace import HELD_INTERVALS, HELD_STEPS
from tests.simulation.traces import candidate, trace

PAGE = (Path(__file__).parents[2] / "docs" / "simulate.md").read_text()


def block(language: str) -> str:
    (found,) = re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    return str(found)


def trimmed(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines()]


def test_the_example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table that changed: look whether that is right, then copy it from `scaler simulate` into the page."""
    now = block("yaml")
    eager = now.replace('"100"', '"50"').replace(
        "      maxReplicaCount: 10", "      cooldownPeriod: 1m\n      maxReplicaCount: 20"
    )
    for name, text in (("now.yaml", now), ("eager.yaml", eager), ("trace.csv", block("csv"))):
        (tmp_path / name).write_text(text)
    command, *shown = trimmed(block("console"))
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, command.removeprefix("$ scaler ").split())
    assert done.exit_code == 0, done.output
    assert trimmed(done.stdout) == shown


def test_every_number_is_explained() -> None:
    told = summary(simulate(candidate(), trace(orders=[1, 2]), Setting())).as_json()
    plain = {"rule", "file", "namespace", "name", "seconds", "polls"}
    assert {name for name in told if f"`{name}`" not in PAGE} <= plain


def test_every_option_is_explained() -> None:
    options = {option for each in command("simulate").params for option in each.opts if option.startswith("--")}
    assert {option for option in options if option not in PAGE} <= {"--filename", "--output", "--namespace"}


def test_how_long_a_row_holds() -> None:
    assert "three rows (the median distance) or two polling" in PAGE
    assert (HELD_STEPS, HELD_INTERVALS) == (3, 2)
