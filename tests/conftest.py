"""What tests ask for by name. Nothing is started before a test asks."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests import shared
from tests.cluster.access import Access
from tests.cluster.control_plane import ControlPlane
from tests.cluster.proxy import Proxy
from tests.kubemq import Kubemq
from tests.prometheus_server import PrometheusServer
from tests.rabbitmq import Rabbitmq, Vhost, external
from tests.rabbitmq_server import RabbitmqServer
from tests.running import Running
from tests.servicebus import ServiceBus
from tests.sqs import Sqs, SqsServer
from tests.tls import SESSION

Start = Callable[..., Running]

# How long an example takes says more of the machine than of the code.
settings.register_profile("untimed", settings.default, deadline=None)
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def session_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all workers of this test run."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what the tests shared. A test run that is killed needs no help: its keepers notice."""
    factory: pytest.TempPathFactory | None = getattr(config, "_tmp_path_factory", None)
    if factory and "PYTEST_XDIST_WORKER" not in os.environ:
        shared.end(factory.getbasetemp())


@pytest.fixture(scope="session")
def cluster(session_folder: Path) -> Access:
    """A real Kubernetes with manifests/base applied; pods on the node `fake-0` become Ready."""
    said = shared.shared("cluster", session_folder)
    return Access(Path(said["folder"]), said["port"])


@pytest.fixture
def namespace(cluster: Access) -> Iterator[str]:
    """A namespace of the shared cluster for one test."""
    client = cluster.client
    name = client.create_namespace()
    yield name
    client.delete_namespace(name)


@pytest.fixture
def private_cluster(tmp_path: Path) -> Iterator[ControlPlane]:
    """A cluster whose API server the test may kill; manifests/base applied, but no pod ever becomes Ready."""
    with ControlPlane(tmp_path / "cluster", kwok=False) as plane:
        plane.install()
        yield plane


@pytest.fixture
def proxy(cluster: Access) -> Iterator[Proxy]:
    """Stands before the shared API server and breaks what the test wants broken."""
    with Proxy(cluster.scaler_kubeconfig(), cluster.folder) as running:
        yield running


@pytest.fixture(scope="session")
def rabbitmq(session_folder: Path) -> Rabbitmq:
    """A real RabbitMQ with its management API."""
    given = external()
    if given:
        return given
    said = shared.shared("rabbitmq", session_folder)
    return Rabbitmq(said["amqp_url"], said["management_url"])


@pytest.fixture
def vhost(rabbitmq: Rabbitmq) -> Iterator[Vhost]:
    """A vhost of the shared broker for one test."""
    made = rabbitmq.create_vhost()
    yield made
    rabbitmq.delete_vhost(made)


@pytest.fixture
def private_rabbitmq(tmp_path: Path) -> Iterator[RabbitmqServer]:
    """A broker that the test may stop, kill and start again."""
    server = RabbitmqServer(tmp_path / "rabbitmq")
    server.start()
    yield server
    server.discard()


@pytest.fixture
def servicebus() -> Iterator[ServiceBus]:
    """A namespace of Azure Service Bus, or what stands in for it, that the test may stop and start again."""
    server = ServiceBus(SESSION)
    server.start()
    yield server
    server.discard()


@pytest.fixture
def kubemq() -> Iterator[Kubemq]:
    """What stands in for a KubeMQ, which the test may stop and start again."""
    server = Kubemq(SESSION)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def sqs(session_folder: Path) -> Sqs:
    """Amazon SQS as moto plays it, with signatures checked."""
    return Sqs(shared.shared("sqs", session_folder)["port"])


@pytest.fixture
def private_sqs(tmp_path: Path) -> Iterator[SqsServer]:
    """The same, for a test that stops it and starts it again."""
    server = SqsServer(tmp_path / "sqs")
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrometheusServer]:
    """A Prometheus that a test module starts, with a past of its own."""
    server = PrometheusServer(tmp_path_factory.mktemp("prometheus"))
    yield server
    server.stop()


@pytest.fixture
def scaler(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Start]:
    """Starts `scaler run`: `scaler(*flags, kubeconfig=, namespace=, env=, wait=True)`.

    By default against the shared cluster with the rights of manifests/base, for the test's own namespace. Another
    kubeconfig is the proxy's or the private cluster's; `namespace=""` watches the whole cluster.
    """
    started: list[Running] = []

    def start(
        *flags: str,
        kubeconfig: Path | None = None,
        namespace: str | None = None,
        env: dict[str, str] | None = None,
        wait: bool = True,
    ) -> Running:
        if kubeconfig is None:
            kubeconfig = request.getfixturevalue("cluster").scaler_kubeconfig()
        if namespace is None:
            namespace = request.getfixturevalue("namespace")
        watched = (f"--watch-namespace={namespace}",) if namespace else ()
        running = Running(tmp_path, kubeconfig, (*watched, *flags), env or {})
        started.append(running)
        if wait:
            running.wait_ready()
        return running

    yield start
    for running in started:
        running.kill()
