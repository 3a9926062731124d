"""Rules on StatefulSets and on custom resources, on the real API server."""

import json
from typing import Any

import pytest
import yaml

from tests.cluster.access import Access
from tests.cluster.client import Client, Refusal
from tests.e2e.conftest import Start
from tests.e2e.stage import Stage
from tests.e2e.test_cli import scaler as command
from tests.wait import wait

GROUP = "kinds.example.com"


class Objects:
    """The objects of one kind in one namespace."""

    def __init__(self, client: Client, api_version: str, plural: str, kind: str, namespace: str) -> None:
        self.client = client
        self.about = {"apiVersion": api_version, "kind": kind}
        self.kind = kind
        self.path = f"/apis/{api_version}/namespaces/{namespace}/{plural}"

    def create(self, name: str, annotations: dict[str, str], spec: dict[str, Any]) -> None:
        metadata = {"name": name, "annotations": annotations}
        self.client.call("POST", self.path, {**self.about, "metadata": metadata, "spec": {"replicas": 0, **spec}})

    def get(self, name: str) -> dict[str, Any]:
        return self.client.call("GET", f"{self.path}/{name}")

    def wait_for(self, name: str, replicas: int) -> None:
        wait(lambda: self.get(name)["spec"]["replicas"] == replicas, 15, f"{self.kind} {name} at {replicas}")

    def events(self, name: str) -> list[str]:
        namespace = self.path.split("/")[-2]
        found = self.client.call("GET", f"/api/v1/namespaces/{namespace}/events")["items"]
        about = {"kind": self.kind, "name": name}
        return [each["reason"] for each in found if about.items() <= each["involvedObject"].items()]


@pytest.fixture
def stateful(stage: Stage, stateful_rights: None) -> Objects:
    """With the rights that the component gives."""
    return Objects(stage.client, "apps/v1", "statefulsets", "StatefulSet", stage.namespace)


@pytest.fixture
def worker() -> dict[str, Any]:
    """The spec of a StatefulSet."""
    labels = {"app": "worker"}
    containers = [{"name": "worker", "image": "worker"}]
    template = {"metadata": {"labels": labels}, "spec": {"containers": containers}}
    return {"serviceName": "worker", "selector": {"matchLabels": labels}, "template": template}


def test_a_stateful_set_beside_a_deployment_of_the_same_name(
    stage: Stage, stateful: Objects, worker: dict[str, Any], scaler: Start
) -> None:
    running = scaler("--kinds=deployments,statefulsets")
    stage.deploy("orders", maxReplicaCount=5)
    stage.vhost.declare("others")
    stateful.create("orders", {"scalerule.dev/rule": stage.rule("others")}, worker)
    stage.wait_for_rules(running, "ready", 2)
    stage.vhost.publish("others", 17)
    stateful.wait_for("orders", 4)
    assert stage.replicas("orders") == 0
    wait(lambda: "ScaleTargetActivated" in stateful.events("orders"), 10, "an event on the StatefulSet")
    wait(lambda: "scalerule.dev/status" in stateful.get("orders")["metadata"]["annotations"], 15, "a status")
    name = "statefulsets/orders"
    assert running.metric("scaler_replicas", namespace=stage.namespace, deployment=name) == 4
    assert [row["name"] for row in running.page("/rules").json()] == ["orders", name]
    said = command("explain", f"{stage.namespace}/{name}", f"--server={running.page_url}", "-o", "json")
    decided = [json.loads(line)["decision"]["replicas"] for line in said.stdout.splitlines()]
    assert 4 in decided, said
    stage.vhost.purge("others")
    stateful.wait_for("orders", 0)


def test_an_hpa_of_the_stateful_set_is_none_of_the_deployment(
    stage: Stage, stateful: Objects, worker: dict[str, Any], scaler: Start
) -> None:
    running = scaler("--kinds=deployments,statefulsets")
    stage.deploy("orders")
    stateful.create("orders", {"scalerule.dev/rule": stage.rule("orders")}, worker)
    stage.wait_for_rules(running, "ready", 2)
    target = {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "orders"}
    hpa = {"metadata": {"name": "hpa"}, "spec": {"scaleTargetRef": target, "maxReplicas": 3}}
    stage.client.call("POST", f"/apis/autoscaling/v2/namespaces/{stage.namespace}/horizontalpodautoscalers", hpa)
    wait(lambda: "Conflict" in stateful.events("orders"), 10, "a conflict")
    stage.vhost.publish("orders", 20)
    stage.wait_for("orders", 4)
    assert stateful.get("orders")["spec"]["replicas"] == 0


