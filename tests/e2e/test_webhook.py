"""The webhook between kubectl and a real API server, with the ValidatingWebhookConfiguration of the manifests."""

import base64
import contextlib
import json
import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from cryptography.x509 import load_pem_x509_certificate

from scaler.command.group import main
from scaler.validate import lines, mistake, validate
from tests.cluster.access import Access, Refused
from tests.cluster.client import Client, Object, Refusal, worker
from tests.e2e.conftest import Start
from tests.e2e.flood import Flood
from tests.e2e.stage import Stage
from tests.ports import free_ports
from tests.rules import annotations, trigger
from tests.running import Running
from tests.tls import SESSION
from tests.wait import wait

_OVERLAYS = Path(__file__).parents[2] / "manifests" / "overlays"
_STRATEGIC = "application/strategic-merge-patch+json"
_CONFIGURATIONS = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"

VALID = annotations(trigger(target=1), maxReplicaCount=7)
INVALID = annotations({"type": "rabitmq"}, minReplicas=1, cooldownPeriod="soon", marks={"paused": "perhaps"})


class Webhook:
    """A scaler that serves one, and what is registered for one namespace."""

    def __init__(self, running: Running, port: int, certificates: Path, client: Client, namespace: str) -> None:
        self.running = running
        self.port = port
        self.certificates = certificates
        self.client = client
        self.namespace = namespace

    def reviews(self) -> float:
        """How many were answered so far."""
        return self.running.metric("scaler_webhook_reviews_total")

    def shown(self) -> str:
        """Its certificate, PEM."""
        return ssl.get_server_certificate(("127.0.0.1", self.port))

    def refuses(self) -> bool:
        """Whether the API server asks it by now."""
        try:
            path = f"/apis/apps/v1/namespaces/{self.namespace}/deployments"
            self.client.call("POST", path, worker("probe", INVALID), dryRun="All")
        except Refusal as refusal:
            return refusal.status == 422
        return False

    def register(self, configuration: Object, **way: Any) -> None:
        """What the manifests say, for this namespace, and for this scaler unless there is another `way` to it."""
        (hook,) = configuration["webhooks"]
        url = f"https://127.0.0.1:{self.port}{hook['clientConfig']['service']['path']}"
        bundle = base64.b64encode(SESSION.pem.encode()).decode()
        hook["clientConfig"] = way or {"url": url, "caBundle": bundle}
        only = {"key": "kubernetes.io/metadata.name", "operator": "In", "values": [self.namespace]}
        hook["namespaceSelector"]["matchExpressions"].append(only)
        # Two seconds are no promise on a busy machine.
        hook["timeoutSeconds"] = 20
        configuration["metadata"] = {"name": self.namespace}
        self.client.call("POST", _CONFIGURATIONS, configuration)

    def wait_until_asked(self) -> None:
        wait(self.refuses, 30, "the API server asks the webhook")


StartWebhook = Callable[..., Webhook]


@pytest.fixture
def shipped(cluster: Access) -> Object:
    """The ValidatingWebhookConfiguration of the manifests."""
    documents = yaml.safe_load_all(cluster.kubectl("kustomize", str(_OVERLAYS / "webhook-selfsigned")))
    found: Object = next(each for each in documents if each["kind"] == "ValidatingWebhookConfiguration")
    return found


@pytest.fixture
def start_webhook(cluster: Access, namespace: str, scaler: Start, tmp_path: Path) -> Iterator[StartWebhook]:
    """Starts one that nothing asks yet."""
    folder = tmp_path / "certificates"
    folder.mkdir()
    (port,) = free_ports(1)

    def start(certificate: bool = True) -> Webhook:
        if certificate:
            SESSION.mount(folder)
        running = scaler(f"--webhook-address=127.0.0.1:{port}", f"--webhook-certificates={folder}")
        return Webhook(running, port, folder, cluster.client, namespace)

    yield start
    # It may never have been registered.
    with contextlib.suppress(Refusal):
        cluster.client.call("DELETE", f"{_CONFIGURATIONS}/{namespace}")


