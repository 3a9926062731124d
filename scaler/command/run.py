"""`scaler run`: the settings from flags and environment, and signals."""

import asyncio
import signal
from pathlib import Path
from typing import Any, Final

import click

from scaler import log
from scaler.command.options import Parsed, cluster_options
from scaler.grants import BadGrants
from scaler.kube import KubeError
from scaler.resource import all_parsed
from scaler.run import run
from scaler.settings import Address, Settings, destination, shards

_ADDRESS: Final = Parsed("HOST:PORT", Address.parse)
_KINDS: Final = Parsed("KIND,...", all_parsed)
_SHARDS: Final = Parsed("N|auto|none", shards)
_DESTINATION: Final = Parsed("CIDR|SUFFIX", destination)


@click.command("run")
@cluster_options
@click.option("--watch-namespace", help="Scale the Deployments of this namespace only (default: the whole cluster).")
@click.option(
    "--kinds",
    type=_KINDS,
    default="deployments",
    show_default=True,
    help="What may carry a rule: deployments, statefulsets, PLURAL.VERSION.GROUP of anything with a scale subresource.",
)
@click.option("--scaler-namespace", help="Where shared credentials are kept (default: the pod's or context's own).")
@click.option(
    "--identities",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File of the pod identities that rules may use; without it none.",
)
@click.option(
    "--file-root",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder with a folder of files per namespace for `file:` references; without it none.",
)
@click.option("--metrics-address", type=_ADDRESS, default="0.0.0.0:8080", show_default=True, help="/metrics, health.")
@click.option(
    "--page-address", type=_ADDRESS, default="127.0.0.1:8081", show_default=True, help="Status page and rules as JSON."
)
@click.option("--webhook-address", type=_ADDRESS, help="Review rules as they are applied; without it not.")
@click.option(
    "--webhook-certificates",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder with tls.crt and tls.key of the webhook; read again when they change.",
)
@click.option(
    "--allow-destination",
    "allowed",
    type=_DESTINATION,
    multiple=True,
    envvar="SCALER_ALLOW_DESTINATION",
    help="A network or host suffix that rules may reach although it is loopback, link-local or ours; repeatable.",
)
@click.option(
    "--shards",
    type=_SHARDS,
    default="1",
    show_default=True,
    help="Share the rules among several scalers: a number of parts, auto, or none (no Lease, one scaler only).",
)
@click.option(
    "--lease-duration",
    type=click.FloatRange(1, 300),
    default=15.0,
    show_default=True,
    help="Seconds after which the rules of a silent scaler are taken over.",
)
@click.option("--identity", help="Name in Leases and events (default: the pod's name).")
@click.option("--read-timeout", type=click.FloatRange(0.1, 300), default=5.0, show_default=True, help="Seconds.")
@click.option(
    "--let-go-after",
    type=click.FloatRange(0, 3600),
    default=60.0,
    show_default=True,
    help="Seconds after which a rule that disappeared is forgotten.",
)
@click.option("--log-format", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(**given: Any) -> None:
    """Scale until told to stop.

    Inside a cluster with the pod's service account, outside with a kubeconfig. SIGTERM and Ctrl-C end it cleanly;
    every count stays as it is. Every option can be given as SCALER_RUN_<OPTION> in the environment.
    """
    settings = Settings(**given)
    if settings.webhook_address and not settings.webhook_certificates:
        raise click.UsageError("--webhook-address needs --webhook-certificates: the API server speaks TLS only")
    log.start(settings.log_format)
    try:
        asyncio.run(_until_signalled(settings))
    except (KubeError, OSError, BadGrants) as error:
        raise click.ClickException(str(error)) from error


async def _until_signalled(settings: Settings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await run(settings, stop)
