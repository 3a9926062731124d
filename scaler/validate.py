"""`scaler validate`: what is wrong with the rules in some files, all of it, before a cluster sees them."""

from collections.abc import Iterable
from typing import Any

from scaler.manifest import DEPLOYMENT, Manifest, files
from scaler.parse import parse
from scaler.rule import InvalidRule
from scaler.surroundings import Surroundings
from scaler.target import RULE

_REPLICAS = (
    "spec.replicas: every apply of this manifest sets the count back; leave it out, so that only the rule decides"
)

_LONGEST = 80


def validate(paths: Iterable[str], namespace: str) -> list[dict[str, Any]]:
    """A verdict per rule, in the order of the files. Raises ManifestError for a file that cannot be read.

    Secrets and ConfigMaps in the same files resolve references; others are taken as present.
    """
    found = files(paths, namespace)
    return [judged(each, found.surroundings(each)) for each in found.manifests]


def judged(manifest: Manifest, surroundings: Surroundings) -> dict[str, Any]:
    """The verdict on one rule."""
    rule = parse(manifest.annotations, surroundings)
    problems = [*(rule.problems if isinstance(rule, InvalidRule) else ()), *rule.pause.problems]
    warnings = list(rule.warnings)
    if manifest.sets_replicas:
        warnings.append(_REPLICAS)
    if manifest.kind != DEPLOYMENT:
        warnings.append(f"kind {manifest.kind or '(none)'}: only a scaler that is told of it by --kinds scales this")
    triggers = rule.shown if isinstance(rule, InvalidRule) else rule.triggers
    return {
        "namespace": manifest.namespace,
        "name": manifest.name,
        "valid": not problems,
        "errors": [{"path": problem.path, "message": problem.message} for problem in problems],
        "warnings": warnings,
        "triggers": [{"name": each.name, "type": each.type, "parameters": dict(each.shown)} for each in triggers],
    }


def mistake(path: str, message: str) -> str:
    """What is wrong, and where; the whole annotation where that is no single place in it."""
    return f"{path or RULE}: {message}"


def lines(verdict: dict[str, Any]) -> list[str]:
    """The verdict for people."""
    title = f"{verdict['namespace']}/{verdict['name']}"
    rows = [f"{title}: {'valid' if verdict['valid'] else 'INVALID'}"]
    rows += [f"  error    {mistake(**error)}" for error in verdict["errors"]]
    rows += [f"  warning  {warning}" for warning in verdict["warnings"]]
    for trigger in verdict["triggers"]:
        shown = ", ".join(f"{name}={_short(value)}" for name, value in trigger["parameters"].items())
        rows.append(f"  trigger  {trigger['name']} ({trigger['type']}): {shown}")
    return rows


def _short(value: Any) -> str:
    text = str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
