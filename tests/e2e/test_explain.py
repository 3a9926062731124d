"""`scaler explain` on a running scaler: every decision of a run, told, shown and made again."""

import json
import time

from tests.e2e.conftest import Start
from tests.e2e.stage import Stage
from tests.e2e.test_cli import scaler as command
from tests.wait import wait


def test_every_decision_of_a_run_is_made_again(stage: Stage, scaler: Start) -> None:
    fast = {"policies": [{"type": "Pods", "value": 20, "periodSeconds": 1}]}
    behavior = {"scaleUp": fast, "scaleDown": {"stabilizationWindowSeconds": 2}}
    stage.deploy("orders", cooldownPeriod=3, behavior=behavior, fallback={"failureThreshold": 3, "replicas": 5})
    running = scaler()
    address = f"--server={running.page_url}"
    stage.vhost.publish("orders", 40)
    stage.wait_for("orders", 8)
    stage.client.scale(stage.namespace, "orders", 9)
    stage.vhost.consume("orders", 35)
    stage.wait_for("orders", 1)
    stage.annotate("orders", paused_replicas="3")
    stage.wait_for("orders", 3)
    stage.annotate("orders", paused_replicas=None)
    stage.vhost.delete("orders")
    stage.wait_for_event("orders", "FallbackStarted")
    stage.wait_for("orders", 5)
    stage.vhost.declare("orders")
    stage.wait_for_event("orders", "FallbackEnded")
    stage.wait_for("orders", 0, 20)

    told = command("explain", f"{stage.namespace}/orders", address, "-o", "json")
    assert told.returncode == 0, told.stderr
    pairs = [json.loads(line) for line in told.stdout.splitlines()]
    reasons = {pair["decision"]["reason"] for pair in pairs}
    assert reasons >= {"Activated", "Stabilized", "Paused", "TriggerFailing", "InFallback", "NoWork"}
    assert {pair["writer"]["manager"] for pair in pairs if pair["writer"]} == {"kubectl"}

    again = command("explain", "--state", "-", given=told.stdout)
    assert again.returncode == 0, again.stderr
    assert [json.loads(line) for line in again.stdout.splitlines()] == [pair["decision"] for pair in pairs]

    table = command("explain", f"{stage.namespace}/orders", address, "-o", "table").stdout
    assert "kubectl changed replicas from 8 to 9" in table
    assert table.splitlines()[-1].startswith("  result     0 replicas: NoWork")


def test_what_held_at_a_time(stage: Stage, scaler: Start) -> None:
    stage.deploy("orders")
    running = scaler()
    began = time.time()
    stage.wait_for_rules(running, "ready", 1)
    address = f"--server={running.page_url}"
    stage.vhost.publish("orders", 40)
    stage.wait_for("orders", 8)
    wait(lambda: running.metric("scaler_scale_actions_total") == 1, 5, "the count is set")
    key = f"{stage.namespace}/orders"
    now = command("explain", key, address, f"--at={time.time()}", "-o", "json")
    (pair,) = map(json.loads, now.stdout.splitlines())
    assert pair["decision"]["replicas"] == 8
    before = command("explain", key, address, f"--at={began - 3600}", "-o", "json")
    assert before.returncode == 1
    assert "memory begins at" in before.stderr
    other = command("explain", f"{stage.namespace}/others", address)
    assert other.returncode == 1
    assert "no running scaler knows a rule of" in other.stderr
