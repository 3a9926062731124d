"""Five thousand Deployments without a rule beside one that has one: they cost a look at the start, and no memory."""

from collections.abc import Iterator
from typing import Any

import psutil
import pytest

from tests.cluster.client import worker
from tests.cluster.control_plane import ControlPlane
from tests.cluster.proxy import Proxy
from tests.e2e.conftest import Start
from tests.e2e.stage import Stage
from tests.rabbitmq import Vhost
from tests.running import Running
from tests.wait import wait

UNRELATED = 5_000
PAGE = 500
#: MiB. Held whole, five thousand Deployments are twice that.
MORE = 25


@pytest.fixture
def proxied(private_cluster: ControlPlane) -> Iterator[Proxy]:
    with Proxy(private_cluster.scaler_kubeconfig(), private_cluster.folder) as running:
        yield running


def memory(running: Running) -> float:
    """MiB."""
    return float(psutil.Process(running.pid).memory_info().rss) / 2**20


def unrelated(number: int) -> dict[str, Any]:
    """Paused, so that no controller works on it."""
    body = worker(f"other-{number}", {"example.com/owner": "somebody"}, 0)
    body["spec"]["paused"] = True
    return body


def test_they_cost_nothing(private_cluster: ControlPlane, proxied: Proxy, vhost: Vhost, scaler: Start) -> None:
    client = private_cluster.client
    stage = Stage(client, client.create_namespace(), vhost)
    stage.deploy("orders")

    def start() -> Running:
        running = scaler(kubeconfig=proxied.kubeconfig, namespace="")
        stage.wait_for_rules(running, "ready", 1, 60)
        return running

    alone = start()
    few = memory(alone)
    alone.stop()
    stage.create_all(map(unrelated, range(UNRELATED)))
    proxied.requests.clear()
    running = start()
    pages = -(-(UNRELATED + 3) // PAGE)
    assert stage.lists(proxied) == pages
    assert memory(running) <= few + MORE
    # Another look is not needed when the connection breaks.
    proxied.cut_watches()
    wait(lambda: proxied.watching == 2, 20, "watching again")
    vhost.publish("orders", 20)
    stage.wait_for("orders", 4)
    assert stage.lists(proxied) == pages
    print(f"{few:.0f} MiB with one Deployment, {memory(running):.0f} MiB with {UNRELATED} more")
