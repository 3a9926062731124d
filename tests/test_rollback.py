"""What a rollback looks like, and what only looks like one."""

from dataclasses import replace
from typing import Any

import pytest

from scaler.resource import DEPLOYMENTS, STATEFUL_SETS, Resource
from scaler.rollback import Revision, came_back, changed, possible
from scaler.target import Key, Target, fingerprint

TEMPLATE = {
    "metadata": {"labels": {"app": "orders"}},
    "spec": {"containers": [{"name": "worker", "image": "worker:1"}]},
}
CHANGED_AT = "2026-11-25T03:00:10Z"


def deployment(**annotations: str) -> Target:
    ours = {f"scalerule.dev/{name.replace('_', '-')}": text for name, text in annotations.items()}
    key = Key("shop", "orders")
    return Target(key, "uid", "1", 1, 1, ours, None, False, (), fingerprint(TEMPLATE), CHANGED_AT)


def replica_set(uid: str = "uid", made: str = "2026-11-25T02:00:00Z", image: str = "worker:1") -> dict[str, Any]:
    labels = {"app": "orders", "pod-template-hash": "abc"}
    spec = {"containers": [{"name": "worker", "image": image}]}
    metadata = {"name": "orders-abc", "creationTimestamp": made, "ownerReferences": [{"uid": uid}]}
    return {"metadata": metadata, "spec": {"template": {"metadata": {"labels": labels}, "spec": spec}}}


@pytest.mark.parametrize(
    ("sets", "name"),
    [
        pytest.param([replica_set()], "orders-abc", id="an old one of the same template"),
        pytest.param([], None, id="none yet"),
        pytest.param([replica_set(made=CHANGED_AT)], None, id="the new one of a new template"),
        pytest.param([replica_set(made="2026-11-25T03:00:11Z")], None, id="the same, a second later"),
        pytest.param([replica_set(image="worker:2")], None, id="another template"),
        pytest.param([replica_set(uid="other")], None, id="another Deployment's"),
        pytest.param([replica_set(image="worker:2"), replica_set()], "orders-abc", id="one of several"),
    ],
)
def test_came_back(sets: list[dict[str, Any]], name: str | None) -> None:
    assert came_back(deployment(), map(Revision.of, sets)) == name


def test_what_changed() -> None:
    before = deployment(rule="a", paused="true")
    after = deployment(rule="b", paused_replicas="3")
    assert changed(before, after) == ["paused", "paused-replicas", "rule"]
    assert changed(before, deployment(rule="a", paused="true")) == []


@pytest.mark.parametrize(
    ("resource", "template", "rule", "expected"),
    [
        pytest.param(DEPLOYMENTS, 2, "b", True, id="template and rule"),
        pytest.param(DEPLOYMENTS, 1, "b", False, id="the rule alone"),
        pytest.param(DEPLOYMENTS, 2, "a", False, id="the template alone"),
        pytest.param(STATEFUL_SETS, 2, "b", False, id="a StatefulSet, whose revisions hold no annotations"),
    ],
)
def test_possible(resource: Resource, template: int, rule: str, expected: bool) -> None:
    before = replace(deployment(rule="a"), template=1, resource=resource)
    after = replace(deployment(rule=rule), template=template, resource=resource)
    assert possible(before, after) is expected
