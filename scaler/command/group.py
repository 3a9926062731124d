"""`scaler`: knows the name and the purpose of every command, and imports the one that is called."""

from collections.abc import Mapping
from importlib import import_module
from typing import Final

import click
from click.shell_completion import CompletionItem

#: In the order of the help. What each is for is here too, so that the help imports none of them.
PURPOSES: Final[Mapping[str, str]] = {
    "completion": "Print what makes a shell complete this command: names of rules too.",
    "demo": "See the main job in about a minute: two bursts, workers from 0 to N and back to 0.",
    "explain": "Why a count is what it is: the last decisions on a rule with every step, from the running scaler.",
    "migrate": "Turn what scales now into patches with the annotation (- is standard input).",
    "read": "Read each trigger of a rule once: of a Deployment in the cluster, or (-f) of a manifest.",
    "run": "Scale until told to stop.",
    "schema": "Print the JSON Schema of the annotation, for editors and linters.",
    "simulate": "Replay readings of the past through rules, and compare what they would have cost.",
    "status": "Every rule: what it does now, and why.",
    "validate": "Check every rule in some manifests (- is standard input).",
    "webhook-certificate": "Print a certificate for the webhook, for clusters without cert-manager.",
}


def command(name: str) -> click.Command:
    """The command of a name: `command` of the module that is called like it. KeyError for none."""
    PURPOSES[name]
    found: click.Command = import_module(f"scaler.command.{name.replace('-', '_')}").command
    return found


class _Group(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(PURPOSES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return command(cmd_name) if cmd_name in PURPOSES else None

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        names = [name for name in PURPOSES if name.startswith(incomplete)]
        found = [CompletionItem(name, help=_short(PURPOSES[name], 45)) for name in names]
        return [*found, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """As click does it, which would import all of them."""
        width = formatter.width - 6 - max(map(len, PURPOSES))
        with formatter.section("Commands"):
            formatter.write_dl([(name, _short(purpose, width)) for name, purpose in PURPOSES.items()])


def _short(purpose: str, width: int) -> str:
    return click.Command(None, help=purpose).get_short_help_str(width)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "SCALER"})
@click.version_option(package_name="scalerule")
def main() -> None:
    """Scales Kubernetes Deployments by the queues that they work on, from zero to N and back.

    A Deployment is scaled when it carries the annotation scalerule.dev/rule. Try `scaler demo` to see it work
    without a cluster, `scaler validate FILE` to check a rule, `scaler run` to scale.
    """
