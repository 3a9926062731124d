"""`scaler status`: every rule in a table, from the running scaler or, without one in reach, from the cluster."""

import json
from typing import Any

from scaler.kube import Kube
from scaler.parse import parse
from scaler.resource import DEPLOYMENTS
from scaler.rule import Rule
from scaler.server import Unreachable, ask
from scaler.target import STATUS, Target, target

COLUMNS = ("namespace", "name", "active", "reason", "replicas", "min", "max", "readings", "last change")


async def from_server(url: str) -> list[dict[str, Any]]:
    """What the running scaler knows. Raises Unreachable."""
    rows: list[dict[str, Any]] | None = await ask(url, "/rules")
    if rows is None:
        raise Unreachable(f"{url} is no scaler: it has no /rules")
    return rows


async def from_cluster(kube: Kube, namespace: str | None) -> list[dict[str, Any]]:
    """What the Deployments themselves say. Raises KubeError."""
    seen, _ = await kube.list_all(DEPLOYMENTS, namespace, target)
    return [_row(each) for each in sorted(seen, key=lambda each: each.key) if each.managed]


def _row(seen: Target) -> dict[str, Any]:
    rule = parse(seen.annotations)
    status = _status(seen)
    conditions = {row["type"]: row for row in status.get("conditions", [])}
    return {
        "namespace": seen.key.namespace,
        "name": seen.key.name,
        "replicas": seen.replicas,
        "min": rule.min_replicas if isinstance(rule, Rule) else None,
        "max": rule.max_replicas if isinstance(rule, Rule) else None,
        "readings": None,
        "conditions": conditions,
        "lastDecision": status.get("lastDecision"),
    }


def _status(seen: Target) -> dict[str, Any]:
    try:
        status = json.loads(seen.annotations.get(STATUS, "{}"))
    except ValueError:
        return {}
    return status if isinstance(status, dict) else {}


def cells(row: dict[str, Any]) -> list[Any]:
    """A row of the table."""
    conditions = row["conditions"]
    last = row["lastDecision"]
    change = f"{last['at']} {last['from']} -> {last['to']}" if last else None
    readings = ", ".join(f"{name}={value}" for name, value in (row["readings"] or {}).items())
    active = conditions.get("Active", {}).get("status")
    present = row["namespace"], row["name"], active, _reason(conditions), row["replicas"], row["min"], row["max"]
    return [*present, readings, change]


def _reason(conditions: dict[str, Any]) -> str | None:
    """What a person has to know first: a rule that is not ready, a pause, a contest; else its activity."""
    if not conditions:
        return "NotSeenByScaler"
    if conditions["Ready"]["status"] == "False":
        return str(conditions["Ready"]["reason"])
    for name in ("Paused", "Contested"):
        if conditions[name]["status"] == "True":
            return str(conditions[name]["reason"])
    return str(conditions["Active"]["reason"])
