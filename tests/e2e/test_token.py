"""The token that the scaler shows to the API server ends, and there is a new one where it came from."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.access import SCALER, Access
from tests.e2e.conftest import Start
from tests.e2e.stage import Stage
from tests.wait import wait

EXEC = {"apiVersion": "client.authentication.k8s.io/v1", "command": "sh", "interactiveMode": "Never"}
CREDENTIAL = '{"apiVersion": "%s", "kind": "ExecCredential", "status": {"token": "%s"}}'


def user(by: str, file: Path) -> dict[str, Any]:
    """Of a kubeconfig: who shows what is in a file, read by the client itself or by a program that it calls."""
    program = f"""token=$(cat {file}) && printf '{CREDENTIAL}' {EXEC["apiVersion"]} "$token" """
    return {"tokenFile": str(file)} if by == "tokenFile" else {"exec": {**EXEC, "args": ["-c", program]}}


@pytest.mark.parametrize("by", ["tokenFile", "exec"])
def test_a_token_that_ends_is_read_anew(by: str, stage: Stage, scaler: Start, cluster: Access, tmp_path: Path) -> None:
    first, second = (f"{stage.namespace}-{number}" for number in (1, 2))
    file, kubeconfig = tmp_path / "token", tmp_path / "kubeconfig"
    file.write_text(cluster.bound_token(*SCALER, first))
    content = yaml.safe_load(cluster.scaler_kubeconfig().read_text())
    content["users"][0]["user"] = user(by, file)
    kubeconfig.write_text(yaml.safe_dump(content))
    stage.deploy("orders")
    running = scaler(kubeconfig=kubeconfig)
    stage.wait_for_rules(running, "ready", 1)
    # There is none for a while.
    file.unlink()
    cluster.end_token(SCALER[0], first)
    stage.vhost.publish("orders", 5)
    wait(lambda: running.metric("scaler_kubernetes_requests_total", code="401") >= 3, 30, "the old token refused")
    file.write_text(cluster.bound_token(*SCALER, second))
    stage.vhost.publish("orders", 15)
    stage.wait_for("orders", 4, 30)
    assert running.alive
