"""`scaler schema`: what a rule may hold."""

import json

import click

from scaler.handbook import json_schema, parameters_page


@click.command("schema")
@click.option("--docs", is_flag=True, help="The parameters of every trigger type as a page, in Markdown.")
def command(docs: bool) -> None:
    """Print the JSON Schema of the annotation, for editors and linters.

    It holds every trigger type that is installed, those of other packages included.
    """
    click.echo(parameters_page() if docs else json.dumps(json_schema(), indent=2), nl=not docs)
