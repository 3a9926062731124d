"""The command line."""

import asyncio
import contextlib
import functools
import json
import signal
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem
from rich.console import Console

from scaler import explain, log, output, overview
from scaler.completion import rules, script
from scaler.destination import anywhere
from scaler.fetch import Fetcher
from scaler.grants import BadGrants
from scaler.handbook import json_schema, parameters_page
from scaler.kube import Kube, KubeError
from scaler.manifest import Files, Manifest, ManifestError, files
from scaler.parse import parse
from scaler.reach import HOME, Way
from scaler.read import read, resolved
from scaler.resource import DEPLOYMENTS, all_parsed, parsed
from scaler.rule import InvalidRule, Rule
from scaler.run import run
from scaler.server import Unreachable
from scaler.settings import Address, Settings, destination, shards
from scaler.state import BadState
from scaler.target import Key, target
from scaler.validate import lines, validate
from scalers import Dial

F = TypeVar("F", bound=Callable[..., Any])

_READ_TIMEOUT = 5.0
_WATCH_SECONDS = 2.0


class _Parsed(click.ParamType[Any]):
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


def _key(text: str, namespace: str | None) -> Key:
    """`text` is NAMESPACE/NAME or NAMESPACE/KIND/NAME; with -n NAME or KIND/NAME as kubectl has it. Raises UsageError.

    NAME without -n gives a key that has no namespace yet.
    """
    *before, name = text.split("/")
    if namespace is not None and before[:1] != [namespace]:
        before.insert(0, namespace)
    space, *kind = before or [""]
    if not name or "" in before or len(kind) > 1:
        raise click.UsageError(f"{text!r} is none of NAME, NAMESPACE/NAME and NAMESPACE/KIND/NAME")
    try:
        return Key.of(parsed(kind[0]) if kind else DEPLOYMENTS, space, name)
    except ValueError as error:
        raise click.UsageError(f"{text!r}{f' in {namespace}' if namespace else ''}: {error}") from error


def _placed(key: Key, kube: Kube | None) -> Key:
    """A key without a namespace is in the context's. Raises UsageError where there is none."""
    if not key.namespace and kube is None:
        raise click.UsageError(f"in which namespace is {key.name!r}? Write NAMESPACE/NAME, or -n NAMESPACE")
    return key if key.namespace or kube is None else key._replace(namespace=kube.namespace)


class _Name(click.ParamType[str]):
    """Names a rule; a shell completes it by those that there are."""

    name = "NAME"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        given = ctx.params
        way = Way(*(given.get(each) for each in ("kubeconfig", "context", "server", "home")))
        return [CompletionItem(each) for each in rules(way, given.get("namespace"), incomplete)]


def _moment(text: str) -> float:
    from scaler.simulation.command import moment

    return moment(text)


def _duration(text: str) -> float:
    from scaler.simulation.command import duration

    return duration(text)


_ADDRESS = _Parsed("HOST:PORT", Address.parse)
_KINDS = _Parsed("KIND,...", all_parsed)
_SHARDS = _Parsed("N|auto|none", shards)
_DESTINATION = _Parsed("CIDR|SUFFIX", destination)
_NAME = _Name()
_FILE = click.Path(allow_dash=True)
_MOMENT = _Parsed("TIME", _moment)
_DURATION = _Parsed("SECONDS", _duration)


def _cluster_options(command: F) -> F:
    """`--kubeconfig` and `--context`, as in kubectl."""
    path = click.Path(path_type=Path, dir_okay=False)
    command = click.option("--context", help="Context of the kubeconfig.")(command)
    return click.option("--kubeconfig", type=path, help="Kubeconfig file (default: as kubectl finds it).")(command)


def _scaler_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """How to find the running scalers, as `way`: with `_cluster_options`."""

    @functools.wraps(command)
    def gathered(
        kubeconfig: Path | None, context: str | None, server: str | None, home: str | None, **given: Any
    ) -> Any:
        return command(way=Way(kubeconfig, context, server, home), **given)

    text = f"Where the scaler runs (default: {HOME}, else the context's namespace)."
    wrapped = click.option("--scaler-namespace", "home", metavar="NAMESPACE", help=text)(_cluster_options(gathered))
    return click.option("--server", metavar="URL", help="Ask this scaler: the URL of its --page-address.")(wrapped)


