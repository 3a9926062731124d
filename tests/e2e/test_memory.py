"""What the scaler remembers of a rule beyond its own end, on a real API server: histories in ConfigMaps."""

import json
import time
from typing import Any

import pytest

from tests.cluster.access import Access
from tests.cluster.client import worker
from tests.cluster.proxy import Proxy
from tests.e2e.conftest import Start
from tests.e2e.stage import Stage
from tests.running import Running
from tests.wait import wait

HOME = "scalerule-system"
#: Long enough for a restart in the middle of it.
SLOW = {"pollingInterval": 0.5, "cooldownPeriod": 12, "initialCooldownPeriod": 0}


def stored(stage: Stage, name: str) -> dict[str, Any]:
    """The record of a Deployment; empty where there is none."""
    uid = stage.client.get(stage.namespace, name)["metadata"]["uid"]
    return stored_as(stage, uid)


def stored_as(stage: Stage, uid: str) -> dict[str, Any]:
    items = stage.client.call("GET", f"/api/v1/namespaces/{HOME}/configmaps", labelSelector="scalerule.dev/state")
    texts = [item["data"][uid] for item in items["items"] if uid in (item.get("data") or {})]
    record: dict[str, Any] = json.loads(texts[0]) if texts else {}
    return record


def present(running: Running, stage: Stage, name: str) -> dict[str, Any]:
    """The last decision on a rule and what it was made from, as soon as there is one."""
    path = f"/explain/{stage.namespace}/{name}"
    answer = wait(lambda: (said := running.page(path)).ok and said, 10, "a decision")
    found: dict[str, Any] = answer.json()["decisions"][-1]
    return found


def inactive_since(running: Running, stage: Stage, name: str) -> float | None:
    since: float | None = present(running, stage, name)["decision"]["history"]["inactiveSince"]
    return since


@pytest.fixture
def cooling(stage: Stage, scaler: Start) -> Running:
    """A scaler whose rule `orders` has had work, and has none any more."""
    stage.deploy("orders", **SLOW)
    running = scaler()
    stage.vhost.publish("orders", 20)
    stage.wait_for("orders", 4)
    stage.vhost.purge("orders")
    wait(lambda: inactive_since(running, stage, "orders"), 10, "inactive")
    return running


def test_a_cooldown_goes_on_after_a_restart(stage: Stage, scaler: Start, cooling: Running) -> None:
    before = inactive_since(cooling, stage, "orders")
    cooling.stop()
    record = stored(stage, "orders")
    assert record["ended"] is True
    assert record["history"]["inactiveSince"] == before
    assert (record["namespace"], record["name"], record["original"]) == (stage.namespace, "orders", 0)
    running = scaler()
    stage.wait_for_rules(running, "ready", 1)
    assert inactive_since(running, stage, "orders") == before
    assert stage.replicas("orders") == 4
    stage.wait_for("orders", 0, 20)


def test_a_kill_makes_the_cooldown_anew(stage: Stage, scaler: Start, cooling: Running) -> None:
    """What came between the last write and the end, nobody knows."""
    cooling.kill()
    killed = time.time()
    running = scaler()
    wait(lambda: (inactive_since(running, stage, "orders") or 0) > killed, 10, "a new cooldown")
    assert stage.replicas("orders") == 4


def test_an_outage_of_ours_never_lowers(stage: Stage, scaler: Start, cooling: Running) -> None:
    """The count is held while nobody looks, and a record of long ago is no cooldown that has passed."""
    cooling.stop()
    uid = stage.client.get(stage.namespace, "orders")["metadata"]["uid"]
    record = stored_as(stage, uid)
    for name in ("lastPoll", "inactiveSince", "firstSeen"):
        record["history"][name] -= 86_400
    age(stage, uid, json.dumps(record))
    running = scaler()
    stage.wait_for_rules(running, "ready", 1)
    since = inactive_since(running, stage, "orders")
    assert since is not None
    assert time.time() - since < 11
    assert stage.replicas("orders") == 4


def age(stage: Stage, uid: str, text: str) -> None:
    """Replace a record."""
    path = f"/api/v1/namespaces/{HOME}/configmaps"
    items = stage.client.call("GET", path, labelSelector="scalerule.dev/state")["items"]
    name = next(item["metadata"]["name"] for item in items if uid in (item.get("data") or {}))
    stage.client.call("PATCH", f"{path}/{name}", {"data": {uid: text}})


def test_a_record_that_cannot_be_read_is_a_first_sight(stage: Stage, scaler: Start, cooling: Running) -> None:
    cooling.stop()
    restarted = time.time()
    age(stage, stage.client.get(stage.namespace, "orders")["metadata"]["uid"], "{")
    running = scaler()
    stage.wait_for_rules(running, "ready", 1)
    assert any("cannot be read" in line["message"] for line in running.log())
    wait(lambda: (inactive_since(running, stage, "orders") or 0) > restarted, 10, "a new cooldown")
    assert stage.replicas("orders") == 4