@pytest.fixture
def webhook(start_webhook: StartWebhook, shipped: Object) -> Webhook:
    """One that the API server asks."""
    started = start_webhook()
    started.register(shipped)
    started.wait_until_asked()
    return started


def manifest(path: Path, name: str, marks: dict[str, str], image: str = "worker") -> Path:
    deployment = worker(name, marks)
    deployment["spec"]["template"]["spec"]["containers"][0]["image"] = image
    path.write_text(json.dumps(deployment))
    return path


def test_refused_with_the_words_of_validate(webhook: Webhook, cluster: Access, tmp_path: Path) -> None:
    def apply(path: Path, *flags: str) -> str:
        return cluster.kubectl("apply", f"--namespace={webhook.namespace}", "-f", str(path), *flags)

    wrong = manifest(tmp_path / "wrong.json", "wrong", INVALID)
    with pytest.raises(Refused) as refused:
        apply(wrong)
    (verdict,) = validate([str(wrong)], webhook.namespace)
    assert len(verdict["errors"]) == 4
    said = str(refused.value).splitlines()
    assert said[0].endswith('admission webhook "rules.scalerule.dev" denied the request: the rule is invalid:')
    assert said[1:] == [mistake(**error) for error in verdict["errors"]]
    good = manifest(tmp_path / "good.json", "good", VALID)
    # kubectl prints warnings to stderr; this makes them an error, which holds them.
    with pytest.raises(Refused, match="Warning: orders: a target of 1 asks for a replica for every single message"):
        apply(good, "--warnings-as-errors")
    assert any("target of 1" in line for line in lines(validate([str(good)], webhook.namespace)[0]))
    assert webhook.client.get(webhook.namespace, "good")
    before = webhook.reviews()
    plain = manifest(tmp_path / "plain.json", "plain", {})
    paused = manifest(tmp_path / "paused.json", "paused", {"scalerule.dev/paused": "perhaps"})
    assert "created" in apply(plain)
    assert "created" in apply(paused)
    assert "configured" in apply(manifest(tmp_path / "good.json", "good", VALID, image="worker:2"))
    webhook.client.scale(webhook.namespace, "good", 2)
    assert webhook.reviews() == before


def test_an_old_mistake_blocks_nothing(
    start_webhook: StartWebhook, shipped: Object, cluster: Access, namespace: str
) -> None:
    client = cluster.client
    client.create(namespace, worker("old", INVALID))
    webhook = start_webhook()
    webhook.register(shipped)
    webhook.wait_until_asked()
    image = {"spec": {"template": {"spec": {"containers": [{"name": "worker", "image": "worker:2"}]}}}}
    client.call("PATCH", f"/apis/apps/v1/namespaces/{namespace}/deployments/old", image, kind=_STRATEGIC)
    client.scale(namespace, "old", 1)
    client.annotate(namespace, "old", {"scalerule.dev/paused-replicas": "3"})
    wait(lambda: len(_revisions(client, namespace)) == 2, 20, "a second ReplicaSet")
    assert "rolled back" in cluster.kubectl("rollout", "undo", f"--namespace={namespace}", "deployment/old")
    with pytest.raises(Refusal, match=r"minReplicas: unknown(.|\n)*paused: must be"):
        client.annotate(namespace, "old", annotations(minReplicas=2, marks={"paused": "no"}))
    client.annotate(namespace, "old", annotations(marks={"paused": "true"}))
    client.delete(namespace, "old")


def _revisions(client: Client, namespace: str) -> list[Any]:
    items: list[Any] = client.call("GET", f"/apis/apps/v1/namespaces/{namespace}/replicasets")["items"]
    return items


