"""The manifests on the real API server: it takes them, their names meet, and their rights are what the scaler needs."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from scaler.command.group import command
from tests.cluster.access import SCALER, Access, Kubeconfig
from tests.cluster.client import Client, Refusal
from tests.e2e.conftest import Start
from tests.e2e.stage import Stage
from tests.e2e.test_rights import granted
from tests.wait import wait

MANIFESTS = Path(__file__).parents[2] / "manifests"
FOLDERS = [MANIFESTS / "base", *sorted((MANIFESTS / "overlays").iterdir())]
#: Of operators that are not installed here.
FOREIGN = ("cert-manager.io/", "monitoring.coreos.com/")

Object = dict[str, Any]

FLOWS = "/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas"


def built(cluster: Access, folder: Path) -> list[Object]:
    return list(yaml.safe_load_all(cluster.kubectl("kustomize", str(folder))))


def of_kind(documents: list[Object], kind: str) -> list[Object]:
    return [each for each in documents if each["kind"] == kind]


@pytest.fixture(params=FOLDERS, ids=lambda folder: folder.name)
def documents(cluster: Access, request: pytest.FixtureRequest) -> list[Object]:
    """What one folder builds."""
    return built(cluster, request.param)


def test_the_api_server_takes_it(cluster: Access, documents: list[Object]) -> None:
    known = [each for each in documents if not each["apiVersion"].startswith(FOREIGN)]
    there = {each["metadata"]["namespace"] for each in known if "namespace" in each["metadata"]} - {SCALER[0]}
    # A namespace that a user names for it.
    moved = yaml.safe_dump_all(known)
    for name in there:
        moved = moved.replace(f"namespace: {name}\n", "namespace: default\n")
    said = cluster.kubectl("apply", "--dry-run=server", "-f", "-", input=moved)
    assert len(said.splitlines()) == len(known)


def test_names_meet(documents: list[Object]) -> None:
    (deployment,) = of_kind(documents, "Deployment")
    pod = deployment["spec"]["template"]
    (container,) = pod["spec"]["containers"]
    ports = {each["name"]: each["containerPort"] for each in container["ports"]}
    variables = {each["name"]: each.get("value") for each in container["env"]}
    options = {f"SCALER_RUN_{option.name}".upper() for option in command("run").params}
    assert {name for name in variables if name.startswith("SCALER_")} <= options
    assert variables["SCALER_RUN_PAGE_ADDRESS"] == f":{ports['page']}"
    selectors = [each["spec"]["selector"] for each in of_kind(documents, "Service")]
    selectors += [each["spec"]["selector"]["matchLabels"] for each in of_kind(documents, "PodDisruptionBudget")]
    selectors += [each["spec"]["podSelector"]["matchLabels"] for each in of_kind(documents, "NetworkPolicy")]
    selectors += [each["labelSelector"]["matchLabels"] for each in pod["spec"]["topologySpreadConstraints"]]
    assert len(selectors) >= 5
    assert all(selector.items() <= pod["metadata"]["labels"].items() for selector in selectors)
    used = [port["targetPort"] for each in of_kind(documents, "Service") for port in each["spec"]["ports"]]
    policies = of_kind(documents, "NetworkPolicy")
    used += [port["port"] for each in policies for rule in each["spec"]["ingress"] for port in rule["ports"]]
    used += [container[probe]["httpGet"]["port"] for probe in ("livenessProbe", "readinessProbe")]
    assert set(used) == set(ports)


def test_of_several_components_at_once(cluster: Access, tmp_path: Path) -> None:
    parts = ("alerts", "high-availability", "priority", "service-monitor", "statefulsets", "webhook")
    # kustomize takes no absolute paths.
    linked = tmp_path / "manifests"
    linked.mkdir()
    for name in ("base", "components", "dashboards"):
        (linked / name).symlink_to(MANIFESTS / name)
    content = {"resources": ["../base"], "components": ["../dashboards", *(f"../components/{part}" for part in parts)]}
    everything = linked / "everything"
    everything.mkdir()
    (everything / "kustomization.yaml").write_text(yaml.safe_dump(content | {"namespace": SCALER[0]}))
    found = built(cluster, everything)
    (deployment,) = of_kind(found, "Deployment")
    variables = {
        each["name"]: each.get("value") for each in deployment["spec"]["template"]["spec"]["containers"][0]["env"]
    }
    wanted = {"SCALER_RUN_SHARDS": "auto", "SCALER_RUN_KINDS": "deployments,statefulsets"}
    assert wanted.items() <= variables.items()
    assert deployment["spec"]["replicas"] == 3
    assert {each["metadata"]["name"] for each in of_kind(found, "ClusterRole")} == {
        "scalerule",
        "scalerule-statefulsets",
    }
    assert len(of_kind(found, "PrometheusRule")) == 1
    (dashboards,) = of_kind(found, "ConfigMap")
    assert len(dashboards["data"]) == 4
    (monitor,) = of_kind(found, "ServiceMonitor")
    services = of_kind(found, "Service")
    selected = [each for each in services if _selected(monitor, each)]
    assert [each["metadata"]["name"] for each in selected] == ["scaler-metrics"]
    names = [port["name"] for port in selected[0]["spec"]["ports"]]
    assert [each["port"] for each in monitor["spec"]["endpoints"]] == names


def test_the_api_server_gives_the_scaler_its_priority(cluster: Access, namespace: str) -> None:
    """It says itself by which FlowSchema it took a request."""
    user = Kubeconfig.read(cluster.scaler_kubeconfig())
    cluster.kubectl("apply", "-f", str(MANIFESTS / "components" / "priority" / "flows.yaml"))
    flows = {
        name: cluster.client.call("GET", f"{FLOWS}/{name}")["metadata"]["uid"]
        for name in ("scalerule-leases", "scalerule")
    }
    paths = {
        "scalerule-leases": f"/apis/coordination.k8s.io/v1/namespaces/{SCALER[0]}/leases",
        "scalerule": f"/apis/apps/v1/namespaces/{namespace}/deployments",
    }

    def taken(path: str) -> str | None:
        headers = {"Authorization": f"Bearer {user.token}"}
        answer = requests.get(user.server + path, headers=headers, verify=str(user.ca), timeout=10)
        assert answer.ok
        return answer.headers.get("X-Kubernetes-PF-FlowSchema-UID")

    try:
        wait(lambda: {name: taken(path) for name, path in paths.items()} == flows, 20, "both flows in effect")
    finally:
        cluster.kubectl("delete", "flowschema", *flows)


def _selected(monitor: Object, service: Object) -> bool:
    labels: dict[str, str] = monitor["spec"]["selector"]["matchLabels"]
    return labels.items() <= service["metadata"]["labels"].items()


@pytest.fixture
def restricted(cluster: Access) -> Iterator[str]:
    """A namespace with the same Pod Security as the shipped one."""
    (namespace,) = of_kind(built(cluster, MANIFESTS / "base"), "Namespace")
    labels = {name: text for name, text in namespace["metadata"]["labels"].items() if "pod-security" in name}
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    name = cluster.client.create_namespace("restricted", **labels)
    cluster.client.call("POST", f"/api/v1/namespaces/{name}/serviceaccounts", {"metadata": {"name": "scaler"}})
    yield name
    cluster.client.delete_namespace(name)


def test_its_pods_are_allowed_where_pod_security_is_restricted(
    cluster: Access, documents: list[Object], restricted: str
) -> None:
    (deployment,) = of_kind(documents, "Deployment")
    pod = {"metadata": {"name": "scaler"}, "spec": deployment["spec"]["template"]["spec"]}
    path = f"/api/v1/namespaces/{restricted}/pods"
    cluster.client.call("POST", path, pod, dryRun="All")
    loose = copy.deepcopy(pod)
    loose["spec"]["containers"][0]["securityContext"]["allowPrivilegeEscalation"] = True
    with pytest.raises(Refusal, match="restricted"):
        cluster.client.call("POST", path, loose, dryRun="All")


def allowed(client: Client, verb: str, resource: str, namespace: str = "", group: str = "") -> bool:
    """What the API server answers to `may I?`."""
    name, _, part = resource.partition("/")
    about = {"verb": verb, "resource": name, "subresource": part, "namespace": namespace, "group": group}
    review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview"}
    body = {**review, "spec": {"resourceAttributes": about}}
    answer = client.call("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", body)
    return bool(answer["status"]["allowed"])


GROUPS = {
    **dict.fromkeys(("deployments", "deployments/scale", "deployments/status", "replicasets"), "apps"),
    "horizontalpodautoscalers": "autoscaling",
    "leases": "coordination.k8s.io",
}
#: What an intruder in the scaler's place would ask for: resource, verb, group.
DANGEROUS = [
    *(("deployments", verb, "apps") for verb in ("create", "update", "patch", "delete")),
    *(("secrets", verb, "") for verb in ("list", "watch", "create", "update", "patch", "delete")),
    *(("configmaps", verb, "") for verb in ("list", "watch", "create", "patch")),
    ("pods", "create", ""),
    ("pods/exec", "create", ""),
    ("serviceaccounts/token", "create", ""),
    ("users", "impersonate", ""),
    ("replicasets", "patch", "apps"),
    ("statefulsets/scale", "patch", "apps"),
    ("leases", "patch", "coordination.k8s.io"),
    *(("clusterroles", verb, "rbac.authorization.k8s.io") for verb in ("bind", "escalate", "patch")),
]


def as_user(kubeconfig: Path) -> Client:
    read = Kubeconfig.read(kubeconfig)
    return Client(read.server, read.ca, read.token)


def test_what_is_granted_is_allowed_and_nothing_dangerous(cluster: Access, namespace: str) -> None:
    client = as_user(cluster.scaler_kubeconfig())
    for scope, resource, verb in granted():
        where = SCALER[0] if scope == "own" else namespace
        assert allowed(client, verb, resource, where, GROUPS.get(resource, "")), (scope, resource, verb)
    assert [each for each in DANGEROUS if allowed(client, each[1], each[0], namespace, each[2])] == []


def test_one_namespace_needs_no_right_in_any_other(cluster: Access, stage: Stage, scaler: Start) -> None:
    home = cluster.client.create_namespace("home")
    names = {f"namespace: {SCALER[0]}": f"namespace: {home}", "namespace: shop": f"namespace: {stage.namespace}"}
    text = cluster.kubectl("kustomize", str(MANIFESTS / "overlays" / "one-namespace"))
    for old, new in names.items():
        text = text.replace(old, new)
    documents = list(yaml.safe_load_all(text))
    assert [each["kind"] for each in documents if each["kind"].startswith("Cluster")] == []
    rights = [each for each in documents if each["kind"] in ("ServiceAccount", "Role", "RoleBinding")]
    cluster.kubectl("apply", "-f", "-", input=yaml.safe_dump_all(rights))
    (deployment,) = of_kind(documents, "Deployment")
    env = {
        each["name"]: each["value"]
        for each in deployment["spec"]["template"]["spec"]["containers"][0]["env"]
        if "value" in each
    }
    assert env["SCALER_RUN_WATCH_NAMESPACE"] == "shop"
    kubeconfig = cluster.service_account_kubeconfig(home, SCALER[1])
    running = scaler(kubeconfig=kubeconfig)
    stage.deploy("orders")
    stage.wait_for_rules(running, "ready", 1)
    stage.vhost.publish("orders", 20)
    stage.wait_for("orders", 4)
    wait(lambda: bool(stage.status("orders")), 15, "a status")
    assert running.metric("scaler_kubernetes_requests_total", code="403") == 0
    client = as_user(kubeconfig)
    assert allowed(client, "patch", "deployments/scale", stage.namespace, "apps")
    elsewhere = [right for right in granted() if right[0] == "all"]
    assert [each for each in elsewhere if allowed(client, each[2], each[1], "default", GROUPS.get(each[1], ""))] == []
    assert not allowed(client, "list", "deployments", "", "apps")
    cluster.client.delete_namespace(home)