def test_failures_are_counted_on(stage: Stage, scaler: Start) -> None:
    fallback = {"failureThreshold": 1000, "replicas": 6}
    stage.deploy("orders", fallback=fallback)
    stage.vhost.delete("orders")
    running = scaler()

    def failures(of: Running) -> int:
        found: int = present(of, stage, "orders")["decision"]["history"]["failures"].get("queue", 0)
        return found

    wait(lambda: failures(running) >= 3, 10, "three failed polls")
    before = failures(running)
    running.stop()
    running = scaler()
    stage.wait_for_rules(running, "failing", 1)
    assert before < failures(running) < 1000


def test_records_go_with_their_rule(stage: Stage, scaler: Start) -> None:
    for name in ("gone", "freed", "later", "kept"):
        stage.deploy(name)
    running = scaler("--let-go-after=0")
    stage.wait_for_rules(running, "ready", 4)
    uids = {
        name: stage.client.get(stage.namespace, name)["metadata"]["uid"] for name in ("gone", "freed", "later", "kept")
    }
    wait(lambda: all(stored_as(stage, uid) for uid in uids.values()), 15, "all stored")
    stage.client.delete(stage.namespace, "gone")
    stage.annotate("freed", rule=None)
    wait(lambda: not stored_as(stage, uids["gone"]) and not stored_as(stage, uids["freed"]), 15, "two forgotten")
    running.stop()
    stage.annotate("later", rule=None)
    running = scaler()
    stage.wait_for_rules(running, "ready", 1)
    wait(lambda: not stored_as(stage, uids["later"]), 15, "what was let go while the scaler was away")
    assert stored_as(stage, uids["kept"])
    assert "scalerule.dev/status" not in stage.client.get(stage.namespace, "later")["metadata"].get("annotations", {})


def test_nothing_is_written_while_nothing_changes(stage: Stage, scaler: Start, proxy: Proxy) -> None:
    stage.deploy("orders")
    running = scaler(kubeconfig=proxy.kubeconfig)
    stage.wait_for_rules(running, "ready", 1)
    wait(lambda: stored(stage, "orders").get("history", {}).get("inactiveSince"), 15, "stored")
    reads, written = running.metric("scaler_source_reads_total"), proxy.count("PATCH", "configmaps")
    wait(lambda: running.metric("scaler_source_reads_total") > reads + 24, 30, "twelve seconds of readings")
    assert proxy.count("PATCH", "configmaps") == written


def test_an_api_server_that_takes_no_records_stops_no_scaling(stage: Stage, scaler: Start, proxy: Proxy) -> None:
    stage.deploy("orders")
    proxy.refuse(500, "POST", "configmaps")
    proxy.refuse(500, "PATCH", "configmaps")
    running = scaler(kubeconfig=proxy.kubeconfig)
    stage.vhost.publish("orders", 20)
    stage.wait_for("orders", 4)
    wait(lambda: [line for line in running.log() if "cannot be stored" in line["message"]], 10, "a warning")
    proxy.heal()
    wait(lambda: stored(stage, "orders"), 15, "stored in the end")


def test_nothing_is_decided_before_it_is_known_what_was(stage: Stage, scaler: Start, proxy: Proxy) -> None:
    stage.deploy("orders")
    stage.vhost.publish("orders", 20)
    proxy.refuse(503, "GET", "configmaps", times=2)
    running = scaler(kubeconfig=proxy.kubeconfig, wait=False)
    wait(lambda: proxy.count("GET", "configmaps") == 2, 20, "two attempts")
    assert not running.ready()
    stage.wait_for("orders", 4, 20)


def test_a_scaler_that_may_not_read_its_records_scales_all_the_same(stage: Stage, scaler: Start, proxy: Proxy) -> None:
    stage.deploy("orders")
    proxy.refuse(403, "GET", "configmaps")
    running = scaler(kubeconfig=proxy.kubeconfig)
    stage.vhost.publish("orders", 20)
    stage.wait_for("orders", 4)
    assert any("histories cannot be read" in line["message"] for line in running.log())


