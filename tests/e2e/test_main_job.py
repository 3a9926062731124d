"""From zero to N and back, and everything that a user changes in between."""

import json
import subprocess
import time

import pytest

from tests.cluster.client import worker
from tests.e2e.conftest import Start
from tests.e2e.stage import Stage
from tests.running import Running
from tests.wait import wait


@pytest.mark.parametrize("http", [False, True], ids=["amqp", "http"])
def test_from_zero_to_n_and_back(stage: Stage, scaler: Start, http: bool) -> None:
    # Slow enough for a machine that is busy with other tests to be told from a poll that was missed.
    stage.deploy("orders", http=http, pollingInterval=2, cooldownPeriod=4)
    running = scaler()
    stage.wait_for_rules(running, "ready", 1)
    stage.vhost.publish("orders", 33)
    reads = running.metric("scaler_source_reads_total")
    stage.wait_for("orders", 7)
    # One may have been under way, and over HTTP the broker's statistics may be a little late.
    assert running.metric("scaler_source_reads_total") - reads <= 2 + http
    stage.vhost.purge("orders")
    purged = time.monotonic()
    stage.wait_for("orders", 0)
    assert time.monotonic() - purged >= 4 - 2 - 0.5
    # An event follows what it tells of.
    stage.wait_for_event("orders", "ScaleTargetDeactivated")
    told = [event for event in stage.events("orders") if event["reason"].startswith("Scale")]
    rise = ["ScaleTargetActivated"]
    if http and told[1]["message"].startswith("from 0 to 1 "):
        # The broker's statistics were made when the first of the 33 messages had arrived.
        rise.append("Scaled")
    assert [event["reason"] for event in told] == ["ScaleRuleReady", *rise, "ScaleTargetDeactivated"]
    assert told[-2]["message"].endswith(" to 7 replicas: queue: 33 at 5 each asks for 7; active by queue")
    # Prometheus' own check of names, types and texts: it prints what it does not like.
    page = running.get("/metrics").text
    assert subprocess.run(["promtool", "check", "metrics"], input=page, capture_output=True, text=True).stdout == ""


def test_more_work_raises_and_the_window_holds(stage: Stage, scaler: Start) -> None:
    stage.deploy("orders")
    scaler()
    stage.vhost.publish("orders", 12)
    stage.wait_for("orders", 3)
    stage.vhost.publish("orders", 30)
    stage.wait_for("orders", 9)
    stage.vhost.consume("orders", 35)
    time.sleep(1.5)
    assert stage.replicas("orders") == 9
    stage.vhost.publish("orders", 100)
    stage.wait_for("orders", 10)


def test_a_formula_that_is_added_decides_from_then_on(stage: Stage, scaler: Start) -> None:
    stage.deploy("orders")
    running = scaler()
    stage.vhost.publish("orders", 10)
    stage.wait_for("orders", 2)
    stage.edit("orders", scalingModifiers={"formula": "queue * 2", "target": "5"})
    stage.wait_for("orders", 4)
    assert [line for line in running.log() if "exception" in line] == []


def test_behavior_limits_the_rise(stage: Stage, scaler: Start) -> None:
    policies = [{"type": "Pods", "value": 2, "periodSeconds": 600}]
    stage.deploy("orders", behavior={"scaleUp": {"policies": policies}})
    scaler()
    stage.vhost.publish("orders", 50)
    stage.wait_for("orders", 3)
    time.sleep(1.5)
    assert stage.replicas("orders") == 3


def test_an_edit_is_seen(stage: Stage, scaler: Start) -> None:
    stage.deploy("orders", maxReplicaCount=2)
    scaler()
    stage.vhost.publish("orders", 50)
    stage.wait_for("orders", 2)
    stage.edit("orders", maxReplicaCount=4)
    stage.wait_for("orders", 4, 2)
    stage.edit("orders", maxReplicaCount=1)
    stage.wait_for("orders", 1, 2)


def test_an_edit_of_the_queue_is_read_anew(stage: Stage, scaler: Start) -> None:
    stage.deploy("orders")
    running = scaler()
    stage.vhost.publish("orders", 20)
    stage.wait_for("orders", 4)
    stage.vhost.declare("others")
    stage.vhost.publish("others", 40)
    stage.annotate("orders", rule=stage.rule("others"))
    stage.wait_for("orders", 8, 2)
    assert running.metric("scaler_trigger_value", deployment="orders") == 40


def test_a_rule_that_is_removed_lets_go(stage: Stage, scaler: Start) -> None:
    stage.deploy("orders")
    running = scaler("--let-go-after=1")
    stage.vhost.publish("orders", 20)
    stage.wait_for("orders", 4)
    wait(lambda: stage.status("orders"), 10, "the status annotation")
    stage.annotate("orders", rule=None)
    stage.vhost.publish("orders", 20)
    wait(lambda: not stage.status("orders"), 5, "the status annotation gone")
    wait(lambda: not stage.series(running, "orders"), 5, "no series left")
    assert stage.replicas("orders") == 4


