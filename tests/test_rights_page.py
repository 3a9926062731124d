"""What docs/install.md says that each right is for: all that the manifests grant, and nothing else."""

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
TABLE = (ROOT / "docs" / "install.md").read_text().split("## What each right is for")[1].split("\n## ")[0]

Right = tuple[str, str, str]
"""Kind of the role, resource, verb."""


def granted() -> set[Right]:
    documents = yaml.safe_load_all((ROOT / "manifests" / "base" / "rbac.yaml").read_text())
    return {
        (role["kind"], resource, verb)
        for role in documents
        for entry in role.get("rules", ())
        for resource in entry["resources"]
        for verb in entry["verbs"]
    }


def told() -> set[Right]:
    found = set()
    for cell in re.findall(r"^\| ([^|]*`[^|]*) \|", TABLE, re.MULTILINE):
        role = "Role" if cell.startswith("in its own namespace") else "ClusterRole"
        for part in cell.split(";"):
            verbs = re.findall(r"\w+", part.rpartition("`")[2])
            found |= {(role, resource, verb) for resource in re.findall(r"`([\w/]+)`", part) for verb in verbs}
    return found


def test_every_right_is_told_and_no_other() -> None:
    assert told() == granted()
