"""What several commands take."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

FILE: Final = click.Path(allow_dash=True)


class Parsed(click.ParamType[Any]):
    """A parameter whose text is turned into a value by a function that raises ValueError."""

    def __init__(self, name: str, convert: Callable[[str], Any]) -> None:
        self.name = name
        self._convert = convert

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return self._convert(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


def cluster_options(command: F) -> F:
    """`--kubeconfig` and `--context`, as in kubectl."""
    path = click.Path(path_type=Path, dir_okay=False)
    command = click.option("--context", help="Context of the kubeconfig.")(command)
    return click.option("--kubeconfig", type=path, help="Kubeconfig file (default: as kubectl finds it).")(command)


def output_option(command: F) -> F:
    text = "Form of the output: table on a terminal, else json (one document a line)."
    return click.option("-o", "--output", "form", type=click.Choice(["json", "table"]), help=text)(command)
