"""Outages, conflicts and other writers: none of them lowers a count by itself."""

import json
import time
from typing import Any

from scaler.status import LATER
from tests.cluster.access import Access
from tests.cluster.client import worker
from tests.cluster.proxy import Proxy
from tests.e2e.conftest import Start
from tests.e2e.stage import Stage
from tests.wait import wait

#: The path of a count; that of a ConfigMap of ours begins alike.
SCALE = r"/scale(\?|$)"


def test_a_restart_never_lowers(stage: Stage, scaler: Start) -> None:
    stage.deploy("orders", cooldownPeriod=2, initialCooldownPeriod=2)
    stage.vhost.publish("orders", 40)
    running = scaler()
    stage.wait_for("orders", 8)
    seen = []
    for _ in range(2):
        running.kill()
        stage.vhost.consume("orders", 15)
        running = scaler()
        for _ in range(15):
            seen.append(stage.replicas("orders"))
            time.sleep(0.1)
    assert set(seen) == {8}


def test_a_missing_queue_holds(stage: Stage, scaler: Start) -> None:
    stage.deploy("orders")
    scaler()
    stage.vhost.publish("orders", 20)
    stage.wait_for("orders", 4)
    stage.vhost.delete("orders")
    message = stage.wait_for_event("orders", "TriggerFailed")["message"]
    assert "orders" in message
    time.sleep(3)
    assert stage.replicas("orders") == 4
    stage.vhost.declare("orders")
    stage.wait_for_event("orders", "TriggerRecovered")
    stage.wait_for("orders", 0)


def test_an_existing_workload_is_not_dropped(stage: Stage, scaler: Start) -> None:
    stage.deploy("orders", replicas=5, cooldownPeriod=3, initialCooldownPeriod=3)
    scaler()
    began = time.monotonic()
    stage.wait_for("orders", 0)
    assert time.monotonic() - began >= 2.5


def test_a_watch_that_is_cut_is_taken_up(stage: Stage, scaler: Start, proxy: Proxy) -> None:
    stage.deploy("orders")
    running = scaler(kubeconfig=proxy.kubeconfig)
    stage.wait_for_rules(running, "ready", 1)
    assert proxy.cut_watches() == 2
    stage.deploy("others")
    stage.vhost.publish("others", 20)
    stage.wait_for("others", 4)
    assert stage.lists(proxy) == 1


def test_a_watch_that_is_too_old_is_listed_anew(stage: Stage, scaler: Start, proxy: Proxy) -> None:
    stage.deploy("orders")
    running = scaler(kubeconfig=proxy.kubeconfig)
    stage.wait_for_rules(running, "ready", 1)
    proxy.refuse(410, path="deployments.*watch=true")
    proxy.cut_watches()
    stage.deploy("others")
    stage.vhost.publish("others", 20)
    stage.wait_for("others", 4)
    assert stage.lists(proxy) == 2
    assert running.metric("scaler_rules") == 2


def test_a_busy_api_server_is_waited_for(stage: Stage, scaler: Start, proxy: Proxy) -> None:
    stage.deploy("orders")
    running = scaler(kubeconfig=proxy.kubeconfig)
    stage.wait_for_rules(running, "ready", 1)
    proxy.refuse(429, "PATCH", SCALE, times=2, retry_after=1)
    stage.vhost.publish("orders", 20)
    published = time.monotonic()
    stage.wait_for("orders", 4)
    assert time.monotonic() - published >= 2
    assert proxy.count("PATCH", SCALE) == 3


def test_a_conflict_is_decided_again(stage: Stage, scaler: Start, proxy: Proxy) -> None:
    stage.deploy("orders")
    running = scaler(kubeconfig=proxy.kubeconfig)
    stage.wait_for_rules(running, "ready", 1)
    proxy.refuse(409, "PATCH", SCALE, times=2)
    stage.vhost.publish("orders", 20)
    stage.wait_for("orders", 4)
    assert proxy.count("GET", "/deployments/orders$") == 2
    assert running.metric("scaler_scale_errors_total", reason="409") == 2


