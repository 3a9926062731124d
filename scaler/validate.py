"""`scaler validate`: what is wrong with the rules in some files, all of it, before a cluster sees them."""

from collections.abc import Iterable
from typing import Any

from scaler.manifest import Manifest, manifests
from scaler.parse import parse
from scaler.rule import InvalidRule

_REPLICAS = (
    "spec.replicas: every apply of this manifest sets the count back; leave it out, so that only the rule decides"
)


def validate(paths: Iterable[str], namespace: str) -> list[dict[str, Any]]:
    """A verdict per rule, in the order of the files. Raises ManifestError for a file that cannot be read."""
    return [_verdict(found) for path in paths for found in manifests(path, namespace)]


def _verdict(manifest: Manifest) -> dict[str, Any]:
    rule = parse(manifest.annotations)
    valid = not isinstance(rule, InvalidRule)
    problems = [*(rule.problems if isinstance(rule, InvalidRule) else ()), *rule.pause.problems]
    warnings = [] if isinstance(rule, InvalidRule) else [str(warning) for warning in rule.warnings]
    if manifest.sets_replicas:
        warnings.append(_REPLICAS)
    triggers = () if isinstance(rule, InvalidRule) else rule.triggers
    return {
        "namespace": manifest.namespace,
        "name": manifest.name,
        "valid": valid and not rule.pause.problems,
        "errors": [{"path": problem.path, "message": problem.message} for problem in problems],
        "warnings": warnings,
        "triggers": [{"name": each.name, "type": each.type, "parameters": dict(each.shown)} for each in triggers],
    }


def lines(verdict: dict[str, Any]) -> list[str]:
    """The verdict for people."""
    title = f"{verdict['namespace']}/{verdict['name']}"
    rows = [f"{title}: {'valid' if verdict['valid'] else 'INVALID'}"]
    rows += [f"  error    {error['path']}: {error['message']}" for error in verdict["errors"]]
    rows += [f"  warning  {warning}" for warning in verdict["warnings"]]
    for trigger in verdict["triggers"]:
        shown = ", ".join(f"{name}={value}" for name, value in trigger["parameters"].items())
        rows.append(f"  trigger  {trigger['name']} ({trigger['type']}): {shown}")
    return rows
