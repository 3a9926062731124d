"""`python -m benchmarks [NAME …]`: every figure beside its aim, into benchmarks/RESULTS.md (an hour)."""

import argparse
import subprocess
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Final

from benchmarks.figure import Figure, markdown
from benchmarks.machine import machine

#: The longest last.
NAMES: Final = ("command", "loop", "steady", "scene", "burst")
RESULTS: Final = Path(__file__).parent / "RESULTS.md"
INTRODUCTION: Final = """\
Written by `make bench`, or by `python -m benchmarks NAME` for one section: medians, with the aim that each was held
against. Machines differ and have neighbours: "held against" is what the same minutes made of something known. What is
not met, and why, is in docs/decisions/0017-speed.md.
"""


def main() -> None:
    """Those that are named, else all; rows are printed as they come, and written once a script has ended."""
    missed = 0
    for name in chosen():
        figures = []
        for figure in import_module(f"benchmarks.{name}").figures():
            figures.append(figure)
            print(" | ".join(figure.cells()), flush=True)
        write(name, figures)
        missed += sum(each.met is False for each in figures)
    print(f"written to {RESULTS.name}; {missed} aims are not met")


def chosen() -> Sequence[str]:
    """The scripts that were asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Every figure beside its aim.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(NAMES)}; all of them if none")
    names: list[str] = parser.parse_args().names
    if unknown := [name for name in names if name not in NAMES]:
        parser.error(f"{unknown[0]!r} is none of {', '.join(NAMES)}")
    return names or NAMES


def write(name: str, figures: Iterable[Figure]) -> None:
    """The section of a script; those of the others stay what they are."""
    found = sections()
    found[name] = f"{datetime.now(UTC):%Y-%m-%d}, commit `{_commit()}`. {machine()}.\n\n{markdown(figures)}"
    shown = (f"\n## {each}\n\n{found[each]}" for each in NAMES if each in found)
    RESULTS.write_text(f"# Results\n\n{INTRODUCTION}{''.join(shown)}")


def sections() -> dict[str, str]:
    """What was written before, by the name of the script."""
    written = RESULTS.read_text() if RESULTS.exists() else ""
    parts = (part.partition("\n\n") for part in written.split("\n## ")[1:])
    return {name: f"{text.strip()}\n" for name, _, text in parts}


def _commit() -> str:
    """What was measured; the results that were written just now make it no other."""
    git = ["git", "-C", str(RESULTS.parent)]
    said = subprocess.run([*git, "describe", "--always"], capture_output=True, text=True, check=False).stdout.strip()
    changed = subprocess.run([*git, "diff", "--quiet", "HEAD", "--", ":/", f":!{RESULTS.name}"], check=False).returncode
    return f"{said}-dirty" if changed else said


if __name__ == "__main__":
    main()
