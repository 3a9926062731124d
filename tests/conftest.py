"""Fixtures: one real cluster and one real RabbitMQ per test run, one namespace and one virtual host per test."""

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cluster.control_plane import ControlPlane
from tests.cluster.proxy import Proxy
from tests.cluster.user import User
from tests.rabbitmq import RabbitMQ, Vhost
from tests.running import Running
from tests.shared import State, shared

#: Starts a scaler that watches the namespace of the test; flags are added to the command.
StartScaler = Callable[..., Running]


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A folder that all workers of this run share."""
    base = tmp_path_factory.getbasetemp()
    return base if worker_id == "master" else base.parent


@pytest.fixture(scope="session")
def cluster(run_folder: Path) -> Iterator[ControlPlane]:
    """The shared cluster, with the manifests applied."""

    def start(folder: Path) -> tuple[State, Callable[[], None]]:
        made = ControlPlane(folder / "data")
        made.start()
        made.install()
        return {"ports": made.ports}, made.stop

    with shared(run_folder / "cluster", start) as state:
        yield ControlPlane(run_folder / "cluster" / "data", state["ports"])


@pytest.fixture(scope="session")
def rabbitmq(run_folder: Path) -> Iterator[RabbitMQ]:
    """The shared broker."""

    def start(folder: Path) -> tuple[State, Callable[[], None]]:
        made = RabbitMQ(folder / "data")
        if not made.given:
            made.start()
        return {"ports": made.ports}, made.stop

    with shared(run_folder / "rabbitmq", start) as state:
        yield RabbitMQ(run_folder / "rabbitmq" / "data", state["ports"])


@pytest.fixture
def private_rabbitmq(tmp_path: Path) -> Iterator[RabbitMQ]:
    """A broker that the test may stop and kill."""
    broker = RabbitMQ(tmp_path / "rabbitmq", given=False)
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def private_cluster(tmp_path: Path) -> Iterator[ControlPlane]:
    """A cluster that the test may stop and kill; it has no pods."""
    made = ControlPlane(tmp_path / "cluster", pods=False)
    made.start()
    made.install()
    yield made
    made.stop()


@pytest.fixture
def vhost(rabbitmq: RabbitMQ) -> Iterator[Vhost]:
    """A virtual host of the shared broker."""
    made = Vhost(rabbitmq, f"test-{secrets.token_hex(4)}")
    made.create()
    yield made
    made.remove()


@pytest.fixture
def user(cluster: ControlPlane) -> Iterator[User]:
    """An administrator in a new namespace of the shared cluster."""
    user = User(cluster)
    user.enter_new_namespace()
    yield user
    user.leave()


@pytest.fixture
def start_scaler(cluster: ControlPlane, user: User, tmp_path: Path) -> Iterator[StartScaler]:
    """Starts scalers that watch the test's namespace, and ends them after it."""
    started: list[Running] = []

    def start(*flags: str, proxy: Proxy | None = None) -> Running:
        token = cluster.account_token("scalerule-system", "scaler")
        server = proxy.url if proxy else None
        kubeconfig = cluster.write_kubeconfig(tmp_path / "scaler.kubeconfig", token, server)
        running = Running(tmp_path, kubeconfig, f"--watch-namespace={user.namespace}", *flags)
        running.start()
        started.append(running)
        return running

    yield start
    for running in started:
        running.kill()


@pytest.fixture
def proxy(cluster: ControlPlane) -> Iterator[Proxy]:
    """Something between the scaler and the API server that can fail."""
    with Proxy(cluster.url, cluster.authority) as made:
        yield made