def _output_option(command: F) -> F:
    text = "Form of the output: table on a terminal, else json (one document a line)."
    return click.option("-o", "--output", "form", type=click.Choice(["json", "table"]), help=text)(command)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "SCALER"})
@click.version_option(package_name="scalerule")
def main() -> None:
    """Scales Kubernetes Deployments by the queues that they work on, from zero to N and back.

    A Deployment is scaled when it carries the annotation scalerule.dev/rule. Try `scaler demo` to see it work
    without a cluster, `scaler validate FILE` to check a rule, `scaler run` to scale.
    """


@main.command("run")
@_cluster_options
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
def run_command(**given: Any) -> None:
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


@main.command("validate")
@click.argument("files", nargs=-1, required=True, type=_FILE, metavar="FILE...")
@click.option("-n", "--namespace", default="default", help="Namespace of manifests that name none.")
@_output_option
def validate_command(files: tuple[str, ...], namespace: str, form: str | None) -> None:
    """Check every rule in some manifests (- is standard input).

    Prints all that is wrong, at once. Exit status 1 if a rule is invalid, or if there is none.
    """
    try:
        verdicts = validate(files, namespace)
    except ManifestError as error:
        raise click.ClickException(str(error)) from error
    if output.form(form) == "json":
        output.print_json(verdicts)
    else:
        for verdict in verdicts:
            click.echo("\n".join(lines(verdict)))
    if not verdicts:
        raise click.ClickException(f"no Deployment with the annotation scalerule.dev/rule in {', '.join(files)}")
    sys.exit(0 if all(verdict["valid"] for verdict in verdicts) else 1)


@main.command("schema")
@click.option("--docs", is_flag=True, help="The parameters of every trigger type as a page, in Markdown.")
def schema_command(docs: bool) -> None:
    """Print the JSON Schema of the annotation, for editors and linters.

    It holds every trigger type that is installed, those of other packages included.
    """
    click.echo(parameters_page() if docs else json.dumps(json_schema(), indent=2), nl=not docs)


@main.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion_command(shell: str) -> None:
    """Print what makes a shell complete this command: names of rules too.

    Its last line says where it belongs. `kubectl scaler` is completed by kubectl's own completion.
    """
    click.echo(script(shell, main), nl=False)


@main.command("webhook-certificate")
@click.option("-n", "--namespace", default=HOME, show_default=True, help="Where the scaler runs.")
@click.option("--days", type=click.IntRange(1, 36500), default=3650, show_default=True, help="How long it is valid.")
def webhook_certificate_command(namespace: str, days: int) -> None:
    """Print a certificate for the webhook, for clusters without cert-manager.

    A Secret with a new key, and the part of the ValidatingWebhookConfiguration that trusts it. Apply both with
    `kubectl apply --server-side -f -`; do it again to replace them.
    """
    from scaler.selfsigned import manifests

    click.echo(manifests(namespace, datetime.now(UTC), days), nl=False)


@main.command("read")
@click.argument("name", type=_NAME, required=False, metavar="[NAME]")
@click.option("-f", "--filename", type=_FILE, help="Read the triggers of the rules in this file (- is standard input).")
@click.option("-n", "--namespace", help="Of NAME (default: the context's), or of manifests that name none.")
@_cluster_options
@_output_option
def read_command(
    name: str | None,
    filename: str | None,
    namespace: str | None,
    kubeconfig: Path | None,
    context: str | None,
    form: str | None,
) -> None:
    """Read each trigger of a rule once: of a Deployment in the cluster, or (-f) of a manifest.

    NAME may also be NAMESPACE/NAME or NAMESPACE/KIND/NAME; with -n KIND/NAME. Exit status 1 if a trigger cannot be
    read.
    """
    if (name is None) == (filename is None):
        raise click.UsageError("name one Deployment, or a file with -f")
    if filename is not None:
        found = _rules_in(filename, namespace or "default")
    else:
        assert name is not None
        found = [asyncio.run(_rule(_key(name, namespace), kubeconfig, context))]
    rows = [row for each, rule in found for row in _read(each, rule)]
    if output.form(form) == "json":
        output.print_json(rows)
    else:
        columns = ("namespace", "name", "trigger", "type", "value", "active", "target", "error")
        output.print_table(columns, ([row[column] for column in columns] for row in rows))
    sys.exit(1 if any(row["error"] for row in rows) else 0)


