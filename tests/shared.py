"""One server for all workers of a test run: the first that needs it starts it, and stops it when all are done."""

import contextlib
import fcntl
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

State: TypeAlias = dict[str, Any]


@contextlib.contextmanager
def shared(folder: Path, start: Callable[[Path], tuple[State, Callable[[], None]]]) -> Iterator[State]:
    """Use the server in `folder`. `start` gives what others need to use it, and how to stop it."""
    folder.mkdir(parents=True, exist_ok=True)
    state, stop = folder / "state.json", None
    with (folder / "users").open("w") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        with (folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not state.exists():
                made, stop = start(folder)
                state.write_text(json.dumps(made))
        try:
            yield json.loads(state.read_text())
        finally:
            if stop is not None:
                # Its processes end with ours: wait until the others have done with it.
                fcntl.flock(users, fcntl.LOCK_EX)
                state.unlink()
                stop()