def test_without_the_flag_only_deployments_are_scaled(
    cluster: Access, stage: Stage, stateful: Objects, worker: dict[str, Any], scaler: Start
) -> None:
    running = scaler()
    stage.deploy("orders")
    stateful.create("orders", {"scalerule.dev/rule": stage.rule("orders")}, worker)
    stage.vhost.publish("orders", 20)
    stage.wait_for("orders", 4)
    assert stateful.get("orders")["spec"]["replicas"] == 0
    assert running.metric("scaler_rules") == 1


def test_a_custom_resource_whose_kind_comes_later(cluster: Access, stage: Stage, scaler: Start) -> None:
    suffix = stage.namespace.rpartition("-")[2]
    plural, kind = f"gadgets{suffix}", f"Gadget{suffix}"
    rules = [
        {"apiGroups": [GROUP], "resources": [plural], "verbs": ["get", "list", "watch"]},
        {"apiGroups": [GROUP], "resources": [f"{plural}/scale", f"{plural}/status"], "verbs": ["patch"]},
    ]
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": plural}, "rules": rules}
    cluster.kubectl("apply", "-n", stage.namespace, "-f", "-", input=yaml.safe_dump(role))
    account = "--serviceaccount=scalerule-system:scaler"
    cluster.kubectl("create", "rolebinding", plural, "-n", stage.namespace, f"--role={plural}", account)
    running = scaler(f"--kinds=deployments,{plural}.v1.{GROUP}")
    stage.deploy("orders", cooldownPeriod=300)
    stage.vhost.publish("orders", 20)
    # A kind that is not there holds up no other.
    stage.wait_for("orders", 4)
    defined = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    cluster.client.call("POST", defined, definition(plural, kind))
    try:
        gadgets = Objects(stage.client, f"{GROUP}/v1", plural, kind, stage.namespace)
        wait(lambda: served(gadgets), 20, "the new kind is served")
        # One without a spec ends nothing.
        odd = {**gadgets.about, "metadata": {"name": "odd", "annotations": {"scalerule.dev/rule": "{}"}}}
        stage.client.call("POST", gadgets.path, odd)
        gadgets.create("orders", {"scalerule.dev/rule": stage.rule("orders")}, {})
        gadgets.wait_for("orders", 4)
        wait(lambda: "ScaleTargetActivated" in gadgets.events("orders"), 10, "an event on it")
        # The API server keeps no annotation that comes by way of a custom resource's status: it is tried once.
        stage.vhost.publish("orders", 20)
        gadgets.wait_for("orders", 8)
        assert "scalerule.dev/status" not in gadgets.get("orders")["metadata"]["annotations"]
        name = f"{plural}.v1.{GROUP}/orders"
        assert running.metric("scaler_desired_replicas", namespace=stage.namespace, deployment=name) == 8
        assert running.metric("scaler_rules", state="invalid") == 1
    finally:
        cluster.client.call("DELETE", f"{defined}/{plural}.{GROUP}")


def served(objects: Objects) -> bool:
    try:
        objects.client.call("GET", objects.path)
    except Refusal:
        return False
    return True


def definition(plural: str, kind: str) -> dict[str, Any]:
    """A CustomResourceDefinition with a scale and a status subresource."""
    count = {"type": "object", "properties": {"replicas": {"type": "integer"}}}
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": count, "status": count}}},
        "subresources": {
            "status": {},
            "scale": {"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas"},
        },
    }
    names = {"plural": plural, "kind": kind}
    spec = {"group": GROUP, "scope": "Namespaced", "names": names, "versions": [version]}
    return {"metadata": {"name": f"{plural}.{GROUP}"}, "spec": spec}
