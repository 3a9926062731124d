"""The command line as a user types it: what it prints, and how it ends."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.access import Access
from tests.e2e.conftest import Start
from tests.e2e.stage import Stage
from tests.rabbitmq import Vhost
from tests.rules import annotations, trigger

EXAMPLES = sorted((Path(__file__).parents[2] / "manifests" / "examples").glob("*.yaml"))


def scaler(*arguments: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "scaler", *arguments]
    return subprocess.run(command, input=given, capture_output=True, text=True, timeout=60, check=False)


def manifest(name: str = "orders", **fields: Any) -> dict[str, Any]:
    metadata = {"name": name, "annotations": annotations(**fields)}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": {}}


@pytest.mark.parametrize(
    "command",
    [
        "",
        "run",
        "validate",
        "read",
        "status",
        "explain",
        "simulate",
        "migrate",
        "schema",
        "completion",
        "webhook-certificate",
        "demo",
    ],
)
def test_help_for_newcomers(command: str) -> None:
    done = scaler(*filter(None, [command]), "--help")
    assert done.returncode == 0
    assert "Usage:" in done.stdout
    assert all(len(line) <= 80 for line in done.stdout.splitlines())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nope",), "No such command 'nope'"),
        (("validate",), "Missing argument"),
        (("read",), "name one Deployment, or a file with -f"),
        (("read", "/orders"), "'/orders' is none of NAME, NAMESPACE/NAME"),
        (("read", "shop/orders", "-n", "bank"), "'shop/orders' in bank: 'shop' is no kind"),
        (("read", "shop/orders", "-f", "x"), "name one Deployment"),
        (("status", "-o", "yaml"), "'yaml' is not one of"),
        (("run", "--metrics-address", "here"), "HOST:PORT"),
        (("run", "--allow-destination", "10.0.0.0/99"), "neither a network"),
        (("run", "--read-timeout", "0"), "--read-timeout"),
    ],
    ids=" ".join,
)
def test_usage_errors_end_with_2(arguments: tuple[str, ...], message: str) -> None:
    done = scaler(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_is_valid(path: Path) -> None:
    done = scaler("validate", str(path))
    assert done.returncode == 0, done.stdout
    (verdict,) = map(json.loads, done.stdout.splitlines())
    assert (verdict["valid"], verdict["errors"]) == (True, [])


def test_validate_prints_a_line_per_rule(tmp_path: Path) -> None:
    listed = {"kind": "List", "items": [manifest("one", minReplicas=1), {"kind": "Service"}]}
    (tmp_path / "a.yaml").write_text(yaml.safe_dump_all([listed, manifest("two")]))
    done = scaler("validate", str(tmp_path / "a.yaml"), "-", "-n", "shop", given=json.dumps(manifest("three")))
    verdicts = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 1
    assert [(each["namespace"], each["name"], each["valid"]) for each in verdicts] == [
        ("shop", "one", False),
        ("shop", "two", True),
        ("shop", "three", True),
    ]
    assert verdicts[0]["errors"] == [{"path": "minReplicas", "message": "unknown; did you mean 'minReplicaCount'?"}]
    assert verdicts[1]["triggers"][0]["parameters"]["host"] == "amqp://***@rabbit:5672/"
    assert "guest" not in done.stdout


def test_validate_warns_of_replicas_in_the_manifest() -> None:
    written = manifest()
    written["spec"]["replicas"] = 3
    done = scaler("validate", "-", given=json.dumps(written))
    assert any("spec.replicas" in warning for warning in json.loads(done.stdout)["warnings"])


def test_validate_for_people() -> None:
    done = scaler("validate", "-", "-o", "table", given=json.dumps(manifest(minReplicas=1, cooldownPeriod="x")))
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert lines[0] == "default/orders: INVALID"
    assert "  error    minReplicas: unknown; did you mean 'minReplicaCount'?" in lines


@pytest.mark.parametrize(
    ("text", "message"),
    [("", "no Deployment with the annotation"), ("a: [", "not YAML"), ("kind: Service", "no Deployment with")],
)
def test_validate_of_nothing(text: str, message: str) -> None:
    done = scaler("validate", "-", given=text)
    assert done.returncode == 1
    assert message in done.stderr


@pytest.mark.parametrize("command", [("validate",), ("read", "-f")], ids=" ".join)
def test_a_file_that_is_not_there_is_named(command: tuple[str, ...]) -> None:
    done = scaler(*command, "/nowhere/orders.yaml")
    assert done.returncode == 1
    assert "/nowhere/orders.yaml" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "command", [("status",), ("explain", "shop/orders"), ("read", "orders"), ("run",)], ids=" ".join
)
def test_no_cluster_is_said(command: tuple[str, ...], tmp_path: Path) -> None:
    done = scaler(*command, f"--kubeconfig={tmp_path / 'none'}")
    assert done.returncode == 1
    assert f"{tmp_path / 'none'}: no such file" in done.stderr
    assert "--kubeconfig" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("text", ["a: [", "contexts: 5", "[]", ""])
def test_what_is_no_kubeconfig_is_said(text: str, tmp_path: Path) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text(text)
    done = scaler("status", f"--kubeconfig={path}")
    assert done.returncode == 1
    assert f"no way to a cluster: {path}: " in done.stderr
    assert "NoneType" not in done.stderr
    assert "Traceback" not in done.stderr


def test_no_server_is_said() -> None:
    done = scaler("status", "--server=http://127.0.0.1:1")
    assert done.returncode == 1
    assert "--page-address" in done.stderr


def queue_at(url: str, name: str) -> dict[str, Any]:
    entry = trigger(name, target=5)
    entry["metadata"]["host"] = url
    return entry


def test_read_a_file(vhost: Vhost) -> None:
    vhost.declare("orders")
    vhost.publish("orders", 7)
    triggers = [queue_at(vhost.amqp_url, "orders"), queue_at(vhost.management_url, "missing")]
    rule = {"scalerule.dev/rule": json.dumps({"triggers": triggers})}
    written = json.dumps({"kind": "Deployment", "metadata": {"name": "w", "annotations": rule}})
    done = scaler("read", "-f", "-", given=written)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 1
    assert rows[0] == {
        "namespace": "default",
        "name": "w",
        "trigger": "orders",
        "type": "rabbitmq",
        "value": 7,
        "active": True,
        "target": 5.0,
        "error": None,
    }
    assert (rows[1]["value"], rows[1]["active"]) == (None, None)
    assert "missing" in rows[1]["error"]


def test_read_a_broker_that_is_away() -> None:
    rule = {"scalerule.dev/rule": json.dumps({"triggers": [queue_at("amqp://me:hunter2@127.0.0.1:1/", "orders")]})}
    written = json.dumps({"kind": "Deployment", "metadata": {"name": "w", "annotations": rule}})
    done = scaler("read", "-f", "-", "-o", "table", given=written)
    assert done.returncode == 1
    assert "cannot reach RabbitMQ at 127.0.0.1:1" in done.stdout
    assert "hunter2" not in done.stdout + done.stderr


def test_read_and_status_of_a_cluster(stage: Stage, cluster: Access, request: pytest.FixtureRequest) -> None:
    stage.deploy("orders")
    stage.vhost.publish("orders", 12)
    start: Start = request.getfixturevalue("scaler")
    running = start()
    stage.wait_for("orders", 3)
    access = (f"--kubeconfig={cluster.kubeconfig}",)
    read = scaler("read", f"{stage.namespace}/orders", *access)
    assert json.loads(read.stdout)["value"] == 12
    live = json.loads(scaler("status", f"--server={running.page_url}").stdout)
    assert (live["name"], live["replicas"], live["max"], live["readings"]) == ("orders", 3, 10, {"queue": 12.0})
    assert live["conditions"]["Active"]["status"] == "True"
    assert live["lastDecision"]["to"] == 3
    stage.wait_for_condition("orders", "Active", "True")
    table = scaler("status", "-n", stage.namespace, "-o", "table", *access)
    header, row = table.stdout.splitlines()
    assert header.split()[:4] == ["NAMESPACE", "NAME", "ACTIVE", "REASON"]
    assert row.split()[:4] == [stage.namespace, "orders", "True", "TriggerActive"]


def test_read_of_a_deployment_that_is_not_there(cluster: Access, namespace: str) -> None:
    done = scaler("read", f"{namespace}/nobody", f"--kubeconfig={cluster.kubeconfig}")
    assert done.returncode == 1
    assert "nobody" in done.stderr
