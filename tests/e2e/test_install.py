"""From `kubectl apply -k` to a scaled Deployment; the leader dies, and the API server is away for a minute."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.cluster.access import SCALER, Access
from tests.cluster.client import Objects
from tests.cluster.control_plane import ControlPlane
from tests.cluster.kubelet import Container
from tests.e2e.stage import Stage
from tests.e2e.test_shards import LEASE, SLACK
from tests.ports import free_ports
from tests.rabbitmq import Vhost
from tests.running import Scaler
from tests.wait import wait

MANIFESTS = Path(__file__).parents[2] / "manifests"
COOLDOWN = 10
#: What users add to the base: where their brokers are; and here a short Lease.
ADDED = {"SCALER_ALLOW_DESTINATION": "127.0.0.0/8", "SCALER_RUN_LEASE_DURATION": f"{LEASE:g}"}


@pytest.fixture
def bare_cluster(tmp_path: Path) -> Iterator[ControlPlane]:
    """A new cluster with one node, and nothing of ours."""
    with ControlPlane(tmp_path / "cluster") as plane:
        yield plane


def apply(cluster: Access, folder: Path) -> None:
    """A folder of the user's own, over the base."""
    where = "/spec/template/spec/containers/0/env/-"
    added = [{"op": "add", "path": where, "value": {"name": name, "value": text}} for name, text in ADDED.items()]
    patch = {"target": {"kind": "Deployment", "name": "scaler"}, "patch": yaml.safe_dump(added)}
    # kustomize takes no absolute paths.
    (folder / "base").symlink_to(MANIFESTS / "base")
    (folder / "kustomization.yaml").write_text(yaml.safe_dump({"resources": ["base"], "patches": [patch]}))
    cluster.kubectl("apply", "-k", str(folder))


def pods(cluster: Access) -> Objects:
    found: Objects = cluster.client.call("GET", f"/api/v1/namespaces/{SCALER[0]}/pods")["items"]
    return found if len(found) == 2 else []


def start(cluster: Access, pod: dict[str, object], folder: Path) -> tuple[Container, Scaler]:
    """What the kubelet of its node does."""
    metrics, page = free_ports(2)
    addresses = {"METRICS": f"127.0.0.1:{metrics}", "PAGE": f"127.0.0.1:{page}"}
    container = Container(
        cluster, pod, folder, **{f"SCALER_RUN_{name}_ADDRESS": address for name, address in addresses.items()}
    )
    scaler = Scaler(container.process, metrics, page)
    scaler.wait_ready()
    return container, scaler


def test_a_day_and_a_night(bare_cluster: ControlPlane, vhost: Vhost, tmp_path: Path) -> None:
    client = bare_cluster.client
    (tmp_path / "mine").mkdir()
    apply(bare_cluster, tmp_path / "mine")
    crew = [start(bare_cluster, pod, tmp_path) for pod in wait(lambda: pods(bare_cluster), 20, "two pods")]
    stage = Stage(client, client.create_namespace(), vhost)
    # Day: a user deploys a worker.
    stage.deploy("orders", cooldownPeriod=COOLDOWN)
    vhost.publish("orders", 20)
    stage.wait_for("orders", 4, 20)
    wait(lambda: client.ready(stage.namespace, "orders") == 4, 20, "four workers at work")

    # Night: the leader is killed.
    (leader,) = [each for each in crew if each[1].leads()]
    ((container, scaler),) = [each for each in crew if each is not leader]
    leader[1].kill()
    wait(scaler.leads, LEASE + SLACK, "the other one leads")
    vhost.publish("orders", 10)
    stage.wait_for("orders", 6)

    # The queue is empty, but before the cooldown ends the API server is gone for a minute, and with it our token.
    vhost.purge("orders")
    wait(lambda: not scaler.metric("scaler_rule_active"), 10, "inactive")
    container.renew()
    bare_cluster.kill_apiserver()
    wait(lambda: not scaler.leads(), LEASE + SLACK, "nobody leads")
    time.sleep(60 - LEASE)
    bare_cluster.start_apiserver()
    back = time.monotonic()
    wait(scaler.leads, 30, "it leads again")
    assert stage.replicas("orders") == 6
    stage.wait_for("orders", 0, COOLDOWN + 20)
    assert time.monotonic() - back >= COOLDOWN / 2

    # Morning.
    vhost.publish("orders", 20)
    stage.wait_for("orders", 4)
    assert [each.replicas for each in bare_cluster.counts(stage.namespace)] == [4, 6, 0, 4]
    scaler.stop()
