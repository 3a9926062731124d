"""`scaler completion`: for shells."""

import click

from scaler.command.group import main
from scaler.completion import script


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print what makes a shell complete this command: names of rules too.

    Its last line says where it belongs. `kubectl scaler` is completed by kubectl's own completion.
    """
    click.echo(script(shell, main), nl=False)
