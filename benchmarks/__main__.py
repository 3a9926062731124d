"""`python -m benchmarks [NAME …]`: every figure with its aim in one table, into benchmarks/RESULTS.md (an hour)."""

import subprocess
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Final

from benchmarks.figure import Figure, markdown
from benchmarks.machine import machine

#: The longest last.
NAMES: Final = ("command", "loop", "steady", "scene", "burst")
RESULTS: Final = Path(__file__).parent / "RESULTS.md"


def main() -> None:
    """Those that are named, else all; rows are printed as they come, and what is known is written after each script."""
    figures: list[Figure] = []
    for name in sys.argv[1:] or NAMES:
        for figure in import_module(f"benchmarks.{name}").figures():
            figures.append(figure)
            print(" | ".join(figure.cells()), flush=True)
        write(figures)
    print(f"written to {RESULTS.name}; {sum(each.met is False for each in figures)} aims are not met")


def write(figures: Iterable[Figure]) -> None:
    """The page."""
    written = f"Written by `make bench` on {datetime.now(UTC):%Y-%m-%d}, commit `{_commit()}`."
    RESULTS.write_text(f"# Results\n\n{written} {machine()}.\n\n{markdown(figures)}")


def _commit() -> str:
    asked = ["git", "-C", str(RESULTS.parent), "describe", "--always", "--dirty"]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()


if __name__ == "__main__":
    main()
