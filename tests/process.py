"""A server that a test run starts: its output in a file, its death noticed, and never outliving whoever started it."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.wait import wait


class Died(Exception):
    """A process ended by itself; the message holds the end of its log."""


class Process:
    """One child process. The kernel kills it when its parent dies, however that happens."""

    def __init__(
        self, name: str, command: Sequence[str | Path], log: Path, env: Mapping[str, str] | None = None
    ) -> None:
        self.name = name
        self.log = log
        # In a session of its own, so that Ctrl-C reaches pytest alone, which then stops everything in order.
        with log.open("ab") as output:
            self._child = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "--", *map(str, command)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, **(env or {})},
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def alive(self) -> bool:
        return self._child.poll() is None

    def check(self) -> None:
        """Raise Died if it has ended."""
        if not self.alive:
            raise Died(f"{self.name} ended with status {self._child.returncode}; the end of {self.log}:\n{self.tail()}")

    def tail(self, lines: int = 20) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def wait_until(self, answers: Callable[[], bool], timeout: float) -> None:
        """Until `answers()` is true; Died if it ends before."""

        def ready() -> bool:
            self.check()
            return answers()

        wait(ready, timeout, lambda: f"{self.name} ready; the end of {self.log}:\n{self.tail()}")

    def stop(self, timeout: float = 15.0) -> float:
        """SIGTERM, then wait. How long it took, in seconds; AssertionError (and SIGKILL) after `timeout`."""
        started = time.monotonic()
        self.signal(signal.SIGTERM)
        try:
            self._child.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self.name} did not end in {timeout:g} s; its log:\n{self.tail()}") from None
        return time.monotonic() - started

    def kill(self) -> None:
        """SIGKILL, then wait."""
        self.signal(signal.SIGKILL)
        self._child.wait()

    def signal(self, number: int) -> None:
        if self.alive:
            self._child.send_signal(number)

    @property
    def status(self) -> int | None:
        """The exit status, None while it lives."""
        return self._child.poll()