def test_a_rule_that_comes_back_in_time_goes_on(stage: Stage, scaler: Start) -> None:
    stage.deploy("orders")
    running = scaler("--let-go-after=30")
    stage.vhost.publish("orders", 20)
    stage.wait_for("orders", 4)
    stage.annotate("orders", rule=None)
    time.sleep(0.5)
    stage.vhost.publish("orders", 20)
    time.sleep(1)
    assert stage.replicas("orders") == 4
    stage.edit("orders")
    stage.wait_for("orders", 8, 2)
    assert running.metric("scaler_rules") == 1


def test_a_status_that_outlived_its_rule_is_removed_at_start(stage: Stage, scaler: Start) -> None:
    annotations = {"scalerule.dev/status": json.dumps({"conditions": []})}
    stage.client.create(stage.namespace, worker("orders", annotations, 3))
    scaler()
    key = "scalerule.dev/status"
    wait(lambda: key not in stage.client.get(stage.namespace, "orders")["metadata"].get("annotations", {}), 5)
    assert stage.replicas("orders") == 3


def test_pause_and_resume(stage: Stage, scaler: Start) -> None:
    stage.deploy("orders")
    scaler()
    stage.vhost.publish("orders", 20)
    stage.wait_for("orders", 4)
    stage.annotate("orders", paused="true")
    stage.wait_for_event("orders", "Paused")
    stage.vhost.publish("orders", 20)
    time.sleep(1.5)
    assert stage.replicas("orders") == 4
    stage.annotate("orders", paused_replicas="2")
    stage.wait_for("orders", 2, 2)
    stage.annotate("orders", paused=None, paused_replicas=None)
    stage.wait_for("orders", 8, 2)
    stage.wait_for_event("orders", "Resumed")
    stage.annotate("orders", paused="perhaps")
    stage.vhost.publish("orders", 20)
    assert "perhaps" in stage.wait_for_event("orders", "ScaleRuleInvalid")["message"]
    assert stage.replicas("orders") == 8


def test_an_invalid_rule_touches_no_other(stage: Stage, scaler: Start) -> None:
    good = [f"good-{number}" for number in range(50)]
    for name in good:
        stage.deploy(name)
    stage.deploy("bad", replicas=3, minReplicas=1)
    running = scaler()
    stage.wait_for_rules(running, "ready", 50)
    for name in good:
        stage.vhost.publish(name, 7)
    stage.vhost.publish("bad", 50)
    wanted = {**dict.fromkeys(good, 2), "bad": 3}
    wait(lambda: stage.all_replicas() == wanted, 10, lambda: str(stage.all_replicas()))
    condition = stage.wait_for_condition("bad", "Ready", "False")
    assert condition["reason"] == "RuleInvalid"
    assert "did you mean 'minReplicaCount'?" in condition["message"]
    assert "minReplicas" in stage.wait_for_event("bad", "ScaleRuleInvalid")["message"]
    assert running.metric("scaler_rules", state="invalid") == 1
    assert running.metric("scaler_rule_ready", deployment="bad") == 0
    stage.annotate("bad", paused_replicas="5")
    stage.wait_for("bad", 5, 2)
    stage.annotate("bad", paused_replicas=None)
    stage.edit("bad", pollingInterval=0.5)
    stage.wait_for("bad", 10, 3)


def test_a_deployment_that_is_deleted_while_it_is_read(stage: Stage, scaler: Start) -> None:
    stage.deploy("orders")
    stage.deploy("others")
    running = scaler()
    stage.wait_for_rules(running, "ready", 2)
    stage.vhost.publish("orders", 20)
    stage.client.delete(stage.namespace, "orders")
    stage.vhost.publish("others", 20)
    stage.wait_for("others", 4)
    wait(lambda: not stage.series(running, "orders"), 5, "its series gone")
    assert running.metric("scaler_rules") == 1
    stage.deploy("orders")
    stage.wait_for("orders", 4)


def test_status_is_written_on_change_only(stage: Stage, scaler: Start) -> None:
    """Others may write meanwhile, so what the scaler sent is counted, not how often the object changed."""
    stage.deploy("orders")
    running = scaler()
    stage.wait_for_condition("orders", "Ready", "True")
    stage.wait_for_event("orders", "ScaleRuleReady")
    writes, reads = _written(running), running.metric("scaler_source_reads_total", type="rabbitmq")
    lines = len(running.log())
    wait(lambda: running.metric("scaler_source_reads_total", type="rabbitmq") >= reads + 6, 15, "six more readings")
    assert writes == _written(running) > 0
    assert len(running.log()) == lines
    assert stage.client.get(stage.namespace, "orders")["metadata"]["generation"] == 1


def _written(running: Running) -> float:
    return sum(running.metric("scaler_kubernetes_requests_total", verb=verb) for verb in ("POST", "PATCH", "PUT"))


def test_it_ends_in_order(stage: Stage, scaler: Start) -> None:
    stage.deploy("orders")
    running = scaler()
    stage.vhost.publish("orders", 20)
    stage.wait_for("orders", 4)
    running.stop()
    assert stage.replicas("orders") == 4
    assert running.log()[-1]["message"] == "stopped; every count stays as it is"
