"""`scaler status`: every rule in a table, from the running scalers or, without one in reach, from the cluster."""

import json
from collections.abc import Iterable
from functools import partial
from typing import Any, NamedTuple

from scaler.kube import Kube, KubeError
from scaler.parse import parse
from scaler.resource import SHORT
from scaler.rule import Rule
from scaler.server import Scalers, Unreachable
from scaler.target import Key, Target, target

COLUMNS = ("namespace", "name", "active", "reason", "replicas", "min", "max", "readings", "last change")


class Overview(NamedTuple):
    """The rows, and what a person has to know of them; empty where every row is a running scaler's."""

    rows: list[dict[str, Any]]
    note: str = ""

    def since(self, before: "Overview") -> "Overview":
        """What is new in it."""
        known = {_key(row): row for row in before.rows}
        rows = [row for row in self.rows if known.get(_key(row)) != row]
        return Overview(rows, self.note if self.note != before.note else "")


async def overview(scalers: Scalers, kube: Kube | None, namespace: str | None) -> Overview:
    """What the running scalers know; of rules that none of them tells what the Deployments say.

    Raises Unreachable where nobody says anything, KubeError.
    """
    answers, silent = await scalers.ask("/rules")
    if not all(isinstance(answer, list) for answer in answers):
        raise Unreachable("what answers there is no scaler: it has no /rules")
    live = {_key(row): row for answer in answers for row in answer if namespace in (None, row["namespace"])}
    if not silent or kube is None:
        return Overview(_sorted(live.values()))
    why = "; ".join(silent)
    try:
        rest = [row for row in await from_cluster(kube, namespace) if _key(row) not in live]
    except KubeError as error:
        why = f"{why}; {error}{_narrower(error, namespace)}"
        if not answers:
            raise Unreachable(why) from error
        return Overview(_sorted(live.values()), f"some rules may be missing: {why}")
    told = f"{len(rest)} of {len(rest) + len(live)} rules as their Deployments tell, without readings: {why}"
    return Overview(_sorted([*live.values(), *rest]), told if rest or not answers else "")


def _narrower(error: KubeError, namespace: str | None) -> str:
    return " (-n asks for one namespace only)" if error.status == 403 and namespace is None else ""


async def from_cluster(kube: Kube, namespace: str | None) -> list[dict[str, Any]]:
    """What the Deployments and StatefulSets themselves say. Raises KubeError."""
    rows = []
    for resource in SHORT.values():
        seen, _ = await kube.list_all(resource, namespace, partial(target, resource=resource))
        rows += [_row(each) for each in seen if each.managed]
    return rows


def _key(row: dict[str, Any]) -> Key:
    return Key(row["namespace"], row["name"])


def _sorted(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=_key)


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
        status = json.loads(seen.status or "{}")
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
