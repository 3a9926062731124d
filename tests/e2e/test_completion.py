"""A shell completes the command: bash by the script that we print, kubectl by the plugin beside the command."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cluster import build
from tests.cluster.access import Access
from tests.e2e.stage import Stage
from tests.e2e.test_cli import scaler
from tests.wait import wait

BIN = Path(sys.executable).parent


def run(*command: str, kubeconfig: Path = Path("none")) -> str:
    path = f"{BIN}:{build.binaries()['kubectl'].parent}:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "KUBECONFIG": str(kubeconfig)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    # Who is in the middle of a line wants to read nothing; kubectl itself tells what it does.
    said = [line for line in done.stderr.splitlines() if not line.startswith(("[Debug]", "Completion ended"))]
    assert (done.returncode, said) == (0, [])
    return done.stdout


def bash(*words: str, kubeconfig: Path = Path("none")) -> list[str]:
    """What bash offers for the last of the words, after it has read our script."""
    script = (
        'source <(scaler completion bash); COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); '
        "function=$(complete -p scaler | sed 's/.*-F \\([^ ]*\\) .*/\\1/'); "
        '$function scaler; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    return run("bash", "--norc", "-c", script, "bash", "scaler", *words, kubeconfig=kubeconfig).splitlines()


def kubectl(*words: str, kubeconfig: Path = Path("none")) -> list[str]:
    """What kubectl offers, without descriptions, and its directive."""
    said = run("kubectl", "__complete", "scaler", *words, kubeconfig=kubeconfig)
    return [line.partition("\t")[0] for line in said.splitlines()]


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("exp",), ["explain"]),
        (("status", "--kube"), ["--kubeconfig"]),
        (("status", "-o", "j"), ["json"]),
        # Nobody answers: nothing is offered, and nothing is said.
        (("explain", ""), []),
    ],
    ids=" ".join,
)
def test_the_same_words_everywhere(words: tuple[str, ...], offered: list[str]) -> None:
    assert [word for word in bash(*words) if word] == offered
    assert kubectl(*words) == [*offered, ":4"]


@pytest.mark.parametrize(
    ("words", "directive"),
    [(("validate", ""), ":0"), (("read", "-f", "a"), ":0"), (("run", "--file-root", ""), ":16"), ((), ":4")],
    ids=["files", "a file", "a folder", "commands"],
)
def test_files_are_the_shells_own(words: tuple[str, ...], directive: str) -> None:
    assert kubectl(*words)[-1] == directive


@pytest.mark.parametrize("command", ["explain", "read"])
def test_rules_by_their_names(stage: Stage, cluster: Access, command: str) -> None:
    for name in ("orders", "mails"):
        stage.deploy(name)
    kubeconfig, space = cluster.kubeconfig, stage.namespace
    expected = [f"{space}/mails", f"{space}/orders", ":4"]
    # Nothing is offered while a scaler (of another test, say) hangs for longer than one waits at a prompt.
    wait(lambda: kubectl(command, f"{space}/", kubeconfig=kubeconfig) == expected, 60, "offered by kubectl")
    wait(lambda: bash(command, "-n", space, "o", kubeconfig=kubeconfig) == ["orders"], 60, "offered by bash")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_says_where_it_belongs(shell: str) -> None:
    done = scaler("completion", shell)
    assert done.returncode == 0
    last = done.stdout.splitlines()[-1]
    assert last.startswith("# To have it always: ")
    assert f"scaler completion {shell}" in last


def test_it_is_called_as_it_was_typed() -> None:
    assert run("kubectl", "scaler", "explain", "--help").startswith("Usage: kubectl scaler explain ")
