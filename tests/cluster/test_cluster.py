"""The test cluster is what the other tests take it for: real, with working pods, and with the rights we ship."""

import json
from pathlib import Path

import pytest

from tests.cluster.access import Access, Kubeconfig, Refused
from tests.cluster.client import Client, Refusal, worker
from tests.cluster.control_plane import ControlPlane
from tests.wait import wait

_EXAMPLES = Path(__file__).parents[2] / "manifests" / "examples"


@pytest.fixture
def scaler_client(cluster: Access) -> Client:
    """Speaks with the scaler's own token."""
    return Client(*Kubeconfig.read(cluster.scaler_kubeconfig())[:3])


def test_pods_become_ready(cluster: Access, namespace: str) -> None:
    client = cluster.client
    client.create(namespace, worker("orders", replicas=0))
    client.scale(namespace, "orders", 3)
    wait(lambda: client.ready(namespace, "orders") == 3, 20, "three ready replicas")


def test_the_scaler_may_scale(cluster: Access, namespace: str, scaler_client: Client) -> None:
    cluster.client.create(namespace, worker("orders", replicas=0))
    scaler_client.scale(namespace, "orders", 2)
    assert cluster.client.replicas(namespace, "orders") == 2


def test_the_scaler_may_not_change_pods(cluster: Access, namespace: str, scaler_client: Client) -> None:
    cluster.client.create(namespace, worker("orders", replicas=0))
    with pytest.raises(Refusal, match="403"):
        scaler_client.annotate(namespace, "orders", {"a": "b"})


def test_the_right_to_the_status_is_the_right_to_a_rule(cluster: Access, namespace: str, scaler_client: Client) -> None:
    """The API server lets annotations through with a status: docs/security.md warns of it."""
    cluster.client.create(namespace, worker("orders", replicas=0))
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments/orders/status"
    scaler_client.call("PATCH", path, {"metadata": {"annotations": {"scalerule.dev/rule": "triggers: []"}}})
    assert cluster.client.get(namespace, "orders")["metadata"]["annotations"]["scalerule.dev/rule"] == "triggers: []"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/namespaces/{}/secrets"),
        ("DELETE", "/api/v1/namespaces/{}/secrets/any"),
        ("GET", "/api/v1/namespaces/{}/configmaps"),
        ("GET", "/api/v1/namespaces/{}/pods"),
        ("GET", "/api/v1/namespaces/{}/events"),
        ("POST", "/apis/apps/v1/namespaces/{}/deployments"),
        ("DELETE", "/apis/apps/v1/namespaces/{}/deployments/any"),
    ],
)
def test_the_scaler_may_do_nothing_else(namespace: str, scaler_client: Client, method: str, path: str) -> None:
    with pytest.raises(Refusal, match="403"):
        scaler_client.call(method, path.format(namespace), {} if method == "POST" else None)


def test_our_pod_is_accepted_under_restricted_pod_security(cluster: Access) -> None:
    found = json.loads(cluster.kubectl("get", "namespace", "scalerule-system", "-o", "json"))
    assert found["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    wait(lambda: cluster.kubectl("-n", "scalerule-system", "get", "pods", "-o", "name").startswith("pod/"), 20, "a pod")


def test_restricted_pod_security_is_enforced(cluster: Access) -> None:
    pod = "--image=any", "--restart=Never"
    with pytest.raises(Refused, match="violates PodSecurity"):
        cluster.kubectl("-n", "scalerule-system", "run", "loose", *pod)


@pytest.mark.parametrize("path", sorted(_EXAMPLES.glob("*.yaml")), ids=lambda path: path.stem)
def test_examples_are_accepted(cluster: Access, namespace: str, path: Path) -> None:
    cluster.kubectl("-n", namespace, "apply", "-f", str(path))


def test_the_api_server_comes_back_with_its_data(private_cluster: ControlPlane) -> None:
    client = private_cluster.client
    namespace = client.create_namespace()
    private_cluster.kill_apiserver()
    private_cluster.start_apiserver()
    assert private_cluster.client.call("GET", f"/api/v1/namespaces/{namespace}")["metadata"]["name"] == namespace
