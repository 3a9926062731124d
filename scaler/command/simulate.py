"""`scaler simulate`: rules, tried on the past."""

from pathlib import Path
from typing import Any

import click

from scaler import output
from scaler.command.options import FILE
from scaler.command.time import DURATION, MOMENT
from scaler.manifest import ManifestError
from scaler.simulation.candidate import NoCandidate
from scaler.simulation.command import BadUsage, Options, perform
from scaler.simulation.plot import NoPlot, check, save
from scaler.simulation.report import print_csv, print_json, print_tables
from scaler.simulation.summary import summary
from scaler.simulation.trace import TraceError


@click.command("simulate")
@click.option("-f", "--filename", "files", type=FILE, multiple=True, required=True, help="Manifests; repeatable.")
@click.option("--trace", type=FILE, metavar="FILE", help="Readings or arrivals as CSV (- is standard input).")
@click.option("--service-rate", type=click.FloatRange(0, min_open=True), help="Messages per second and replica.")
@click.option("--startup", type=click.FloatRange(0), default=0.0, show_default=True, help="Seconds until a pod works.")
@click.option("--replicas", type=click.IntRange(0), help="To begin with (default: spec.replicas, else the minimum).")
@click.option(
    "--hold", type=DURATION, help="How long a row is the last reading (default: 3 rows, or 2 polls if longer)."
)
@click.option("--from-prometheus", "url", metavar="URL", help="Ask a Prometheus instead of a file.")
@click.option("--query", metavar="PROMQL", help="What to ask it for.")
@click.option("--start", type=MOMENT, help="From when (default: a day before --end).")
@click.option("--end", type=MOMENT, help="Until when (default: now).")
@click.option("--step", type=DURATION, help="Between two samples (default: 15s).")
@click.option(
    "--save-trace", type=click.Path(path_type=Path, dir_okay=False), help="Keep what Prometheus said: FILE.csv."
)
@click.option("--plot", type=click.Path(path_type=Path, dir_okay=False), help="A picture: FILE.svg, .png or .html.")
@click.option("-n", "--namespace", default="default", help="Namespace of manifests that name none.")
@click.option(
    "-o",
    "--output",
    "form",
    type=click.Choice(["json", "csv", "table"]),
    help="Every poll as json or csv, or a table for people (default on a terminal; else json).",
)
def command(plot: Path | None, form: str | None, **given: Any) -> None:
    """Replay readings of the past through rules, and compare what they would have cost.

    No broker and no cluster is touched: the rules decide on a trace of readings, or on messages that arrive and are
    served by the pods that the rules start.
    """
    try:
        if plot is not None:
            check(plot)
        runs = perform(Options(**given))
        summaries = [summary(run) for run in runs]
        if plot is not None:
            save(runs, summaries, plot)
    except BadUsage as error:
        raise click.UsageError(str(error)) from error
    except (ManifestError, NoCandidate, TraceError, NoPlot) as error:
        raise click.ClickException(str(error)) from error
    if form == "csv":
        print_csv(runs)
    elif output.form(form) == "json":
        print_json(runs, summaries)
    else:
        print_tables(runs, summaries)
