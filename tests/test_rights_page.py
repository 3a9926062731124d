"""What docs/install.md says that each right is for: all that the manifests grant, and nothing else."""

import re
from pathlib import Path

from tests.e2e.test_rights import Right, granted

ROOT = Path(__file__).parents[1]
TABLE = (ROOT / "docs" / "install.md").read_text().split("## What each right is for")[1].split("\n## ")[0]


def told() -> set[Right]:
    found: set[Right] = set()
    for cell in re.findall(r"^\| ([^|]*`[^|]*) \|", TABLE, re.MULTILINE):
        role = "own" if cell.startswith("in its own namespace") else "all"
        for part in cell.split(";"):
            verbs = re.findall(r"\w+", part.rpartition("`")[2])
            found |= {(role, resource, verb) for resource in re.findall(r"`([\w/]+)`", part) for verb in verbs}
    return found


def test_every_right_is_told_and_no_other() -> None:
    assert told() == granted()
