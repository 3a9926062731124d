"""Runs Debian's Prometheus as a plain process on loopback, out of one folder, with a past that the test wrote."""

import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import requests

from tests.ports import free_ports
from tests.process import Process

_TIMEOUT = 30.0
#: A past of any age stays.
_KEEP = "--storage.tsdb.retention.time=100y"


class NotInstalled(Exception):
    """No Prometheus on this machine; the message names the cure."""


class PrometheusServer:
    """A Prometheus that scrapes nothing."""

    def __init__(self, folder: Path) -> None:
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
        (self._folder / "prometheus.yml").write_text("{}\n")
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
