"""The overlays with the webhook: they build, a real API server takes them, and their names meet."""

from pathlib import Path

import pytest
import yaml

from scaler import selfsigned
from scaler.command.group import command
from scaler.webhook import PATH
from tests.cluster.access import SCALER, Access
from tests.cluster.client import Object

_OVERLAYS = Path(__file__).parents[2] / "manifests" / "overlays"
_NAMES = ("webhook", "webhook-selfsigned")

Objects = dict[str, Object]


def built(cluster: Access, overlay: str) -> Objects:
    """By kind; base has several of some, none of which is asked for here."""
    return {each["kind"]: each for each in yaml.safe_load_all(cluster.kubectl("kustomize", str(_OVERLAYS / overlay)))}


@pytest.mark.parametrize("overlay", _NAMES)
def test_an_api_server_takes_them(cluster: Access, overlay: str) -> None:
    documents = yaml.safe_load_all(cluster.kubectl("kustomize", str(_OVERLAYS / overlay)))
    # Its kinds are cert-manager's own, which are not installed here.
    known = [each for each in documents if not each["apiVersion"].startswith("cert-manager.io/")]
    said = cluster.kubectl("apply", "--dry-run=server", "-f", "-", input=yaml.safe_dump_all(known))
    assert "validatingwebhookconfiguration.admissionregistration.k8s.io/scalerule" in said
    assert "service/scaler-webhook" in said
    assert "deployment.apps/scaler" in said


@pytest.mark.parametrize("overlay", _NAMES)
def test_names_meet(cluster: Access, overlay: str) -> None:
    found = built(cluster, overlay)
    (hook,) = found["ValidatingWebhookConfiguration"]["webhooks"]
    assert found["ValidatingWebhookConfiguration"]["metadata"]["name"] == selfsigned.CONFIGURATION
    assert hook["name"] == selfsigned.WEBHOOK
    (port,) = found["Service"]["spec"]["ports"]
    service = {"name": selfsigned.SERVICE, "namespace": SCALER[0], "path": PATH, "port": port["port"]}
    assert hook["clientConfig"] == {"service": service}
    assert found["Service"]["metadata"]["name"] == selfsigned.SERVICE
    pod = found["Deployment"]["spec"]["template"]
    assert found["Service"]["spec"]["selector"].items() <= pod["metadata"]["labels"].items()
    (container,) = pod["spec"]["containers"]
    listening = {each["name"]: each["containerPort"] for each in container["ports"]}[port["targetPort"]]
    variables = {each["name"]: each.get("value") for each in container["env"]}
    options = {f"SCALER_RUN_{option.name}".upper() for option in command("run").params}
    assert {name for name in variables if name.startswith("SCALER_")} <= options
    assert variables["SCALER_RUN_WEBHOOK_ADDRESS"] == f":{listening}"
    (mount,) = container["volumeMounts"]
    assert variables["SCALER_RUN_WEBHOOK_CERTIFICATES"] == mount["mountPath"]
    (volume,) = pod["spec"]["volumes"]
    assert volume == {"name": mount["name"], "secret": {"secretName": selfsigned.SERVICE, "optional": True}}


def test_it_fails_open_and_leaves_the_cluster_alone(cluster: Access) -> None:
    (hook,) = built(cluster, "webhook")["ValidatingWebhookConfiguration"]["webhooks"]
    assert (hook["failurePolicy"], hook["timeoutSeconds"], hook["sideEffects"]) == ("Ignore", 2, "None")
    (expression,) = hook["namespaceSelector"]["matchExpressions"]
    assert (expression["operator"], set(expression["values"])) == ("NotIn", {"kube-system", SCALER[0]})
    (rule,) = hook["rules"]
    assert (rule["resources"], set(rule["operations"])) == (["deployments", "statefulsets"], {"CREATE", "UPDATE"})


def test_cert_manager_is_asked_for_what_is_mounted(cluster: Access) -> None:
    found = built(cluster, "webhook")
    certificate = found["Certificate"]
    assert certificate["apiVersion"] == found["Issuer"]["apiVersion"] == "cert-manager.io/v1"
    assert certificate["spec"]["secretName"] == selfsigned.SERVICE
    assert certificate["spec"]["dnsNames"] == [f"{selfsigned.SERVICE}.{SCALER[0]}.svc"]
    assert certificate["spec"]["issuerRef"] == {"kind": "Issuer", "name": found["Issuer"]["metadata"]["name"]}
    where = f"{certificate['metadata']['namespace']}/{certificate['metadata']['name']}"
    annotations = found["ValidatingWebhookConfiguration"]["metadata"]["annotations"]
    assert annotations == {"cert-manager.io/inject-ca-from": where}
    assert certificate["metadata"]["namespace"] == SCALER[0] == found["Issuer"]["metadata"]["namespace"]
