"""One cluster and one broker for all workers of a test run, started by the first test that asks.

pytest-xdist runs tests in several processes that come and go, so none of them can own a server. A keeper process does
(tests/keeper.py); it ends with the test run, also when that is killed.
"""

import fcntl
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil

from tests.wait import wait

_ROOT = Path(__file__).parents[1]
_TIMEOUT = 90.0


class Failed(Exception):
    """A shared server could not be started; the message is the keeper's own."""


def shared(what: str, folder: Path) -> dict[str, Any]:
    """What the keeper of `what` (`cluster`, `rabbitmq`) says of it. `folder` is the whole run's."""
    place = folder / what
    with (folder / f"{what}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (place / "ready.json").exists():
            _start(what, place)
    said: dict[str, Any] = json.loads((place / "ready.json").read_text())
    return said


def end(folder: Path) -> None:
    """Stop every keeper of this run, and wait until it is gone."""
    for path in folder.glob("*/keeper.pid"):
        try:
            keeper = psutil.Process(int(path.read_text()))
            keeper.send_signal(signal.SIGTERM)
            keeper.wait(30)
        except psutil.NoSuchProcess:
            pass
        path.unlink(missing_ok=True)


def _start(what: str, place: Path) -> None:
    if (place / "failed").exists():
        raise Failed(_tail(place))
    place.mkdir()
    # A worker of xdist is a child of the pytest that a person started; without xdist that is this very process.
    owner = os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()
    with (place / "keeper.log").open("w") as log:
        command = [sys.executable, "-m", "tests.keeper", what, str(place), str(owner)]
        keeper = subprocess.Popen(
            command, cwd=_ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    (place / "keeper.pid").write_text(str(keeper.pid))
    wait(lambda: (place / "ready.json").exists() or keeper.poll() is not None, _TIMEOUT, lambda: _tail(place))
    if keeper.poll() is not None:
        (place / "failed").touch()
        raise Failed(_tail(place))


def _tail(place: Path) -> str:
    lines = (place / "keeper.log").read_text().splitlines()
    return "\n".join([f"no {place.name} for the tests:", *lines[-25:]])
