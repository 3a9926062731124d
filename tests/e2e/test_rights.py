"""The rights that manifests/base gives: every one of them is used, and nothing beyond them is asked for."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.client import worker
from tests.cluster.control_plane import ControlPlane
from tests.cluster.proxy import Proxy
from tests.e2e.conftest import Start
from tests.e2e.stage import Stage
from tests.e2e.test_secrets import rule
from tests.e2e.test_trouble import SCALE
from tests.rabbitmq import Vhost
from tests.wait import wait

RBAC = Path(__file__).parents[2] / "manifests" / "base" / "rbac.yaml"
HOME = "scalerule-system"

Right = tuple[str, str, str]
"""Whether it is for the scaler's own namespace (`own`) or the whole cluster, the resource, the verb."""


def granted() -> set[Right]:
    kinds = {"Role": "own", "ClusterRole": "all"}
    roles = [each for each in yaml.safe_load_all(RBAC.read_text()) if each["kind"] in kinds]
    return {
        (kinds[role["kind"]], resource, verb)
        for role in roles
        for entry in role["rules"]
        for resource in entry["resources"]
        for verb in entry["verbs"]
    }


def used(cluster: ControlPlane) -> Iterator[tuple[Right, int]]:
    """What was asked of the API server, and with which answer."""
    for entry in cluster.audit():
        if not entry["userAgent"].startswith("scalerule/"):
            continue
        about: dict[str, Any] = entry["objectRef"]
        resource = "/".join(part for part in (about["resource"], about.get("subresource")) if part)
        # A rule's own objects are read by name wherever the rule is.
        own = about.get("namespace") == HOME and resource in ("configmaps", "leases")
        yield ("own" if own else "all", resource, entry["verb"]), entry["responseStatus"]["code"]


@pytest.fixture
def proxied(private_cluster: ControlPlane) -> Iterator[Proxy]:
    with Proxy(private_cluster.scaler_kubeconfig(), private_cluster.folder) as running:
        yield running


def test_every_right_is_used_and_nothing_else_is_asked(
    private_cluster: ControlPlane, proxied: Proxy, vhost: Vhost, scaler: Start
) -> None:
    client = private_cluster.client
    stage = Stage(client, client.create_namespace(), vhost)
    vhost.declare("secret", "settings")
    client.put("Secret", stage.namespace, "rabbit", {"host": vhost.amqp_url})
    client.put("ConfigMap", stage.namespace, "settings", {"host": vhost.amqp_url})
    by_key = {"parameters": {"host": {"configMap": {"name": "settings", "key": "host"}}}}
    rules = {
        "secret": rule({"queueName": "secret"}, authentication={"secret": "rabbit"}),
        "settings": rule({"queueName": "settings"}, authentication=by_key),
    }
    for name, annotations in rules.items():
        client.create(stage.namespace, worker(name, annotations, 0))
    # A conflict makes it read the Deployment.
    proxied.refuse(409, "PATCH", SCALE, times=1)
    running = scaler("--shards=auto", kubeconfig=proxied.kubeconfig, namespace=stage.namespace)
    stage.wait_for_rules(running, "ready", 2)
    for name in rules:
        vhost.publish(name, 20)
        stage.wait_for(name, 4)
    # The second time the event is counted up.
    for _ in range(2):
        stage.annotate("secret", paused="true")
        wait(lambda: running.metric("scaler_rules", state="paused") == 1, 10, "paused")
        stage.annotate("secret", paused=None)
        wait(lambda: running.metric("scaler_rules", state="paused") == 0, 10, "resumed")
    # A rule that changes together with the pod template may have been rolled back.
    image = {"spec": {"template": {"spec": {"containers": [{"name": "worker", "image": "worker:2"}]}}}}
    edited = {
        "metadata": {"annotations": rule({"queueName": "secret", "value": "4"}, authentication={"secret": "rabbit"})}
    }
    client.patch(stage.namespace, "secret", edited | image)
    stage.wait_for("secret", 5)
    wait(lambda: stage.status("secret") and stage.status("settings"), 15, "both states are written")
    wait(lambda: ("own", "configmaps", "patch") in dict(used(private_cluster)), 25, "a history is written again")
    # Somebody else's Lease is looked at, and taken once it is given back.
    other = scaler("--shards=auto", "--identity=other", kubeconfig=proxied.kubeconfig, namespace=stage.namespace)
    wait(lambda: other.metric("scaler_rules") + running.metric("scaler_rules") == 2, 20, "both share the rules")
    other.stop()
    running.stop()
    asked = list(used(private_cluster))
    assert {right for right, code in asked if code == 403} == set()
    assert {right for right, _ in asked} == granted()
