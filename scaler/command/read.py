"""`scaler read`: each trigger of a rule, once, from where the command runs."""

import asyncio
import sys
from pathlib import Path
from typing import Any, Final

import click

from scaler import output
from scaler.command.named import Name, key_of, placed
from scaler.command.options import FILE, cluster_options, output_option
from scaler.destination import anywhere
from scaler.fetch import Fetcher
from scaler.kube import Kube, KubeError
from scaler.manifest import Files, Manifest, ManifestError, files
from scaler.parse import parse
from scaler.read import read, resolved
from scaler.resource import parsed
from scaler.rule import InvalidRule, Rule
from scaler.target import Key, target
from scalers import Dial

_TIMEOUT: Final = 5.0


@click.command("read")
@click.argument("name", type=Name(), required=False, metavar="[NAME]")
@click.option("-f", "--filename", type=FILE, help="Read the triggers of the rules in this file (- is standard input).")
@click.option("-n", "--namespace", help="Of NAME (default: the context's), or of manifests that name none.")
@cluster_options
@output_option
def command(
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
        found = [asyncio.run(_rule(key_of(name, namespace), kubeconfig, context))]
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
            key = placed(key, kube)
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
    return asyncio.run(read(key, rule, Dial(_TIMEOUT, anywhere)))
