"""The real command, as a process of its own: started, watched from outside, told to end, or killed."""

import json
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests
from prometheus_client.parser import text_string_to_metric_families

from tests.ports import free_ports
from tests.process import Process

_READY = 20.0
#: What a page may take.
_PAGE = 5.0
#: What it may take to end when it is told to.
_FAREWELL = 5.0


class Scaler:
    """A `scaler run` that somebody started, by its process and its two ports on loopback."""

    def __init__(self, process: Process, metrics: int, page: int) -> None:
        self.url = f"http://127.0.0.1:{metrics}"
        self.page_url = f"http://127.0.0.1:{page}"
        self._process = process

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.alive

    def wait_ready(self, timeout: float = _READY) -> None:
        """Until /readyz answers 200; Died with the end of its log if it ends before."""
        self._process.wait_until(self.ready, timeout)

    def ready(self) -> bool:
        try:
            return self.get("/readyz").ok
        except requests.RequestException:
            return False

    def stop(self, within: float = _FAREWELL) -> None:
        """SIGTERM; AssertionError unless it ends in so many seconds, with status 0."""
        if not self.alive:
            self._process.check()
        self._process.stop(within)
        assert self._process.status == 0, f"ended with status {self._process.status}:\n{self._process.tail()}"

    def kill(self) -> None:
        """As by a node that dies."""
        self._process.kill()

    def pause(self) -> None:
        """Take its time away, as by a node that hangs, until `resume`."""
        self._process.signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._process.signal(signal.SIGCONT)

    def leads(self, shard: int = 0) -> bool:
        """Whether it says that it has the Lease of a shard."""
        return self.metric("scaler_leader", shard=str(shard)) == 1

    def get(self, path: str, within: float = _PAGE) -> requests.Response:
        """A page of the metrics and health port; requests.ReadTimeout after so many seconds without a word."""
        session = requests.Session()
        session.trust_env = False
        return session.get(self.url + path, timeout=within)

    def page(self, path: str) -> requests.Response:
        """A page of the other port."""
        session = requests.Session()
        session.trust_env = False
        return session.get(self.page_url + path, timeout=_PAGE)

    def log(self) -> list[dict[str, Any]]:
        """Every line so far; one that is no JSON (a traceback) as {"message": line}."""
        return [_line(line) for line in self._process.log.read_text().splitlines()]

    def logged(self, text: bytes) -> int:
        """How often something is in the log so far, without asking the scaler anything."""
        return self._process.log.read_bytes().count(text)

    def metrics(self, within: float = _PAGE) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
        """Every sample by its name and labels."""
        families = text_string_to_metric_families(self.get("/metrics", within).text)
        samples = (sample for family in families for sample in family.samples)
        return {(sample.name, frozenset(sample.labels.items())): sample.value for sample in samples}

    def metric(self, name: str, **labels: str) -> float:
        """The sum of the samples of that name that have these labels; 0 where there are none."""
        wanted = set(labels.items())
        return sum(value for (found, having), value in self.metrics().items() if found == name and wanted <= having)


class Running(Scaler):
    """One that is started here, on ports of its own."""

    def __init__(self, folder: Path, kubeconfig: Path, flags: tuple[str, ...], env: Mapping[str, str]) -> None:
        metrics, page = free_ports(2)
        addresses = (f"--metrics-address=127.0.0.1:{metrics}", f"--page-address=127.0.0.1:{page}")
        command = (
            sys.executable,
            "-m",
            "scaler",
            "run",
            f"--kubeconfig={kubeconfig}",
            "--log-format=json",
            "--identity=test",
        )
        environment = {"SCALER_ALLOW_DESTINATION": "127.0.0.0/8", **env}
        log = folder / f"scaler-{metrics}.log"
        super().__init__(Process("scaler", [*command, *addresses, *flags], log, environment), metrics, page)


def _line(line: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(line)
    except ValueError:
        return {"message": line}
    return found
