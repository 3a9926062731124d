"""People and tools that apply a manifest again and again: with the count in it, and without."""

import json

import pytest

from tests.cluster.access import Access
from tests.cluster.client import worker
from tests.e2e.conftest import Start
from tests.e2e.stage import Stage
from tests.wait import wait

MANAGER = "gitops-controller"
WAYS = {
    "client-side": ("apply",),
    "server-side": ("apply", "--server-side", "--force-conflicts", f"--field-manager={MANAGER}"),
}


def apply(cluster: Access, stage: Stage, way: str, replicas: int | None, team: int = 0) -> None:
    """`team` is an annotation of somebody else's, which makes each manifest another."""
    annotations = {"scalerule.dev/rule": stage.rule("orders", cooldownPeriod=300), "team": str(team)}
    manifest = json.dumps(worker("orders", annotations, replicas))
    cluster.kubectl(*WAYS[way], "-n", stage.namespace, "-f", "-", input=manifest)


@pytest.mark.parametrize("way", WAYS)
def test_a_manifest_without_a_count_changes_none(cluster: Access, stage: Stage, scaler: Start, way: str) -> None:
    stage.vhost.declare("orders")
    stage.vhost.publish("orders", 20)
    scaler()
    apply(cluster, stage, way, None)
    stage.wait_for("orders", 4)
    for team in range(1, 6):
        apply(cluster, stage, way, None, team)
        assert stage.replicas("orders") == 4
    stage.wait_for_condition("orders", "Ready", "True")
    assert stage.condition("orders", "Contested")["status"] == "False"


def test_a_manifest_with_a_count_is_put_right_once(cluster: Access, stage: Stage, scaler: Start) -> None:
    stage.vhost.declare("orders")
    stage.vhost.publish("orders", 20)
    scaler()
    apply(cluster, stage, "client-side", 1)
    stage.wait_for("orders", 4)
    apply(cluster, stage, "client-side", 1, team=1)
    stage.wait_for("orders", 4)
    # kubectl takes out what a manifest had and has no more: the API server then says 1, once.
    apply(cluster, stage, "client-side", None, team=2)
    stage.wait_for("orders", 4)
    apply(cluster, stage, "client-side", None, team=3)
    assert stage.replicas("orders") == 4
    assert "Conflict" not in stage.reasons("orders")


def test_a_tool_that_reverts_is_named_and_not_fought(cluster: Access, stage: Stage, scaler: Start) -> None:
    stage.vhost.declare("orders")
    stage.vhost.publish("orders", 20)
    running = scaler()

    def reverted() -> bool:
        apply(cluster, stage, "server-side", 1)
        return "Conflict" in stage.reasons("orders")

    wait(reverted, 40, "a contest")
    assert MANAGER in stage.wait_for_event("orders", "Conflict")["message"]
    apply(cluster, stage, "server-side", 1)
    before = len(cluster.audit(verb="patch", namespace=stage.namespace, resource="deployments/scale"))
    for _ in range(5):
        apply(cluster, stage, "server-side", 1)
    after = len(cluster.audit(verb="patch", namespace=stage.namespace, resource="deployments/scale"))
    # At most one a minute while it lasts.
    assert after - before <= 1
    assert running.alive
