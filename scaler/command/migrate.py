"""`scaler migrate`: from what scales now to rules."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import click

from scaler.command.options import FILE, cluster_options
from scaler.kube import Kube, KubeError
from scaler.migration.command import BadUsage, Options, check, perform
from scaler.migration.folder import NotWritten, write
from scaler.migration.live import Live, look
from scaler.migration.outcome import Outcome
from scaler.migration.report import nothing, printed, report, summary
from scaler.migration.source import SourceError


@click.command("migrate")
@click.argument("files", nargs=-1, required=True, type=FILE, metavar="FILE...")
@click.option("-n", "--namespace", help="Namespace of objects that name none.")
@click.option("--deployment", metavar="NAME", help="Deployment of the functions (default: named as their folder).")
@click.option(
    "--output-dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write a file per Deployment, NAMESPACE.NAME.yaml, instead of printing.",
)
@click.option("--force", is_flag=True, help="Overwrite files that are there.")
@click.option("--diff", is_flag=True, help="Compare with the cluster: what would change, and what else scales.")
@cluster_options
@click.option("-o", "--output", "form", type=click.Choice(["yaml", "json"]), default="yaml", help="Default: yaml.")
def command(form: str, kubeconfig: Path | None, context: str | None, **given: Any) -> None:
    """Turn what scales now into patches with the annotation (- is standard input).

    Takes KEDA's ScaledObjects with their TriggerAuthentications, HPAs, and the function.json and host.json of Azure
    Functions. Nothing is written to a cluster. Exit status 1 if something has no equal.
    """

    async def compared(options: Options) -> tuple[list[Outcome], list[Live]]:
        kube = await Kube.connect(kubeconfig, context)
        try:
            found = perform(options, kube.namespace)
            return found, await look(kube, found)
        finally:
            await kube.close()

    options, live = Options(**given), list[Live]()
    try:
        check(options)
        if options.diff:
            outcomes, live = asyncio.run(compared(options))
        else:
            outcomes = perform(options)
        if not outcomes:
            raise click.ClickException(nothing(options.files))
        if options.output_dir is not None:
            for path in write(outcomes, options.output_dir, options.force):
                click.echo(f"wrote {path}", err=form == "json")
    except BadUsage as error:
        raise click.UsageError(str(error)) from error
    except (SourceError, NotWritten, KubeError) as error:
        raise click.ClickException(str(error)) from error
    if options.output_dir is None or form == "json":
        click.echo(printed(outcomes, live, form), nl=False)
    click.echo(summary(outcomes) if form == "json" else "\n".join(report(outcomes)), err=True)
    sys.exit(0 if all(each.mapped for each in outcomes) and not any(each.missing for each in live) else 1)
