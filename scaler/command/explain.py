"""`scaler explain`: why a count is what it is."""

import asyncio
import json
import sys
from typing import Any

import click

from scaler import explain, output
from scaler.command.named import Name, key_of, placed, scaler_options, told_failures
from scaler.command.options import FILE, output_option
from scaler.command.time import MOMENT
from scaler.reach import Way
from scaler.state import BadState
from scaler.target import Key


@click.command("explain")
@click.argument("name", type=Name(), required=False, metavar="[NAME]")
@click.option("-n", "--namespace", help="Of NAME (default: the context's).")
@click.option("--state", "path", type=FILE, help="Decide again on saved states, one JSON a line (- is stdin).")
@click.option("--at", type=MOMENT, help="Only the decision that held at a time: ISO 8601, or seconds since 1970.")
@scaler_options
@output_option
def command(
    name: str | None, namespace: str | None, path: str | None, at: float | None, way: Way, form: str | None
) -> None:
    """Why a count is what it is: the last decisions on a rule with every step, from the running scaler.

    NAME may also be NAMESPACE/NAME or NAMESPACE/KIND/NAME; with -n KIND/NAME. With --state nothing is asked: the
    decisions are computed anew from states such as `scaler explain -o json` prints. Exit status 1 if there is nothing
    to explain, or if a state or its rule is wrong.
    """
    if (name is None) == (path is None) or (path and at is not None):
        raise click.UsageError("name one Deployment, or a file of states with --state")
    if path is not None:
        sys.exit(_recompute(path, output.form(form) == "json"))
    assert name is not None
    with told_failures():
        key, pairs = asyncio.run(_explained(way, key_of(name, namespace), at))
    if output.form(form) == "json":
        output.print_json(pairs)
        return
    if len(pairs) > 1:
        output.print_table(explain.COLUMNS, map(explain.row, pairs))
        click.echo()
    click.echo(f"{key}, {explain.when(pairs[-1])}:")
    click.echo("\n".join(explain.lines(pairs[-1])))


async def _explained(way: Way, key: Key, at: float | None) -> tuple[Key, list[dict[str, Any]]]:
    async with way.opened() as (scalers, kube):
        key = placed(key, kube)
        return key, await explain.remembered(scalers, key, at)


def _recompute(path: str, as_json: bool) -> int:
    """The exit status. A state that is wrong has its error in its place, so that lines in and out match."""
    status = 0
    try:
        with click.open_file(path) as file:
            texts = [line for line in file if line.strip()]
    except OSError as error:
        raise click.ClickException(f"{path}: {error.strerror}") from error
    if not texts:
        raise click.ClickException(f"{path}: holds no state, one JSON a line")
    for number, text in enumerate(texts, 1):
        try:
            pair = explain.recomputed(text)
            shown = [json.dumps(pair["decision"])] if as_json else [f"state {number}:", *explain.lines(pair)]
            status |= "errors" in pair["decision"]
        except BadState as error:
            shown = [json.dumps({"error": str(error)})] if as_json else [f"state {number}: {error}"]
            status = 1
        click.echo("\n".join(shown))
    return status
