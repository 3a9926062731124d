"""What a rollback looks like, and what only looks like one."""

from typing import Any

import pytest

from scaler.rollback import came_back, changed
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
    assert came_back(deployment(), sets) == name


def test_what_changed() -> None:
    before = deployment(rule="a", paused="true", status="1")
    after = deployment(rule="b", status="2", paused_replicas="3")
    assert changed(before, after) == ["paused", "paused-replicas", "rule"]
    assert changed(before, deployment(rule="a", paused="true")) == []