def test_a_certificate_is_renewed_while_it_runs(webhook: Webhook) -> None:
    before = webhook.shown()
    SESSION.mount(webhook.certificates)
    wait(lambda: webhook.shown() != before, 15, "the new certificate is shown")
    assert webhook.refuses()
    until = webhook.running.metric("scaler_webhook_certificate_expiry_seconds")
    assert until == load_pem_x509_certificate(webhook.shown().encode()).not_valid_after_utc.timestamp()


def test_what_is_no_http_is_not_repeated(start_webhook: StartWebhook) -> None:
    webhook = start_webhook()
    trust = ssl.create_default_context(cadata=SESSION.pem)
    plain = socket.create_connection(("127.0.0.1", webhook.port), 20)
    with trust.wrap_socket(plain, server_hostname="localhost") as connection:
        connection.sendall(b"POST /validate HTTP/1.1\r\nContent-Length: canary\r\n\r\n")
        assert b" 400 " in connection.recv(100)
    assert "canary" not in json.dumps(webhook.running.log())


def test_without_a_scaler_everything_goes_through(webhook: Webhook) -> None:
    webhook.running.kill()
    created = webhook.client.create(webhook.namespace, worker("wrong", INVALID))
    assert created["metadata"]["annotations"] == INVALID


def test_a_certificate_of_our_own(
    start_webhook: StartWebhook, shipped: Object, cluster: Access, namespace: str
) -> None:
    """As docs/webhook.md has it, the kubelet's part played by hand: the API server checks the name of the Service."""
    webhook = start_webhook(certificate=False)
    service = shipped["webhooks"][0]["clientConfig"]["service"] | {"namespace": namespace, "port": webhook.port}
    outside = {"metadata": {"name": service["name"]}, "spec": {"type": "ExternalName", "externalName": "localhost"}}
    cluster.client.call("POST", f"/api/v1/namespaces/{namespace}/services", outside)
    name = shipped["metadata"]["name"]
    webhook.register(shipped, service=service)
    made = CliRunner().invoke(main, ["webhook-certificate", f"--namespace={namespace}"]).output
    assert f"name: {name}\n" in made
    mine = made.replace(f"name: {name}\n", f"name: {namespace}\n")
    for _ in range(2):
        cluster.kubectl("apply", "--server-side", "-f", "-", input=mine)
    secret = cluster.client.call("GET", f"/api/v1/namespaces/{namespace}/secrets/{service['name']}")
    for key, text in secret["data"].items():
        (webhook.certificates / key).write_bytes(base64.b64decode(text))
    webhook.wait_until_asked()
    (hook,) = cluster.client.call("GET", f"{_CONFIGURATIONS}/{namespace}")["webhooks"]
    assert hook["clientConfig"]["service"] == service


def test_a_flood_of_reviews_delays_no_decision(start_webhook: StartWebhook, stage: Stage) -> None:
    """200 at once, again and again, while a queue fills."""
    stage.deploy("orders")
    webhook = start_webhook()
    stage.wait_for_rules(webhook.running, "ready", 1)
    with Flood(webhook.port, 200) as flood:
        wait(lambda: flood.answered > 200, 60, "reviews are answered")
        read = webhook.running.metric("scaler_source_reads_total")
        stage.vhost.publish("orders", 50)
        stage.wait_for("orders", 10, 20)
        wait(lambda: webhook.running.metric("scaler_source_reads_total") > read + 2, 20, "reading goes on")
    assert flood.failed == 0
    assert webhook.reviews() >= flood.answered


def test_a_kind_that_is_not_scaled_gets_a_warning(webhook: Webhook, cluster: Access) -> None:
    body = worker("stateful", INVALID, 0) | {"kind": "StatefulSet"}
    body["spec"]["serviceName"] = "stateful"
    arguments = ("apply", "-n", webhook.namespace, "--warnings-as-errors", "-f", "-")
    with pytest.raises(Refused, match="--kinds to scale deployments only"):
        cluster.kubectl(*arguments, input=json.dumps(body))
