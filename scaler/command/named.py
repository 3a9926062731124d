"""A rule that a command names, and how to find the scaler that has it."""

import contextlib
import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from scaler.command.options import cluster_options
from scaler.completion import rules
from scaler.explain import Unknown
from scaler.kube import Kube, KubeError
from scaler.reach import HOME, Way
from scaler.resource import DEPLOYMENTS, parsed
from scaler.server import Unreachable
from scaler.target import Key


def key_of(text: str, namespace: str | None) -> Key:
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


def placed(key: Key, kube: Kube | None) -> Key:
    """A key without a namespace is in the context's. Raises UsageError where there is none."""
    if not key.namespace and kube is None:
        raise click.UsageError(f"in which namespace is {key.name!r}? Write NAMESPACE/NAME, or -n NAMESPACE")
    return key if key.namespace or kube is None else key._replace(namespace=kube.namespace)


class Name(click.ParamType[str]):
    """Names a rule; a shell completes it by those that there are."""

    name = "NAME"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        given = ctx.params
        way = Way(*(given.get(each) for each in ("kubeconfig", "context", "server", "home")))
        return [CompletionItem(each) for each in rules(way, given.get("namespace"), incomplete)]


def scaler_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """How to find the running scalers, as `way`: with `cluster_options`."""

    @functools.wraps(command)
    def gathered(
        kubeconfig: Path | None, context: str | None, server: str | None, home: str | None, **given: Any
    ) -> Any:
        return command(way=Way(kubeconfig, context, server, home), **given)

    text = f"Where the scaler runs (default: {HOME}, else the context's namespace)."
    wrapped = click.option("--scaler-namespace", "home", metavar="NAMESPACE", help=text)(cluster_options(gathered))
    return click.option("--server", metavar="URL", help="Ask this scaler: the URL of its --page-address.")(wrapped)


@contextlib.contextmanager
def told_failures() -> Iterator[None]:
    try:
        yield
    except (KubeError, Unreachable, Unknown) as error:
        raise click.ClickException(str(error)) from error
