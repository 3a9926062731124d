"""As a plugin of kubectl: `kubectl scaler`, and `kubectl_complete-scaler`, which kubectl's own completion calls."""

import sys
from typing import Final

import click
from click.shell_completion import ShellComplete

from scaler.command.group import main

_NAME: Final = "kubectl scaler"
#: What kubectl is to do besides (cobra's directives): complete files, folders, or nothing.
_DIRECTIVES: Final = {"file": 0, "dir": 16, "plain": 4}


def plugin() -> None:
    """The command under the name that was typed."""
    main(prog_name=_NAME)


def complete() -> None:
    """Print what the last of the words may become: one a line, then what kubectl is to do besides."""
    *words, incomplete = sys.argv[1:] or [""]
    found = ShellComplete(main, {}, _NAME, "").get_completions(words, incomplete)
    for item in found:
        if item.type == "plain":
            click.echo(f"{item.value}\t{item.help}" if item.help else item.value)
    click.echo(f":{_DIRECTIVES[found[0].type if found else 'plain']}")
