"""`scaler demo`: the main job, without a cluster and without a broker."""

import asyncio
import sys
from pathlib import Path

import click
from rich.console import Console

from scaler.command.options import cluster_options
from scaler.demo.plot import NoPlot, check, save
from scaler.demo.story import Options, play
from scaler.kube import KubeError
from scaler.run import run
from scaler.settings import Address, Settings, destination


@click.command("demo")
@click.option("--plot", type=click.Path(path_type=Path, dir_okay=False), help="Save the picture: FILE.svg or FILE.png.")
@click.option(
    "--rabbitmq", metavar="URL", help="A real broker, amqp://user:password@host/, instead of the embedded one."
)
@click.option("-n", "--namespace", default="default", show_default=True, help="Where the demo's Deployment is made.")
@cluster_options
def command(
    plot: Path | None, rabbitmq: str | None, namespace: str, kubeconfig: Path | None, context: str | None
) -> None:
    """See the main job in about a minute: two bursts, workers from 0 to N and back to 0.

    Needs nothing installed: it brings a Kubernetes API and a queue of its own, and runs the real scaler on them.
    """

    async def run_scaler(path: Path | None, watched: str, stop: asyncio.Event) -> None:
        loopback = (destination("127.0.0.0/8"), destination("::1"))
        nowhere = Address("127.0.0.1", 0)
        settings = Settings(
            kubeconfig=path,
            context=context,
            watch_namespace=watched,
            metrics_address=nowhere,
            page_address=nowhere,
            allowed=loopback,
            shards=0,
        )
        await run(settings, stop)

    console = Console()
    console.print("A queue, a Deployment that works on it, and the scaler in between. Two bursts are coming.")
    try:
        if plot is not None:
            check(plot)
        record = asyncio.run(play(Options(kubeconfig, context, rabbitmq, namespace), run_scaler, console))
        if plot is not None:
            save(record, plot)
            console.print(f"The picture is in {plot}")
    except (KubeError, OSError, NoPlot) as error:
        raise click.ClickException(str(error)) from error
    sys.exit(0 if record.full_circle() else 1)
