"""Several scalers on one cluster: every rule has one writer, and another one soon after that one is gone."""

import time
from typing import Any

from tests.cluster.access import Access
from tests.cluster.control_plane import ControlPlane
from tests.e2e.conftest import Start
from tests.e2e.stage import Stage
from tests.rabbitmq import Vhost
from tests.running import Running
from tests.wait import wait

LEASE = 3.0
#: What a busy machine may take besides.
SLACK = 6.0
HOME = "scalerule-system"


def member(scaler: Start, name: str, *flags: str) -> Running:
    return scaler(f"--lease-duration={LEASE:g}", f"--identity={name}", *flags)


def rules(running: Running) -> int:
    return int(running.metric("scaler_rules"))


def writers(cluster: Access, stage: Stage) -> list[str]:
    return [each.by for each in cluster.counts(stage.namespace)]


def test_one_scales_and_the_other_waits(stage: Stage, scaler: Start, cluster: Access) -> None:
    stage.deploy("orders")
    first, second = member(scaler, "a"), member(scaler, "b")
    stage.vhost.publish("orders", 20)
    stage.wait_for("orders", 4)
    assert (rules(first), rules(second)) == (1, 0)
    assert (first.leads(), second.leads()) == (True, False)
    assert writers(cluster, stage) == ["a"]
    lease = stage.client.call("GET", f"/apis/coordination.k8s.io/v1/namespaces/{HOME}/leases/{lease_name(stage)}")
    assert lease["spec"]["holderIdentity"] == "a"
    assert lease["metadata"]["annotations"]["scalerule.dev/url"] == first.page_url
    # The API server takes no other form of time.
    assert lease["spec"]["renewTime"].endswith("Z")


def lease_name(stage: Stage, shard: int = 0) -> str:
    return f"scalerule-{stage.namespace}-{shard}"


def test_a_leader_that_is_killed_is_replaced_within_its_lease(stage: Stage, scaler: Start, cluster: Access) -> None:
    stage.deploy("orders", cooldownPeriod=60)
    first, second = member(scaler, "a"), member(scaler, "b")
    stage.vhost.publish("orders", 20)
    stage.wait_for("orders", 4)
    stage.vhost.purge("orders")
    first.kill()
    wait(lambda: rules(second) == 1, LEASE + SLACK, "the rule taken over")
    assert stage.replicas("orders") == 4
    stage.vhost.publish("orders", 40)
    stage.wait_for("orders", 8)
    assert writers(cluster, stage) == ["a", "b"]


def test_a_leader_that_ends_hands_over_at_once(stage: Stage, scaler: Start, cluster: Access) -> None:
    stage.deploy("orders", cooldownPeriod=60)
    first = scaler("--lease-duration=60", "--identity=a")
    second = scaler("--lease-duration=60", "--identity=b")
    stage.vhost.publish("orders", 20)
    stage.wait_for("orders", 4)
    stage.vhost.purge("orders")
    path = f"/explain/{stage.namespace}/orders"

    def inactive(running: Running) -> float | None:
        said = running.page(path)
        since: float | None = said.json()["decisions"][-1]["decision"]["history"]["inactiveSince"] if said.ok else None
        return since

    since = wait(lambda: inactive(first), 10, "inactive")
    first.stop()
    # It looks every third of its Lease; it need not wait for the Lease of the other.
    wait(lambda: inactive(second), 20 + SLACK, "the rule taken over")
    assert inactive(second) == since
    assert stage.replicas("orders") == 4


def test_a_leader_that_was_frozen_writes_nothing_more(stage: Stage, scaler: Start, cluster: Access) -> None:
    stage.deploy("orders", cooldownPeriod=60)
    first, second = member(scaler, "a"), member(scaler, "b")
    stage.vhost.publish("orders", 20)
    stage.wait_for("orders", 4)
    first.pause()
    wait(lambda: rules(second) == 1, LEASE + SLACK, "the rule taken over")
    # There is work that the one which thaws would scale for at once, if it still thought that it may.
    second.pause()
    stage.vhost.publish("orders", 20)
    first.resume()
    time.sleep(LEASE * 2 / 3)
    assert writers(cluster, stage) == ["a"]
    assert stage.replicas("orders") == 4
    # Now the other is silent, and has been for a whole Lease.
    stage.wait_for("orders", 8, LEASE + SLACK)
    second.resume()
    wait(lambda: rules(second) == 0, LEASE + SLACK, "the other gave up")
    assert (rules(first), writers(cluster, stage)) == (1, ["a", "a"])


