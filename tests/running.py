"""The real command, run as a user runs it, with the ServiceAccount and the Role that the manifests ship."""

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import requests
from prometheus_client.parser import text_string_to_metric_families

from tests.cluster.user import eventually
from tests.process import Process, free_port


class Running:
    """One `scaler run` in a process of its own."""

    def __init__(self, folder: Path, kubeconfig: Path, *flags: str) -> None:
        self.log = folder / "scaler.log"
        self._command = [
            sys.executable,
            "-m",
            "scaler",
            "run",
            f"--kubeconfig={kubeconfig}",
            "--log-format=json",
            *flags,
        ]
        self.metrics_url = ""
        self.page_url = ""
        self._process: Process | None = None

    def start(self, *, ready: bool = True) -> None:
        """Start it; with `ready`, wait until it has listed the Deployments."""
        ports = free_port(), free_port()
        self.metrics_url, self.page_url = (f"http://127.0.0.1:{port}" for port in ports)
        listen = [f"--metrics-address=127.0.0.1:{ports[0]}", f"--page-address=127.0.0.1:{ports[1]}"]
        environment = {**os.environ, "SCALER_ALLOW_DESTINATION": "127.0.0.0/8"}
        self._process = Process("scaler", [*self._command, *listen], self.log, environment)
        if ready:
            self._process.wait_until(self.is_ready, 30)

    def is_ready(self) -> bool:
        """Whether /readyz says so."""
        return self._health("readyz") == 200

    def is_alive(self) -> bool:
        """Whether /healthz says so."""
        return self._health("healthz") == 200

    def stop(self) -> float:
        """End it as Kubernetes does; returns the seconds that it took. It must end in order, within 5 s."""
        assert self._process is not None
        started = time.monotonic()
        code = self._process.stop(signal.SIGTERM)
        took = time.monotonic() - started
        assert (code, took < 5.0) == (0, True), f"exit {code} after {took:.1f} s:\n{self._process.tail()}"
        self._process = None
        return took

    def kill(self) -> None:
        """End it at once, as a node that dies does."""
        if self._process is not None:
            self._process.stop(signal.SIGKILL)
            self._process = None

    @property
    def pid(self) -> int:
        """Of the running process."""
        assert self._process is not None
        return self._process.popen.pid

    def lines(self) -> list[dict[str, Any]]:
        """Everything that it logged."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def metric(self, name: str, **labels: str) -> float | None:
        """The sum of the samples with these labels; None where there is none."""
        page = requests.get(f"{self.metrics_url}/metrics", timeout=10).text
        samples = [sample for family in text_string_to_metric_families(page) for sample in family.samples]
        found = [each.value for each in samples if each.name == name and labels.items() <= each.labels.items()]
        return sum(found) if found else None

    def wait_for_rules(self, state: str, count: int, seconds: float = 20.0) -> None:
        """Until so many rules are in a state."""
        eventually(lambda: self.metric("scaler_rules", state=state) == count, f"{count} rules {state}", seconds)

    def _health(self, path: str) -> int:
        try:
            return requests.get(f"{self.metrics_url}/{path}", timeout=2).status_code
        except requests.RequestException:
            return 0
