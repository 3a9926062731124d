"""The whole demo, as a newcomer runs it; and on a real broker and a real cluster."""

import contextlib
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.access import Access
from tests.cluster.client import Refusal
from tests.rabbitmq import Vhost


def demo(*flags: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "scaler", "demo", *flags], capture_output=True, text=True, timeout=110, check=False
    )


def test_embedded(tmp_path: Path) -> None:
    done = demo(f"--plot={tmp_path / 'demo.svg'}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 -> 10 -> 0" in done.stdout
    assert "560 / 560 / 0" in done.stdout
    assert (tmp_path / "demo.svg").exists()


@pytest.fixture
def scheduler(cluster: Access, namespace: str) -> Iterator[None]:
    """Puts the pods of the namespace on the one node that there is: the test cluster has no scheduler."""
    ended = threading.Event()

    def bind() -> None:
        client = cluster.client
        path = f"/api/v1/namespaces/{namespace}/pods"
        while not ended.wait(0.1):
            for pod in client.call("GET", path, fieldSelector="spec.nodeName=")["items"]:
                name = pod["metadata"]["name"]
                body = {"metadata": {"name": name}, "target": {"kind": "Node", "name": "fake-0"}}
                with contextlib.suppress(Refusal):
                    client.call("POST", f"{path}/{name}/binding", body)

    thread = threading.Thread(target=bind)
    thread.start()
    yield
    ended.set()
    thread.join()


@pytest.mark.usefixtures("scheduler")
def test_on_a_real_cluster_and_broker(cluster: Access, namespace: str, vhost: Vhost) -> None:
    flags = (f"--kubeconfig={cluster.kubeconfig}", f"--namespace={namespace}", f"--rabbitmq={vhost.amqp_url}")
    done = demo(*flags)
    assert "560 / 560 / 0" in done.stdout, done.stdout + done.stderr
    assert cluster.client.list(namespace) == []


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--plot=demo.gif",), "a plot ends in .svg or .png"),
        (("--rabbitmq=amqp://guest:hunter2@127.0.0.1:1/",), "cannot reach"),
        (("--kubeconfig=/nowhere",), "--kubeconfig"),
    ],
)
def test_what_cannot_be_had_is_named(flags: tuple[str, ...], message: str) -> None:
    done = demo(*flags)
    assert done.returncode == 1
    assert message in done.stderr
    assert "hunter2" not in done.stderr
    assert "Traceback" not in done.stderr
