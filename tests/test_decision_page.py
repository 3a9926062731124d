"""docs/decision.md: its examples are run, and what it names exists."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from scaler.__main__ import main
from scaler.decide import Reason

PAGE = (Path(__file__).parents[1] / "docs" / "decision.md").read_text()
EXAMPLES = re.findall(r"^```json\n(.*?)^```\n```console\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 12
    assert PAGE.count("```json") == PAGE.count("```console") == len(EXAMPLES)


@pytest.mark.parametrize(("states", "said"), EXAMPLES, ids=[str(number) for number in range(len(EXAMPLES))])
def test_an_example_says_what_the_command_says(states: str, said: str) -> None:
    done = CliRunner().invoke(main, ["explain", "--state", "-", "-o", "table"], input=states)
    assert done.exit_code == 0, done.output
    assert done.stdout == said


def test_every_reason_is_told_and_no_other() -> None:
    section = PAGE.partition("## What each reason means")[2].partition("\n## ")[0]
    first = (row.split("|")[1] for row in section.splitlines() if row.startswith("| `"))
    assert {name for cell in first for name in re.findall(r"`(\w+)`", cell)} == {str(reason) for reason in Reason}
