"""`scaler migrate` beside a real API server: it tells what is there, writes nothing, and its patches apply."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.access import Access
from tests.cluster.client import Client, Refusal, worker
from tests.cluster.proxy import Proxy
from tests.e2e.test_cli import scaler
from tests.migrating import RULE, scaled_object
from tests.wait import wait

CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
SCHEMA = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
CRD = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "scaledobjects.keda.sh"},
    "spec": {
        "group": "keda.sh",
        "scope": "Namespaced",
        "names": {"plural": "scaledobjects", "kind": "ScaledObject"},
        "versions": [{"name": "v1alpha1", "served": True, "storage": True, "schema": {"openAPIV3Schema": SCHEMA}}],
    },
}


def hpa(name: str, target: str, owner: dict[str, Any] | None = None) -> dict[str, Any]:
    reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": target}
    metric = {"type": "External", "external": {"metric": {"name": "m"}, "target": {"type": "Value", "value": "1"}}}
    spec = {"scaleTargetRef": reference, "maxReplicas": 9, "metrics": [metric]}
    owners = [owner] if owner else []
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": name, "ownerReferences": owners},
        "spec": spec,
    }


@pytest.fixture
def source(namespace: str, tmp_path: Path) -> Path:
    """A ScaledObject in a file."""
    body = scaled_object(maxReplicaCount=7)
    body["metadata"]["namespace"] = namespace
    (tmp_path / "so.yaml").write_text(yaml.safe_dump(body))
    return tmp_path / "so.yaml"


def test_a_diff_reads_only_and_the_patch_applies(cluster: Access, namespace: str, source: Path, tmp_path: Path) -> None:
    client = cluster.client
    client.create(namespace, worker("worker", {RULE: "maxReplicaCount: 3\n", "scalerule.dev/paused": "true"}, 3))
    with_keda(client, namespace, source)
    before = client.get(namespace, "worker")["metadata"]
    try:
        with Proxy(cluster.kubeconfig, cluster.folder) as proxy:
            done = scaler("migrate", str(source), "--diff", f"--kubeconfig={proxy.kubeconfig}")
            row = json.loads(
                scaler("migrate", str(source), "--diff", "-o", "json", f"--kubeconfig={proxy.kubeconfig}").stdout
            )
            assert {each.method for each in proxy.requests} == {"GET"}
    finally:
        client.call("DELETE", f"{CRDS}/scaledobjects.keda.sh")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == f"# Deployment {namespace}/worker"
    assert "--- scalerule.dev/rule (as it is)" in lines
    assert "-maxReplicaCount: 3" in lines
    assert "+maxReplicaCount: 7" in lines
    assert "# scalerule.dev/paused stays" in lines
    assert "# also scaled by ScaledObject orders: pause it before the rule is applied, delete it afterwards" in lines
    owned = "KEDA's, deleted together with ScaledObject orders"
    assert f"# also scaled by HorizontalPodAutoscaler keda-hpa-orders: {owned}" in lines
    assert "# also scaled by HorizontalPodAutoscaler mine: delete it before the rule is applied" in lines
    assert any(line.startswith("# spec.replicas is 3, set last by ") for line in lines)
    assert not any("elsewhere" in line for line in lines)
    assert [each["name"] for each in row["live"]["scaledBy"]] == ["orders", "keda-hpa-orders", "mine"]
    assert row["live"]["replicas"] == 3
    # Its controller writes the status of a Deployment meanwhile, but nobody its spec.
    assert client.get(namespace, "worker")["metadata"]["generation"] == before["generation"]
    applied(cluster, namespace, source, tmp_path / "patches")


def with_keda(client: Client, namespace: str, source: Path) -> None:
    """KEDA's resource and the HPA that it makes, without KEDA; and two HPAs of a user's."""
    client.call("POST", CRDS, CRD)
    objects = f"/apis/keda.sh/v1alpha1/namespaces/{namespace}/scaledobjects"
    wait(lambda: served(client, objects), 10, "ScaledObjects served")
    made = client.call("POST", objects, yaml.safe_load(source.read_text()))["metadata"]
    owner = {"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "name": made["name"], "uid": made["uid"]}
    hpas = f"/apis/autoscaling/v2/namespaces/{namespace}/horizontalpodautoscalers"
    for each in (hpa("keda-hpa-orders", "worker", owner), hpa("mine", "worker"), hpa("elsewhere", "other")):
        client.call("POST", hpas, each)


def served(client: Client, path: str) -> bool:
    try:
        client.call("GET", path)
    except Refusal:
        return False
    return True


def applied(cluster: Access, namespace: str, source: Path, folder: Path) -> None:
    """The written file is what kubectl takes; no pod is touched by it, and afterwards nothing is left to change."""
    assert scaler("migrate", str(source), "--output-dir", str(folder)).returncode == 0
    (path,) = folder.iterdir()
    assert path.name == f"{namespace}.worker.yaml"
    spec = cluster.client.get(namespace, "worker")["spec"]
    cluster.kubectl("patch", "-f", str(path), "--patch-file", str(path))
    patched = cluster.client.get(namespace, "worker")
    assert patched["metadata"]["annotations"][RULE] == yaml.safe_load(path.read_text())["metadata"]["annotations"][RULE]
    assert patched["spec"] == spec
    done = scaler("migrate", str(source), "--diff", f"--kubeconfig={cluster.kubeconfig}")
    assert "# nothing would change" in done.stdout.splitlines()


def test_a_target_that_is_not_there(cluster: Access, namespace: str, source: Path) -> None:
    """Nor is KEDA's resource."""
    done = scaler("migrate", str(source), "--diff", f"--kubeconfig={cluster.kubeconfig}")
    assert done.returncode == 1
    assert done.stdout.splitlines() == [f"# Deployment {namespace}/worker", "# not in this cluster"]
