"""Secrets of every origin, for every broker, in good, failing and invalid rules: whatever is written holds none.

Each begins with `canary-`, and so nothing that is written may hold that word.
"""

import base64
import json
import os
import secrets
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import pytest
import yaml

from scaler.target import RULE
from tests.cluster.access import Access
from tests.cluster.client import worker
from tests.e2e.conftest import Start
from tests.e2e.stage import QUICK, Stage
from tests.kubemq import Kubemq
from tests.rabbitmq import Rabbitmq
from tests.running import Running
from tests.servicebus import ServiceBus
from tests.sqs import KEY_ID, SECRET, Sqs
from tests.tls import SESSION
from tests.wait import wait

MARK: Final = "canary-"
CANARY: Final = f"{MARK}{secrets.token_hex(8)}"
HOME: Final = "scalerule-system"
PATIENCE: Final = 30.0

Outcome = Literal["ready", "TriggerFailed", "ScaleRuleInvalid"]


class Case(NamedTuple):
    """A rule of one trigger, and what becomes of it."""

    outcome: Outcome
    type: str
    metadata: dict[str, str]
    authentication: dict[str, Any] | None = None
    container: dict[str, Any] | None = None
    """More of the target's container."""

    @property
    def annotations(self) -> dict[str, str]:
        trigger: dict[str, Any] = {"type": self.type, "metadata": self.metadata}
        if self.authentication is not None:
            trigger["authentication"] = self.authentication
        return {RULE: json.dumps({"triggers": [trigger], **QUICK})}


class Brokers(NamedTuple):
    """All that there are, each with a queue `orders`."""

    amqp: str
    """URL of a user who has a canary for a password."""
    sqs: str
    bus: str
    """Connection string with a canary for a key."""
    kubemq: str
    echo: str
    """URL of a server that repeats in its refusal what it is shown."""


