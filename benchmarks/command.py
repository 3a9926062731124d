"""How long the command takes to start: `python -m benchmarks.command`. Held against `python -c pass`."""

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.figure import Figure

EXAMPLE = Path(__file__).parents[1] / "manifests" / "examples" / "rabbitmq.yaml"


def seconds(command: Sequence[str | Path], rounds: int) -> list[float]:
    """Of each of several calls, after one that fills caches."""
    times = []
    for _ in range(rounds + 1):
        began = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        times.append(time.perf_counter() - began)
    return times[1:]


def figures(rounds: int = 11) -> Iterator[Figure]:
    """Aims: 0.15 s for the help, 0.3 s for one file."""
    scaler, bare = Path(sys.executable).with_name("scaler"), seconds([sys.executable, "-c", "pass"], rounds)
    for arguments, aim in ((["--help"], 0.15), (["validate", str(EXAMPLE)], 0.3)):
        name = f"scaler {' '.join(Path(each).name for each in arguments)}"
        yield Figure(name, "s", seconds([scaler, *arguments], rounds), ("python -c pass", bare), aim)


if __name__ == "__main__":
    for each in figures():
        print(*each.cells(), sep=" | ")
