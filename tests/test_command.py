"""The command knows what it has without importing it, and says it quickly."""

import subprocess
import sys

import pytest
from click.shell_completion import ShellComplete

from scaler.command.group import PURPOSES, command, main

#: What takes long to import, and is needed only where something is dialled, served or drawn.
HEAVY = ("aiohttp", "azure", "botocore", "cryptography", "grpc", "jinja2", "kubernetes", "lark", "matplotlib", "pika")


@pytest.mark.parametrize("name", PURPOSES)
def test_its_help_says_what_each_one_is_for(name: str) -> None:
    made = command(name)
    assert made.name == name
    assert made.help is not None
    assert PURPOSES[name] == " ".join(made.help.split("\n\n")[0].split())


def imported(*arguments: str) -> set[str]:
    """The packages that a call of the command imports."""
    report = "import atexit, sys; atexit.register(lambda: print(*{name.partition('.')[0] for name in sys.modules}))"
    call = f"{report}; from scaler.command.group import main; main({list(arguments)!r})"
    done = subprocess.run([sys.executable, "-c", call], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


def test_the_help_imports_no_command() -> None:
    found = imported("--help")
    assert "click" in found
    assert found & {*HEAVY, "pydantic", "rich", "yaml"} == set()


def test_to_validate_nothing_is_dialled_and_so_nothing_for_it_imported() -> None:
    found = imported("validate", "manifests/examples/rabbitmq.yaml")
    assert "pydantic" in found
    assert found & set(HEAVY) == set()


def test_names_are_completed_without_importing_them() -> None:
    found = ShellComplete(main, {}, "scaler", "").get_completions([], "s")
    assert [item.value for item in found] == ["schema", "simulate", "status"]
    assert found[0].help is not None
    assert found[0].help.startswith("Print the JSON Schema")
