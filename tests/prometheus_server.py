"""Runs Debian's Prometheus as a plain process on loopback, out of one folder, with a past that the test wrote."""

import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import requests
import yaml

from tests.ports import free_ports
from tests.process import Process

_TIMEOUT = 30.0
#: A past of any age stays.
_KEEP = "--storage.tsdb.retention.time=100y"


class NotInstalled(Exception):
    """No Prometheus on this machine; the message names the cure."""


class PrometheusServer:
    """A Prometheus that scrapes `target` (HOST:PORT) five times a second, or nothing."""

    def __init__(self, folder: Path, target: str | None = None) -> None:
        self._target = target
        (self._port,) = free_ports(1)
        self._folder = folder
        self._server: Process | None = None
        self.url = f"http://127.0.0.1:{self._port}"

    def start(self, samples: Iterable[str] = ()) -> None:
        """Until it answers. `samples` are lines of OpenMetrics: `depth{queue="a"} 7 1700000000`."""
        for name in ("prometheus", "promtool"):
            if shutil.which(name) is None:
                raise NotInstalled(f"no {name}: apt-get install -y --no-install-recommends prometheus, or make test")
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / "prometheus.yml").write_text(yaml.safe_dump(self._configuration()))
        self._backfill(list(samples))
        command = [
            "prometheus",
            f"--config.file={self._folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={self._folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{self._port}",
            _KEEP,
        ]
        self._server = Process("prometheus", command, self._folder / "prometheus.log")
        self._server.wait_until(self._answers, _TIMEOUT)

    def ask(self, expr: str) -> list[dict[str, Any]]:
        """The series that a query finds now. Raises requests.HTTPError where it is none."""
        answer = requests.get(f"{self.url}/api/v1/query", params={"query": expr}, timeout=10)
        answer.raise_for_status()
        found: list[dict[str, Any]] = answer.json()["data"]["result"]
        return found

    def _configuration(self) -> dict[str, Any]:
        if self._target is None:
            return {}
        job = {"job_name": "scaler", "honor_labels": True, "static_configs": [{"targets": [self._target]}]}
        return {"global": {"scrape_interval": "200ms", "scrape_timeout": "200ms"}, "scrape_configs": [job]}

    def stop(self) -> None:
        """As an operator would."""
        if self._server is not None:
            self._server.stop()

    def _backfill(self, samples: list[str]) -> None:
        if not samples:
            return
        path = self._folder / "samples.txt"
        path.write_text("\n".join([*samples, "# EOF"]) + "\n")
        command = ["promtool", "tsdb", "create-blocks-from", "openmetrics", str(path), str(self._folder / "data")]
        done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/-/ready", timeout=1).ok
        except requests.RequestException:
            return False
