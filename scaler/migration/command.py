"""`scaler migrate`: what is asked for, from files to one outcome per scale target."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from scaler.migration import autoscaler, scaledobject
from scaler.migration.credential import Credentials
from scaler.migration.function import NoName, apps
from scaler.migration.note import error
from scaler.migration.outcome import Outcome, refusal
from scaler.migration.source import Item, read
from scaler.migration.whereabouts import where

_JOB: Final = "a Job per message has no equal: keep KEDA for it, or make it a Deployment that works on many messages"
_ONCE: Final = "a target of {other} too: a Deployment has one rule, so put the triggers of both into one"


class BadUsage(Exception):
    """Options that do not go together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a user typed."""

    files: tuple[str, ...]
    namespace: str | None = None
    deployment: str | None = None
    output_dir: Path | None = None
    force: bool = False
    diff: bool = False


def check(options: Options) -> None:
    """Raises BadUsage."""
    if options.diff and options.output_dir is not None:
        raise BadUsage("--diff writes nothing: leave out --output-dir")
    if options.force and options.output_dir is None:
        raise BadUsage("--force goes with --output-dir")
    if options.files.count("-") > 1:
        raise BadUsage("standard input can be read once: name - once")


def perform(options: Options, home: str = "default") -> list[Outcome]:
    """An outcome per scale target, in the order of the files. Raises BadUsage and SourceError.

    `home` is the namespace of what names none, unless the options do.
    """
    items = read(options.files)
    return list(_once(_outcomes(items, options, options.namespace or home)))


def _outcomes(items: list[Item], options: Options, namespace: str) -> Iterator[Outcome]:
    credentials = Credentials(items, namespace)
    named = options.namespace is not None
    scaled = {each.name for each in items if each.kind == "ScaledObject" and each.name}
    for item in items:
        if item.kind == "ScaledObject" and item.group in ("keda.sh", "keda.k8s.io"):
            yield _named(scaledobject.migrated(item, credentials, namespace), named)
        elif item.kind == "ScaledJob" and item.group in ("keda.sh", "keda.k8s.io"):
            yield refusal(where(item, {}, namespace), error("kind", _JOB))
        elif autoscaler.is_one(item) and autoscaler.made_by(item) not in scaled:
            yield _named(autoscaler.migrated(item, namespace), named)
    try:
        for name, app in apps(items, options.deployment).items():
            yield app.migrated(name, namespace, named)
    except NoName as wrong:
        raise BadUsage(str(wrong)) from wrong


def _named(found: Outcome, named: bool) -> Outcome:
    return replace(found, where=replace(found.where, namespaced=True)) if named else found


def _once(outcomes: Iterator[Outcome]) -> Iterator[Outcome]:
    """A second rule for one target would take the place of the first."""
    seen: dict[tuple[str, object], str] = {}
    for found in outcomes:
        target = (found.where.kind, found.where.key)
        if target in seen:
            found = found.refused(error("", _ONCE.format(other=seen[target])))
        else:
            seen[target] = found.where.source
        yield found