def _rules_in(path: str, namespace: str) -> list[tuple[Key, Rule | InvalidRule]]:
    try:
        read = files([path], namespace)
    except ManifestError as error:
        raise click.ClickException(str(error)) from error
    if not read.manifests:
        raise click.ClickException(f"{path}: no Deployment with the annotation scalerule.dev/rule")
    return [(Key(each.namespace, each.name), _rule_in(read, each)) for each in read.manifests]


def _rule_in(read: Files, manifest: Manifest) -> Rule | InvalidRule:
    rule = parse(manifest.annotations, read.surroundings(manifest))
    if isinstance(rule, InvalidRule) and rule.unread:
        missing = ", ".join(sorted(str(each) for each in rule.references - read.objects.keys()))
        raise click.ClickException(f"{manifest.namespace}/{manifest.name}: not in the same file: {missing}")
    return rule


async def _rule(key: Key, kubeconfig: Path | None, context: str | None) -> tuple[Key, Rule | InvalidRule]:
    try:
        kube = await Kube.connect(kubeconfig, context)
        try:
            key = _placed(key, kube)
            kind, name = key.place
            resource = parsed(kind)
            seen = target(await kube.get(resource, key.namespace, name), resource)
            if seen.managed:
                return key, await resolved(seen, Fetcher(kube, kube.namespace, None).fetch)
        finally:
            await kube.close()
    except KubeError as error:
        raise click.ClickException(str(error)) from error
    raise click.ClickException(f"{key} has no annotation scalerule.dev/rule")


def _read(key: Key, rule: Rule | InvalidRule) -> list[dict[str, Any]]:
    if isinstance(rule, InvalidRule):
        problems = "\n".join(f"  {problem}" for problem in rule.problems)
        raise click.ClickException(f"{key}: the rule is invalid:\n{problems}")
    return asyncio.run(read(key, rule, Dial(_READ_TIMEOUT, anywhere)))


@main.command("status")
@click.option("-n", "--namespace", help="Only this namespace.")
@click.option("-w", "--watch", "watching", is_flag=True, help="Go on, every two seconds; json tells what changed.")
@_scaler_options
@_output_option
def status_command(namespace: str | None, watching: bool, way: Way, form: str | None) -> None:
    """Every rule: what it does now, and why.

    The running scalers are asked, through the API server. What none of them tells is shown as the Deployments'
    annotations tell it: without readings.
    """
    showing = (_watch if watching else _status)(way, namespace, output.form(form))
    # Ctrl-C is how one ends watching.
    try:
        with _told_failures():
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


@contextlib.contextmanager
def _told_failures() -> Iterator[None]:
    try:
        yield
    except (KubeError, Unreachable, explain.Unknown) as error:
        raise click.ClickException(str(error)) from error


