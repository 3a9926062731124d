"""`scaler validate`: what is wrong with rules, before a cluster sees them."""

import sys

import click

from scaler import output
from scaler.command.options import FILE, output_option
from scaler.manifest import ManifestError
from scaler.validate import lines, validate


@click.command("validate")
@click.argument("files", nargs=-1, required=True, type=FILE, metavar="FILE...")
@click.option("-n", "--namespace", default="default", help="Namespace of manifests that name none.")
@output_option
def command(files: tuple[str, ...], namespace: str, form: str | None) -> None:
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
