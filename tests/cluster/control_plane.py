"""Runs etcd, kube-apiserver, kube-controller-manager and kwok as plain processes on loopback, out of one folder."""

import contextlib
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread
from typing import Self

import requests

from tests.cluster import build
from tests.cluster.access import ADMIN_TOKEN, Access, Kubeconfig
from tests.cluster.client import Object
from tests.ports import free_ports
from tests.process import Process

NODE = "fake-0"

_CONTROLLERS = ("deployment", "replicaset", "garbage-collector", "serviceaccount", "namespace")
_AUDIT = Path(__file__).parent / "audit.yaml"
_STAGES = Path(__file__).parent / "stages.yaml"
_TIMEOUT = 60.0


class ControlPlane(Access):
    """A cluster of our own, for `with`. Without `kwok` pods stay Pending."""

    def __init__(self, folder: Path, kwok: bool = True) -> None:
        port, self._etcd_port, self._peer_port = free_ports(3)
        super().__init__(folder, port)
        self._kwok = kwok
        self._binaries = build.binaries()
        self._running: dict[str, Process] = {}

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def start(self) -> None:
        """Until the API server answers, and with kwok until its node is Ready. What has started is stopped on error."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "tokens.csv").write_text(f"{ADMIN_TOKEN},admin,admin,system:masters\n")
        try:
            self._start_etcd()
            self.start_apiserver()
            Kubeconfig(self.server, self.ca, ADMIN_TOKEN).write(self.kubeconfig)
            self._start_controllers()
            if self._kwok:
                self._start_kwok()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """At once: nobody needs the data, which goes too; the logs stay."""
        for name in ("kwok", "kube-controller-manager", "kube-apiserver", "etcd"):
            if process := self._running.pop(name, None):
                process.kill()
        shutil.rmtree(self.folder / "etcd", ignore_errors=True)

    def stop_controllers(self) -> None:
        """From now on a Deployment is a count and nothing more."""
        self._running.pop("kube-controller-manager").stop()

    def kill_apiserver(self) -> None:
        """As by a power cut. The data stays."""
        self._running.pop("kube-apiserver").kill()

    def start_apiserver(self) -> None:
        """On the same port and data as before."""
        certificate = self.folder / "apiserver"
        process = self._start(
            "kube-apiserver",
            f"--etcd-servers=http://127.0.0.1:{self._etcd_port}",
            f"--secure-port={self.port}",
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            "--endpoint-reconciler-type=none",
            f"--cert-dir={self.folder}",
            f"--token-auth-file={self.folder}/tokens.csv",
            "--authorization-mode=RBAC,Node",
            "--service-account-issuer=https://kubernetes.default.svc",
            # The key that it makes for its certificate signs tokens just as well, and needs no openssl.
            f"--service-account-key-file={certificate}.key",
            f"--service-account-signing-key-file={certificate}.key",
            "--service-cluster-ip-range=10.0.0.0/16",
            "--max-requests-inflight=2000",
            "--max-mutating-requests-inflight=1000",
            "--profiling=false",
            f"--audit-policy-file={_AUDIT}",
            f"--audit-log-path={self.folder}/audit.log",
        )
        process.wait_until(self._ready, _TIMEOUT)

    @contextlib.contextmanager
    def slow_etcd(self, seconds: float) -> Iterator[None]:
        """Every request to etcd waits for up to so long, as for a disk that is too busy."""
        ended = Event()
        etcd = self._running["etcd"]

        def stall() -> None:
            while not ended.is_set():
                etcd.signal(signal.SIGSTOP)
                ended.wait(seconds)
                etcd.signal(signal.SIGCONT)
                # What has gathered is answered at once.
                ended.wait(0.05)

        stalling = Thread(target=stall)
        stalling.start()
        try:
            yield
        finally:
            ended.set()
            stalling.join()

    def _start_etcd(self) -> None:
        client, peer = f"http://127.0.0.1:{self._etcd_port}", f"http://127.0.0.1:{self._peer_port}"
        process = self._start(
            "etcd",
            f"--data-dir={self.folder}/etcd",
            f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}",
            "--unsafe-no-fsync",
            "--logger=zap",
        )
        process.wait_until(lambda: _answers(f"{client}/health"), _TIMEOUT)

    def _start_controllers(self) -> None:
        self._start(
            "kube-controller-manager",
            f"--kubeconfig={self.kubeconfig}",
            "--leader-elect=false",
            "--secure-port=0",
            "--kube-api-qps=1000",
            "--kube-api-burst=2000",
            f"--controllers={','.join(f'{name}-controller' for name in _CONTROLLERS)}",
        )

    def _start_kwok(self) -> None:
        client = self.client
        client.call("POST", "/api/v1/nodes", {"metadata": {"name": NODE}})
        process = self._start("kwok", f"--kubeconfig={self.kubeconfig}", "--manage-all-nodes", f"--config={_STAGES}")
        process.wait_until(lambda: _is_ready(client.call("GET", f"/api/v1/nodes/{NODE}")), _TIMEOUT)
        self._running["kube-controller-manager"].check()

    def _start(self, name: str, *arguments: str) -> Process:
        process = Process(name, [self._binaries[name], *arguments], self.folder / f"{name}.log")
        self._running[name] = process
        return process

    def _ready(self) -> bool:
        return self.ca.exists() and _answers(f"{self.server}/readyz", self.ca)


def _is_ready(node: Object) -> bool:
    return any(each["type"] == "Ready" and each["status"] == "True" for each in node["status"].get("conditions", []))


def _answers(url: str, ca: Path | None = None) -> bool:
    try:
        # /readyz is open to everybody (system:public-info-viewer), so no token is needed.
        return requests.get(url, verify=str(ca) if ca else True, timeout=5).ok
    except requests.RequestException:
        return False