def test_an_error_of_the_api_server_is_tried_again_next_time(stage: Stage, scaler: Start, proxy: Proxy) -> None:
    stage.deploy("orders")
    running = scaler(kubeconfig=proxy.kubeconfig)
    stage.wait_for_rules(running, "ready", 1)
    proxy.refuse(500, "PATCH", SCALE)
    stage.vhost.publish("orders", 20)
    stage.wait_for("orders", 4)
    assert running.metric("scaler_scale_errors_total", reason="500") == 1


def test_an_event_that_never_came_is_made_when_it_recurs(stage: Stage, scaler: Start, proxy: Proxy) -> None:
    """And one that the API server does not keep any more."""
    stage.deploy("orders")
    scaler(kubeconfig=proxy.kubeconfig)
    stage.wait_for_event("orders", "ScaleRuleReady")
    lost = proxy.refuse(500, "POST", "/events$")
    stage.annotate("orders", paused="true")
    wait(lambda: lost.struck, 10, "an event that is refused")
    stage.annotate("orders", paused=None)
    stage.wait_for_event("orders", "Resumed")
    stage.annotate("orders", paused="true")
    assert stage.wait_for_event("orders", "Paused")["count"] == 2


def test_a_status_that_was_refused_is_written_later(stage: Stage, scaler: Start, proxy: Proxy) -> None:
    stage.deploy("orders")
    scaler(kubeconfig=proxy.kubeconfig)
    stage.wait_for_condition("orders", "Ready", "True")
    refused = proxy.refuse(503, "PATCH", "/orders/status")
    stage.annotate("orders", paused="true")
    wait(lambda: refused.struck, 10, "a status that is refused")
    stage.wait_for_condition("orders", "Paused", "True", LATER + 10)


def test_a_stale_view_is_never_written(stage: Stage, scaler: Start, proxy: Proxy) -> None:
    """The watch hangs while a user pauses: the write is refused, and the fresh Deployment says paused."""
    stage.deploy("orders")
    running = scaler(kubeconfig=proxy.kubeconfig)
    stage.wait_for_rules(running, "ready", 1)
    proxy.hang(path="deployments.*watch=true")
    proxy.cut_watches()
    time.sleep(0.5)
    stage.annotate("orders", paused="true")
    stage.vhost.publish("orders", 20)
    wait(lambda: proxy.count("PATCH", SCALE), 5, "an attempt to scale")
    time.sleep(1.5)
    assert stage.replicas("orders") == 0


def test_a_pause_while_a_write_is_under_way(stage: Stage, scaler: Start, proxy: Proxy) -> None:
    stage.deploy("orders")
    # All of them before the first reading, which may else see only some.
    stage.vhost.publish("orders", 20)
    proxy.hang("PATCH", SCALE, times=1)
    scaler(kubeconfig=proxy.kubeconfig)
    wait(lambda: proxy.count("PATCH", SCALE), 5, "a write under way")
    stage.annotate("orders", paused_replicas="2")
    time.sleep(0.5)
    proxy.heal()
    stage.wait_for("orders", 2)
    time.sleep(1)
    assert stage.replicas("orders") == 2
    assert [json.loads(each.body)["spec"]["replicas"] for each in proxy.matching("PATCH", SCALE)] == [4, 2]


def test_a_restart_of_ours_is_no_news(stage: Stage, scaler: Start) -> None:
    stage.deploy("orders")
    running = scaler()
    stage.wait_for_condition("orders", "Ready", "True")
    running.stop()
    running = scaler()
    stage.wait_for_rules(running, "ready", 1)
    stage.vhost.publish("orders", 5)
    stage.wait_for_event("orders", "ScaleTargetActivated")
    assert stage.reasons("orders").count("ScaleRuleReady") == 1


def test_somebody_elses_count_is_held_and_named(stage: Stage, scaler: Start) -> None:
    stage.deploy("orders")
    scaler()
    stage.vhost.publish("orders", 20)
    stage.wait_for("orders", 4)
    stage.client.scale(stage.namespace, "orders", 9)
    time.sleep(1.5)
    assert stage.replicas("orders") == 9
    stage.vhost.publish("orders", 30)
    stage.wait_for("orders", 10)
    assert "kubectl changed replicas from 4 to 9" in stage.wait_for_event("orders", "Scaled")["message"]


