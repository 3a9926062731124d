"""`scaler status`: every rule in a table."""

import asyncio
import sys
from typing import Final

import click

from scaler import output, overview
from scaler.command.named import scaler_options, told_failures
from scaler.command.options import output_option
from scaler.kube import KubeError
from scaler.reach import Way
from scaler.server import Unreachable

_WATCH_SECONDS: Final = 2.0


@click.command("status")
@click.option("-n", "--namespace", help="Only this namespace.")
@click.option("-w", "--watch", "watching", is_flag=True, help="Go on, every two seconds; json tells what changed.")
@scaler_options
@output_option
def command(namespace: str | None, watching: bool, way: Way, form: str | None) -> None:
    """Every rule: what it does now, and why.

    The running scalers are asked, through the API server. What none of them tells is shown as the Deployments'
    annotations tell it: without readings.
    """
    showing = (_watch if watching else _status)(way, namespace, output.form(form))
    # Ctrl-C is how one ends watching.
    try:
        with told_failures():
            asyncio.run(showing)
    except KeyboardInterrupt:
        sys.exit(0 if watching else 130)


async def _status(way: Way, namespace: str | None, form: str) -> None:
    async with way.opened() as (scalers, kube):
        _show(await overview.overview(scalers, kube, namespace), form)


async def _watch(way: Way, namespace: str | None, form: str) -> None:
    """A failure ends it at the start only: whoever watches wants to see the end of an outage."""
    shown = overview.Overview([])
    async with way.opened() as (scalers, kube):
        found = await overview.overview(scalers, kube, namespace)
        while True:
            if form == "table":
                click.clear()
            _show(found if form == "table" else found.since(shown), form)
            shown = found
            await asyncio.sleep(_WATCH_SECONDS)
            try:
                found = await overview.overview(scalers, kube, namespace)
            except (KubeError, Unreachable) as error:
                found = overview.Overview(shown.rows, str(error))


def _show(found: overview.Overview, form: str) -> None:
    if form == "json":
        output.print_json(found.rows)
    else:
        output.print_table(overview.COLUMNS, map(overview.cells, found.rows))
    if found.note:
        click.echo(found.note, err=True)