def test_a_rule_that_came_while_the_lease_had_run_out_is_ours(stage: Stage, scaler: Start) -> None:
    stage.deploy("orders")
    alone = member(scaler, "a")
    wait(lambda: rules(alone) == 1, LEASE + SLACK, "the first rule")
    alone.pause()
    stage.deploy("refunds")
    time.sleep(LEASE)
    # It hears of the rule before it can renew; nobody else took the Lease, so it never learns of losing or gaining it.
    alone.resume()
    stage.vhost.publish("refunds", 20)
    stage.wait_for("refunds", 4)
    assert rules(alone) == 2


def test_what_another_had_and_gave_back_meanwhile_is_learned(stage: Stage, scaler: Start) -> None:
    """Frozen from before the work came until it was done: the cooldown is that of the one who saw it."""
    stage.deploy("orders", cooldownPeriod=15)
    first, second = member(scaler, "a"), member(scaler, "b")
    stage.vhost.publish("orders", 20)
    stage.wait_for("orders", 4)
    stage.vhost.purge("orders")
    wait(lambda: not first.metric("scaler_rule_active"), 10, "inactive")
    first.pause()
    wait(lambda: rules(second) == 1, LEASE + SLACK, "the rule taken over")
    stage.vhost.publish("orders", 20)
    wait(lambda: second.metric("scaler_rule_active"), 10, "active")
    stage.vhost.purge("orders")
    wait(lambda: not second.metric("scaler_rule_active"), 10, "inactive again")
    emptied = time.monotonic()
    time.sleep(10)
    second.stop()
    first.resume()
    stage.wait_for("orders", 0, 20)
    # By what the first one saw, the cooldown had passed before it woke up.
    assert time.monotonic() - emptied >= 15 - 1


def test_three_share_the_rules_and_two_take_over_those_of_one(
    private_cluster: ControlPlane, crowd_namespace: str, vhost: Vhost, scaler: Start
) -> None:
    stage = Stage(private_cluster.client, crowd_namespace, vhost)
    where: dict[str, Any] = {"kubeconfig": private_cluster.scaler_kubeconfig(), "namespace": crowd_namespace}
    names = [f"worker-{number}" for number in range(300)]
    stage.vhost.declare(*names)
    stage.deploy_all(names)
    # Three processes, sixteen Leases each on two busy cores: a request may take a second.
    lease = 9.0
    flags = ("--shards=auto", f"--lease-duration={lease:g}")
    members = {name: scaler(f"--identity={name}", *flags, **where) for name in "abc"}
    wait(lambda: sum(map(rules, members.values())) == 300, 90, "all shared")
    wait(lambda: min(map(rules, members.values())) >= 40, 60, lambda: str({n: rules(m) for n, m in members.items()}))
    stage.vhost.publish(names[0], 20)
    stage.wait_for(names[0], 4)
    victim = members.pop("b")
    lost = rules(victim)
    victim.kill()
    killed = time.monotonic()
    wait(lambda: sum(map(rules, members.values())) == 300, lease * 4 / 3 + SLACK, "all taken over")
    print(f"{lost} rules taken over after {time.monotonic() - killed:.1f} s")
    some = names[1::10]
    for name in some:
        stage.vhost.publish(name, 6)
    wait(lambda: sum(count >= 2 for count in stage.all_replicas().values()) > len(some), 60, "every one of them scaled")
    counts = private_cluster.counts(stage.namespace)
    by = {name: {each.by for each in counts if each.deployment == name} for name in some}
    assert {len(each) for each in by.values()} == {1}
    assert set.union(*by.values()) <= {"a", "c"}