class _Echo(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        shown = self.headers.get("Authorization", "")
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        decoded = base64.b64decode(shown.partition(" ")[2] + "==", validate=False)
        self.send_response(418, CANARY)
        self.send_header("X-Shown", CANARY)
        self.end_headers()
        self.wfile.write(b"\n".join([shown.encode(), decoded, body, CANARY.encode()]))

    do_POST = do_GET

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@pytest.fixture
def echo() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def brokers(
    stage: Stage, rabbitmq: Rabbitmq, sqs: Sqs, servicebus: ServiceBus, kubemq: Kubemq, echo: str
) -> Iterator[Brokers]:
    stage.vhost.declare("orders")
    user = f"user-{secrets.token_hex(4)}"
    rabbitmq.manage("PUT", f"users/{user}", {"password": CANARY, "tags": "management"})
    rabbitmq.manage("PUT", f"permissions/{stage.vhost.name}/{user}", {"configure": "", "write": "", "read": ".*"})
    sqs.create("eu-west-1", ["orders"])
    servicebus.namespace.keys["scaler"] = (CANARY, "/")
    servicebus.namespace.add("orders")
    servicebus.namespace.identities.assertion = servicebus.namespace.identities.token = CANARY
    kubemq.token = CANARY
    kubemq.queue("orders")
    yield Brokers(
        amqp=f"amqp://{user}:{CANARY}@{stage.vhost.amqp_url.rpartition('@')[2]}",
        sqs=sqs.url,
        bus=f"Endpoint=sb://127.0.0.1:{servicebus.port}/;SharedAccessKeyName=scaler;SharedAccessKey={CANARY}",
        kubemq=f"127.0.0.1:{kubemq.port}",
        echo=echo,
    )
    rabbitmq.manage("DELETE", f"users/{user}")


def key(name: str, entry: str, kind: str = "secret") -> dict[str, Any]:
    return {kind: {"name": name, "key": entry}}


def from_secret(variable: str, name: str, entry: str) -> dict[str, Any]:
    return {"env": [{"name": variable, "valueFrom": {"secretKeyRef": {"name": name, "key": entry}}}]}


def wrong(text: str) -> str:
    return text.replace(CANARY, f"{CANARY}-wrong")


def objects(brokers: Brokers) -> dict[tuple[str, str], dict[str, str]]:
    """Secrets and ConfigMaps, by kind and name."""
    return {
        ("Secret", "rabbit"): {"host": brokers.amqp, "uri": wrong(brokers.amqp), "user": CANARY},
        ("Secret", "rabbit-junk"): {"host": f"{CANARY}://{CANARY}@h:x", "tls": CANARY, "oauthTokenURI": CANARY},
        ("Secret", "rabbit-oauth"): {
            "host": f"{brokers.echo}/",
            "oauthTokenURI": f"{brokers.echo}/token",
            "clientID": "client",
            "clientSecret": CANARY,
            "scopes": CANARY,
        },
        ("Secret", "sqs"): {"awsAccessKeyID": KEY_ID, "awsSecretAccessKey": SECRET, "other": CANARY},
        ("Secret", "bus"): {"connection": brokers.bus, "wrong": wrong(brokers.bus), "junk": CANARY},
        ("Secret", "bus-signature"): {
            "connection": f"{brokers.bus.partition(';')[0]};SharedAccessSignature=SharedAccessSignature sig={CANARY}"
        },
        ("Secret", "kubemq"): {"authToken": CANARY, "wrong": f"{CANARY}-wrong", "junk": f"{CANARY}\n\x07{CANARY}"},
        ("ConfigMap", "settings"): {"text": CANARY, "host": wrong(brokers.amqp)},
    }


def cases(brokers: Brokers, shared: str) -> dict[str, Case]:
    """By the name of their Deployment."""
    rabbit = {"queueName": "orders", "mode": "QueueLength", "value": "5"}
    sqs = {"queueURL": "orders", "awsRegion": "eu-west-1", "awsEndpoint": brokers.sqs}
    bus = {"queueName": "orders"}
    kubemq = {"queueName": "orders", "address": brokers.kubemq}
    plain = {"env": [{"name": "TEXT", "value": CANARY}, {"name": "URL", "value": f"http://u:{CANARY}@127.0.0.1:1/"}]}
    files = {name: {"file": "text"} for name in ("ca", "cert", "key", "keyPassword")}
    pod = {"podIdentity": {"provider": "aws"}}
    azure = {"podIdentity": {"provider": "azure-workload"}}
    text_key = {"awsAccessKeyID": {"env": "TEXT"}, "awsSecretAccessKey": {"file": "text"}}
    return {
        "rabbit-secret": Case("ready", "rabbitmq", rabbit, {"secret": "rabbit"}),
        "rabbit-key": Case("TriggerFailed", "rabbitmq", rabbit, {"parameters": {"host": key("rabbit", "uri")}}),
        "rabbit-all-env": Case(
            "ready",
            "rabbitmq",
            rabbit | {"hostFromEnv": "MY_host"},
            container={"envFrom": [{"prefix": "MY_", "secretRef": {"name": "rabbit"}}]},
        ),
        "rabbit-env": Case("TriggerFailed", "rabbitmq", rabbit | {"hostFromEnv": "URL"}, container=plain),
        "rabbit-shared": Case("ready", "rabbitmq", rabbit, {"shared": shared}),
        "rabbit-elsewhere": Case(
            "ScaleRuleInvalid", "rabbitmq", rabbit | {"host": "amqp://h.invalid/"}, {"shared": shared}
        ),
        "rabbit-typed": Case("TriggerFailed", "rabbitmq", rabbit | {"host": f"http://u:{CANARY}@127.0.0.1:1/"}),
        "rabbit-typed-badly": Case("ScaleRuleInvalid", "rabbitmq", rabbit | {"host": f"amqp://u:{CANARY}@[x"}),
        "rabbit-junk": Case("ScaleRuleInvalid", "rabbitmq", rabbit, {"secret": "rabbit-junk"}),
        "rabbit-config": Case(
            "TriggerFailed", "rabbitmq", rabbit, {"parameters": {"host": key("settings", "host", "configMap")}}
        ),
        "rabbit-files": Case(
            "TriggerFailed",
            "rabbitmq",
            rabbit | {"host": "amqps://127.0.0.1:1/"},
            {"parameters": files | {"tls": {"env": "TLS"}}},
            {"env": [{"name": "TLS", "value": "enable"}]},
        ),
        "rabbit-oauth": Case("TriggerFailed", "rabbitmq", rabbit, {"secret": "rabbit-oauth"}),
        "rabbit-echo": Case(
            "TriggerFailed",
            "rabbitmq",
            rabbit | {"host": brokers.echo.replace("//", f"//u:{CANARY}@")},
            {"parameters": {"username": key("rabbit", "user"), "password": {"file": "text"}}},
        ),
        "sqs-secret": Case("ready", "aws-sqs-queue", sqs, {"secret": "sqs"}),
        "sqs-pod": Case("ready", "aws-sqs-queue", sqs, pod),
        "sqs-texts": Case("TriggerFailed", "aws-sqs-queue", sqs, {"parameters": text_key}, plain),
        "sqs-token": Case(
            "TriggerFailed",
            "aws-sqs-queue",
            sqs,
            {"secret": "sqs", "parameters": {"awsSessionToken": key("settings", "text", "configMap")}},
        ),
        "sqs-echo": Case(
            "TriggerFailed", "aws-sqs-queue", sqs | {"awsEndpoint": brokers.echo}, {"parameters": text_key}, plain
        ),
        "sqs-queue": Case(
            "ScaleRuleInvalid",
            "aws-sqs-queue",
            {"queueURLFromEnv": "URL", "awsSecretAccessKeyFromEnv": "TEXT"},
            {"parameters": {"awsRegion": {"file": "text"}}},
            plain,
        ),
        "bus-secret": Case("ready", "azure-servicebus", bus, {"secret": "bus"}),
        "bus-wrong": Case(
            "TriggerFailed",
            "azure-servicebus",
            bus | {"connectionFromEnv": "BUS"},
            container=from_secret("BUS", "bus", "wrong"),
        ),
        "bus-junk": Case("TriggerFailed", "azure-servicebus", bus, {"parameters": {"connection": key("bus", "junk")}}),
        "bus-signature": Case("TriggerFailed", "azure-servicebus", bus, {"secret": "bus-signature"}),
        "bus-file": Case("TriggerFailed", "azure-servicebus", bus, {"parameters": {"connection": {"file": "text"}}}),
        # Its host is 127.0.0.1, where nobody listens on the port of HTTPS; the token is asked for before.
        "bus-pod": Case(
            "TriggerFailed",
            "azure-servicebus",
            bus | {"namespace": "127", "cloud": "Private", "endpointSuffix": "0.0.1"},
            azure,
        ),
        "bus-typed": Case("ScaleRuleInvalid", "azure-servicebus", bus | {"connection": brokers.bus}),
        "kubemq-secret": Case("ready", "kubemq", kubemq, {"secret": "kubemq"}),
        "kubemq-file": Case("ready", "kubemq", kubemq, {"parameters": {"authToken": {"file": "text"}}}),
        "kubemq-env": Case("ready", "kubemq", kubemq | {"authTokenFromEnv": "TEXT"}, container=plain),
        "kubemq-wrong": Case("TriggerFailed", "kubemq", kubemq, {"parameters": {"authToken": key("kubemq", "wrong")}}),
        "kubemq-junk": Case("ScaleRuleInvalid", "kubemq", kubemq, {"parameters": {"authToken": key("kubemq", "junk")}}),
        "kubemq-pem": Case(
            "ScaleRuleInvalid",
            "kubemq",
            kubemq | {"tls": "true"},
            {"parameters": {name: key("settings", "text", "configMap") for name in ("ca", "cert", "key")}},
        ),
        "kubemq-typed": Case("ScaleRuleInvalid", "kubemq", kubemq | {"authToken": CANARY}),
    }


class Play:
    """All of these rules in a cluster, and a scaler that may use what they name."""

    def __init__(self, stage: Stage, brokers: Brokers, folder: Path, port: int) -> None:
        self.stage = stage
        self.folder = folder
        self.shared = f"shared-{secrets.token_hex(4)}"
        self.cases = cases(brokers, self.shared)
        self._objects = objects(brokers)
        self._amqp = brokers.amqp
        self._port = port

    def set_up(self) -> None:
        """Objects, files, Deployments."""
        for (kind, name), data in self._objects.items():
            self.stage.client.put(kind, self.stage.namespace, name, data)
        allowed = {"allow_namespaces": self.stage.namespace, "allow_hosts": "127.0.0.1"}
        self.stage.client.put("Secret", HOME, self.shared, {"host": self._amqp}, **allowed)
        grants = [
            {"provider": provider, "namespaces": ["*"], "hosts": ["127.0.0.1"]}
            for provider in ("aws", "azure-workload")
        ]
        files = self.folder / "files" / self.stage.namespace
        files.mkdir(parents=True)
        (files / "text").write_text(CANARY)
        (self.folder / "grants.yaml").write_text(yaml.safe_dump(grants))
        (self.folder / "assertion").write_text(CANARY)
        (self.folder / "authority.pem").write_text(SESSION.pem)
        for document in self.documents():
            self.stage.client.create(self.stage.namespace, document)

    def documents(self) -> list[dict[str, Any]]:
        """The Deployments as a user would write them."""
        return [
            worker(name, case.annotations, 1, containers=[{"name": "w", "image": "w", **(case.container or {})}])
            for name, case in self.cases.items()
        ]

    def manifests(self) -> str:
        """The same and the objects that they refer to, as one file."""
        texts = {"Secret": "stringData", "ConfigMap": "data"}
        others = [
            {"apiVersion": "v1", "kind": kind, "metadata": {"name": name}, texts[kind]: data}
            for (kind, name), data in self._objects.items()
        ]
        return yaml.safe_dump_all([*self.documents(), *others])

    @property
    def flags(self) -> list[str]:
        return [
            f"--scaler-namespace={HOME}",
            f"--identities={self.folder / 'grants.yaml'}",
            f"--file-root={self.folder / 'files'}",
        ]

    @property
    def environment(self) -> dict[str, str]:
        """Of the scaler: it has identities of its own."""
        return {
            "SSL_CERT_FILE": str(self.folder / "authority.pem"),
            "AWS_ACCESS_KEY_ID": KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AZURE_FEDERATED_TOKEN_FILE": str(self.folder / "assertion"),
            "AZURE_CLIENT_ID": "client",
            "AZURE_TENANT_ID": "tenant",
            "AZURE_AUTHORITY_HOST": f"https://127.0.0.1:{self._port}",
        }

    def wait(self, running: Running) -> None:
        """Until each rule is what is expected of it."""
        wanted = {"ready": 0, "TriggerFailed": 0, "ScaleRuleInvalid": 0}
        for case in self.cases.values():
            wanted[case.outcome] += 1
        states = {"ready": "ready", "failing": "TriggerFailed", "invalid": "ScaleRuleInvalid"}
        wait(
            lambda: all(running.metric("scaler_rules", state=state) == wanted[what] for state, what in states.items()),
            PATIENCE,
            lambda: f"{wanted}: {running.page('/rules').text}",
        )

    def outcomes(self) -> dict[str, str]:
        """What the events say of each Deployment."""
        found: dict[str, str] = dict.fromkeys(self.cases, "ready")
        for event in self.stage.client.events(self.stage.namespace):
            if event["reason"] in ("TriggerFailed", "ScaleRuleInvalid"):
                found[event["involvedObject"]["name"]] = event["reason"]
        return found

    def in_the_cluster(self) -> Iterator[str]:
        """Status annotations, events, and what the scaler remembers."""
        for name in self.cases:
            yield json.dumps(self.stage.status(name))
        yield json.dumps(self.stage.client.events(self.stage.namespace))
        for kind in ("api/v1", "apis/coordination.k8s.io/v1"):
            resource = "configmaps" if kind == "api/v1" else "leases"
            yield json.dumps(self.stage.client.call("GET", f"/{kind}/namespaces/{HOME}/{resource}"))

    def pages(self, running: Running) -> Iterator[str]:
        """All that the scaler shows."""
        yield running.get("/metrics").text
        yield running.page("/rules").text
        yield running.page("/").text
        for name in self.cases:
            for kind in ("explain", "rule"):
                page = running.page(f"/{kind}/{self.stage.namespace}/{name}")
                assert page.ok, name
                yield page.text

    def commands(self, running: Running, kubeconfig: Path) -> Iterator[str]:
        """What users are shown."""
        space, server, manifests = self.stage.namespace, f"--server={running.page_url}", self.manifests()
        for form in ("json", "table"):
            yield self._said("validate", "-", "-n", space, "-o", form, given=manifests)
        yield self._said("read", "-f", "-", "-n", space, given=manifests)
        yield self._said("read", f"{space}/rabbit-key", f"--kubeconfig={kubeconfig}")
        yield self._said("status", server, "-n", space, "-o", "table")
        yield self._said("explain", f"{space}/sqs-echo", server, "-o", "json")
        yield self._said("explain", f"{space}/kubemq-wrong", server, "-o", "table")

    def _said(self, *arguments: str, given: str = "") -> str:
        command = [sys.executable, "-m", "scaler", *arguments]
        environment = {**os.environ, **self.environment}
        done = subprocess.run(
            command, input=given, env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr


def test_no_canary_is_ever_written(
    stage: Stage, scaler: Start, cluster: Access, servicebus: ServiceBus, brokers: Brokers, tmp_path: Path
) -> None:
    play = Play(stage, brokers, tmp_path, servicebus.port)
    play.set_up()
    written: list[str] = []
    for form in ("json", "text"):
        running = scaler(*play.flags, f"--log-format={form}", env=play.environment)
        play.wait(running)
        if form == "json":
            written += play.pages(running)
            written += play.commands(running, cluster.scaler_kubeconfig())
        running.stop()
        written.append(json.dumps(running.log()))
        assert running.log()
    written += play.in_the_cluster()
    assert play.outcomes() == {name: case.outcome for name, case in play.cases.items()}
    for text in written:
        assert len(text) > 20
        assert MARK not in text, text[max(text.index(MARK) - 300, 0) : text.index(MARK) + 60]
        assert base64.b64encode(CANARY.encode()).decode().rstrip("=") not in text