def test_a_rollback_brings_no_old_state_back(stage: Stage, scaler: Start, cluster: Access) -> None:
    """Annotations are copied to ReplicaSets by the Deployment's controller, and `kubectl rollout undo` takes them."""
    stage.vhost.declare("orders")
    annotations = {"scalerule.dev/rule": stage.rule("orders", **SLOW)}
    stage.client.create(stage.namespace, worker("orders", annotations, 0))
    running = scaler()
    stage.wait_for_condition("orders", "Ready", "True")
    kubectl = ("-n", stage.namespace)
    cluster.kubectl("rollout", "status", "deployment/orders", *kubectl)
    stage.vhost.publish("orders", 20)
    stage.wait_for("orders", 4)
    wait(lambda: stage.client.ready(stage.namespace, "orders") == 4, 20, "four ready")
    cluster.kubectl("set", "image", "deployment/orders", "worker=worker:2", *kubectl)
    cluster.kubectl("rollout", "status", "deployment/orders", *kubectl)
    stage.vhost.publish("orders", 20)
    stage.wait_for("orders", 8)
    wait(lambda: (stage.status("orders").get("lastDecision") or {}).get("to") == 8, 10, "the status says so")
    history = present(running, stage, "orders")["decision"]["history"]
    cluster.kubectl("rollout", "undo", "deployment/orders", *kubectl)
    wait(lambda: _image(stage) == "worker", 10, "the old image")
    reads = running.metric("scaler_source_reads_total")
    wait(lambda: running.metric("scaler_source_reads_total") > reads + 4, 20, "some readings")
    after = present(running, stage, "orders")["decision"]["history"]
    assert (after["firstSeen"], after["inactiveSince"]) == (history["firstSeen"], None)
    assert stage.replicas("orders") == 8
    running.stop()
    running = scaler()
    stage.wait_for_rules(running, "ready", 1)
    assert stage.replicas("orders") == 8
    assert stored(stage, "orders")["original"] == 0


def test_a_rollback_that_changes_the_rule_is_named(stage: Stage, scaler: Start, cluster: Access) -> None:
    stage.deploy("orders", replicas=1, minReplicaCount=1)
    scaler()
    stage.wait_for_condition("orders", "Ready", "True")
    kubectl = ("-n", stage.namespace)
    _new_image(cluster, stage)
    stage.edit("orders", minReplicaCount=3)
    stage.annotate("orders", paused_scale_in="true")
    stage.wait_for("orders", 3)
    # Times are noted in whole seconds.
    time.sleep(2)
    cluster.kubectl("rollout", "undo", "deployment/orders", *kubectl)
    message = stage.wait_for_event("orders", "RuleRolledBack")["message"]
    assert "scalerule.dev/paused-scale-in, scalerule.dev/rule changed" in message
    # A new image with a new rule is none.
    replacement = {"metadata": {"annotations": {"scalerule.dev/rule": stage.rule("orders", minReplicaCount=5)}}}
    template = {"spec": {"template": {"spec": {"containers": [{"name": "worker", "image": "worker:3"}]}}}}
    stage.client.patch(stage.namespace, "orders", replacement | template)
    stage.wait_for("orders", 5)
    assert stage.reasons("orders").count("RuleRolledBack") == 1


def _new_image(cluster: Access, stage: Stage) -> None:
    kubectl = ("-n", stage.namespace)
    cluster.kubectl("rollout", "status", "deployment/orders", *kubectl)
    cluster.kubectl("set", "image", "deployment/orders", "worker=worker:2", *kubectl)
    cluster.kubectl("rollout", "status", "deployment/orders", *kubectl)


@pytest.mark.parametrize("away", [False, True], ids=["watched", "while it was away"])
def test_the_original_count_is_restored(stage: Stage, scaler: Start, away: bool) -> None:
    stage.deploy("orders", replicas=2, restoreToOriginalReplicaCount=True)
    running = scaler("--let-go-after=1")
    stage.vhost.publish("orders", 40)
    stage.wait_for("orders", 8)
    if away:
        running.stop()
    stage.annotate("orders", rule=None)
    if away:
        scaler()
    stage.wait_for("orders", 2)
    told = "from 8 to 2 replicas: as before the rule, which is gone"
    wait(lambda: told in [event["message"] for event in stage.events("orders")], 10, "the event")


def test_a_rule_that_comes_back_in_time_restores_nothing(stage: Stage, scaler: Start) -> None:
    stage.deploy("orders", replicas=2, restoreToOriginalReplicaCount=True)
    running = scaler("--let-go-after=2")
    stage.vhost.publish("orders", 40)
    stage.wait_for("orders", 8)
    stage.annotate("orders", rule=None)
    stage.edit("orders", restoreToOriginalReplicaCount=True)
    reads = running.metric("scaler_source_reads_total")
    wait(lambda: running.metric("scaler_source_reads_total") > reads + 8, 20, "four seconds of readings")
    assert stage.replicas("orders") == 8


def test_a_rollback_that_removes_the_rule_restores_nothing(stage: Stage, scaler: Start, cluster: Access) -> None:
    stage.vhost.declare("orders")
    stage.client.create(stage.namespace, worker("orders", None, 2))
    running = scaler("--let-go-after=1")
    _new_image(cluster, stage)
    stage.edit("orders", restoreToOriginalReplicaCount=True)
    stage.vhost.publish("orders", 40)
    stage.wait_for("orders", 8)
    time.sleep(2)
    cluster.kubectl("rollout", "undo", "deployment/orders", "-n", stage.namespace)
    stage.wait_for_event("orders", "RuleRolledBack")
    wait(lambda: running.metric("scaler_rules") == 0, 10, "let go")
    time.sleep(1)
    assert stage.replicas("orders") == 8


def _image(stage: Stage) -> str:
    image: str = stage.client.get(stage.namespace, "orders")["spec"]["template"]["spec"]["containers"][0]["image"]
    return image