@main.command("explain")
@click.argument("name", type=_NAME, required=False, metavar="[NAME]")
@click.option("-n", "--namespace", help="Of NAME (default: the context's).")
@click.option("--state", "path", type=_FILE, help="Decide again on saved states, one JSON a line (- is stdin).")
@click.option("--at", type=_MOMENT, help="Only the decision that held at a time: ISO 8601, or seconds since 1970.")
@_scaler_options
@_output_option
def explain_command(
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
    with _told_failures():
        key, pairs = asyncio.run(_explained(way, _key(name, namespace), at))
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
        key = _placed(key, kube)
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


@main.command("simulate")
@click.option("-f", "--filename", "files", type=_FILE, multiple=True, required=True, help="Manifests; repeatable.")
@click.option("--trace", type=_FILE, metavar="FILE", help="Readings or arrivals as CSV (- is standard input).")
@click.option("--service-rate", type=click.FloatRange(0, min_open=True), help="Messages per second and replica.")
@click.option("--startup", type=click.FloatRange(0), default=0.0, show_default=True, help="Seconds until a pod works.")
@click.option("--replicas", type=click.IntRange(0), help="To begin with (default: spec.replicas, else the minimum).")
@click.option(
    "--hold", type=_DURATION, help="How long a row is the last reading (default: 3 rows, or 2 polls if longer)."
)
@click.option("--from-prometheus", "url", metavar="URL", help="Ask a Prometheus instead of a file.")
@click.option("--query", metavar="PROMQL", help="What to ask it for.")
@click.option("--start", type=_MOMENT, help="From when (default: a day before --end).")
@click.option("--end", type=_MOMENT, help="Until when (default: now).")
@click.option("--step", type=_DURATION, help="Between two samples (default: 15s).")
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
def simulate_command(plot: Path | None, form: str | None, **given: Any) -> None:
    """Replay readings of the past through rules, and compare what they would have cost.

    No broker and no cluster is touched: the rules decide on a trace of readings, or on messages that arrive and are
    served by the pods that the rules start.
    """
    from scaler.simulation.candidate import NoCandidate
    from scaler.simulation.command import BadUsage, Options, perform
    from scaler.simulation.plot import NoPlot, check, save
    from scaler.simulation.report import print_csv, print_json, print_tables
    from scaler.simulation.summary import summary
    from scaler.simulation.trace import TraceError

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


@main.command("migrate")
@click.argument("files", nargs=-1, required=True, type=_FILE, metavar="FILE...")
@click.option("-n", "--namespace", help="Namespace of objects that name none.")
@click.option("--deployment", metavar="NAME", help="Deployment of the functions (default: named as their folder).")
@click.option(
    "--output-dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write a file per Deployment, NAMESPACE.NAME.yaml, instead of printing.",
)
@click.option("--force", is_flag=True, help="Overwrite files that are there.")
@click.option("--diff", is_flag=True, help="Compare with the cluster: what would change, and what else scales.")
@_cluster_options
@click.option("-o", "--output", "form", type=click.Choice(["yaml", "json"]), default="yaml", help="Default: yaml.")
def migrate_command(form: str, kubeconfig: Path | None, context: str | None, **given: Any) -> None:
    """Turn what scales now into patches with the annotation (- is standard input).

    Takes KEDA's ScaledObjects with their TriggerAuthentications, HPAs, and the function.json and host.json of Azure
    Functions. Nothing is written to a cluster. Exit status 1 if something has no equal.
    """
    from scaler.migration.command import BadUsage, Options, check, perform
    from scaler.migration.folder import NotWritten, write
    from scaler.migration.live import Live, look
    from scaler.migration.outcome import Outcome
    from scaler.migration.report import nothing, printed, report, summary
    from scaler.migration.source import SourceError

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


@main.command("demo")
@click.option("--plot", type=click.Path(path_type=Path, dir_okay=False), help="Save the picture: FILE.svg or FILE.png.")
@click.option(
    "--rabbitmq", metavar="URL", help="A real broker, amqp://user:password@host/, instead of the embedded one."
)
@click.option("-n", "--namespace", default="default", show_default=True, help="Where the demo's Deployment is made.")
@_cluster_options
def demo_command(
    plot: Path | None, rabbitmq: str | None, namespace: str, kubeconfig: Path | None, context: str | None
) -> None:
    """See the main job in about a minute: two bursts, workers from 0 to N and back to 0.

    Needs nothing installed: it brings a Kubernetes API and a queue of its own, and runs the real scaler on them.
    """
    from scaler.demo.plot import NoPlot, check, save
    from scaler.demo.story import Options, play

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


if __name__ == "__main__":
    main()