def test_a_count_set_by_hand_is_not_taken_to_zero_at_once(stage: Stage, scaler: Start) -> None:
    stage.deploy("orders", cooldownPeriod=3)
    running = scaler()
    stage.wait_for_rules(running, "ready", 1)
    time.sleep(3.5)
    stage.client.scale(stage.namespace, "orders", 3)
    scaled = time.monotonic()
    stage.wait_for("orders", 0)
    assert time.monotonic() - scaled >= 2.5


def test_a_contest_is_named_and_slowed_down(stage: Stage, scaler: Start, proxy: Proxy) -> None:
    stage.deploy("orders")
    scaler(kubeconfig=proxy.kubeconfig)
    stage.vhost.publish("orders", 20)
    for _ in range(3):
        stage.wait_for("orders", 4)
        stage.client.scale(stage.namespace, "orders", 1)
    time.sleep(2)
    assert stage.replicas("orders") == 1
    assert "kubectl" in stage.wait_for_event("orders", "Conflict")["message"]
    # A conflict with the status that the controller writes is tried again: it is no write.
    assert sum(each.status == 200 for each in proxy.matching("PATCH", SCALE)) == 3


def test_our_own_writes_are_no_contest(stage: Stage, scaler: Start, proxy: Proxy) -> None:
    """The watch shows them before they are answered, and managedFields name nobody from the second one on."""
    stage.deploy("orders")
    scaler(kubeconfig=proxy.kubeconfig)
    proxy.delay(0.5, "PATCH", SCALE)
    for _ in range(3):
        stage.vhost.publish("orders", 20)
        stage.wait_for("orders", 4)
        stage.vhost.consume("orders", 20)
        stage.wait_for("orders", 0)
    stage.vhost.publish("orders", 20)
    stage.wait_for("orders", 4)
    assert "Conflict" not in stage.reasons("orders")
    stage.wait_for_condition("orders", "Contested", "False")


def test_a_deployment_without_a_rule_is_left_alone(stage: Stage, scaler: Start, proxy: Proxy) -> None:
    stage.client.create(stage.namespace, worker("bystander", {}, 2))
    stage.deploy("orders")
    stage.vhost.publish("orders", 20)
    scaler(kubeconfig=proxy.kubeconfig)
    stage.wait_for("orders", 4)
    assert proxy.count(path="bystander") == 0


def autoscaler(stage: Stage, name: str) -> str:
    """Puts an HPA on a Deployment; its path."""
    path = f"/apis/autoscaling/v2/namespaces/{stage.namespace}/horizontalpodautoscalers"
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}
    spec = {"scaleTargetRef": target, "minReplicas": 1, "maxReplicas": 3}
    stage.client.call("POST", path, {"metadata": {"name": name}, "spec": spec})
    return f"{path}/{name}"


def test_beside_an_hpa_nothing_is_scaled(stage: Stage, scaler: Start, cluster: Access) -> None:
    for name in ("orders", "others"):
        stage.deploy(name)
    path = autoscaler(stage, "orders")
    running = scaler()
    stage.wait_for_rules(running, "ready", 2)
    for name in ("orders", "others"):
        stage.vhost.publish(name, 20)
    stage.wait_for("others", 4)
    message = stage.wait_for_event("orders", "Conflict")["message"]
    assert message == (
        "the HorizontalPodAutoscaler 'orders' has the same target, so it is not scaled here; remove one of the two"
    )
    assert stage.wait_for_condition("orders", "Contested", "True")["reason"] == "OtherAutoscaler"
    assert stage.replicas("orders") == 0
    stage.client.call("DELETE", path)
    stage.wait_for("orders", 4)
    # One that comes while the rule is at work.
    autoscaler(stage, "orders")
    stage.wait_for_condition("orders", "Contested", "True", 40)
    stage.vhost.publish("orders", 20)
    reads = running.metric("scaler_source_reads_total")
    wait(lambda: running.metric("scaler_source_reads_total") > reads + 4, 20, "some readings")
    assert {entry["requestObject"]["spec"]["replicas"] for entry in ours(cluster, stage, "orders")} == {4}


def ours(cluster: Access, stage: Stage, name: str) -> list[dict[str, Any]]:
    noted = cluster.audit(verb="patch", namespace=stage.namespace, resource="deployments/scale")
    return [each for each in noted if each["objectRef"]["name"] == name and "scalerule" in each["userAgent"]]
