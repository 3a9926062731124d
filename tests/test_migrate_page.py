"""The page "Moving to scalerule": its example gives what it says, and what it names is there."""

import re
from pathlib import Path

import pytest

from scaler.command.group import command
from scaler.migration import credential, scaledobject, trigger
from scaler.pause import NAMES
from tests.migrating import migrate

PAGE = (Path(__file__).parents[1] / "docs" / "migrate.md").read_text()


def block(language: str) -> str:
    (found,) = re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    return str(found)


def test_the_example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Text that changed: look whether that is right, then copy it from `scaler migrate` into the page."""
    (tmp_path / "keda.yaml").write_text(block("yaml"))
    monkeypatch.chdir(tmp_path)
    command, _, shown = block("console").partition("\n")
    done = migrate(*command.removeprefix("$ scaler migrate ").split())
    assert (done.exit_code, done.stdout) == (1, shown)
    assert done.stderr == block("report")


def test_every_option_is_explained() -> None:
    options = {option for each in command("migrate").params for option in each.opts if option.startswith("--")}
    assert {option for option in options if option not in PAGE} <= {"--output", "--namespace"}


def test_every_field_is_in_the_tables() -> None:
    tables = "\n".join(line for line in PAGE.splitlines() if line.startswith("|"))
    fields = scaledobject.SPEC | scaledobject.ADVANCED | trigger.KNOWN | credential.KNOWN | set(NAMES)
    plain = {"type", "name", "metadata", "metricType", "authenticationRef", "triggers", "advanced"}
    assert {name for name in fields - plain if name not in tables} == set()
