"""The dashboards: what is kept is what the code makes, Prometheus takes every query, every panel says what it is.

Grafana's own linter cannot be had from the module proxy; what it would look at is looked at here. What the queries find
is shown by tests/e2e/test_observed.py.
"""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from dashboards.__main__ import FOLDER, rendered
from scaler.metrics import Metrics
from tests.test_alerts import exposed

BOARDS: dict[str, dict[str, Any]] = {name: json.loads(text) for name, text in rendered().items()}
#: What Grafana puts in the place of its variables.
CHOSEN = {"$__rate_interval": "1m", "$namespace": "shop|team", "$deployment": ".+"}


class Query(NamedTuple):
    """One of a panel or an annotation."""

    where: str
    expr: str

    def filled(self, chosen: dict[str, str]) -> str:
        """With values in the place of variables."""
        text = self.expr
        for variable, value in chosen.items():
            text = text.replace(variable, value)
        return text


def queries() -> Iterator[Query]:
    for name, board in BOARDS.items():
        for panel in board["panels"]:
            yield from (Query(f"{name}: {panel['title']}", target["expr"]) for target in panel["targets"])
        yield from (
            Query(f"{name}: {each['name']}", each["expr"]) for each in board.get("annotations", {}).get("list", [])
        )


def test_what_is_kept_is_what_the_code_makes() -> None:
    """Renewed by `python -m dashboards`."""
    kept = {path.name: path.read_text() for path in FOLDER.glob("*.json")}
    assert kept == rendered()
    component = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())
    assert set(component["configMapGenerator"][0]["files"]) == set(kept)


def test_prometheus_takes_every_query(tmp_path: Path) -> None:
    rules = [{"record": f"query:{number}", "expr": query.filled(CHOSEN)} for number, query in enumerate(queries())]
    assert len(rules) >= 40
    assert not any("$" in rule["expr"] for rule in rules)
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"groups": [{"name": "queries", "rules": rules}]}))
    done = subprocess.run(["promtool", "check", "rules", "rules.yaml"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_metric_is_one() -> None:
    there = {name for family in Metrics().registry.collect() for name in exposed(family)}
    named = {name for query in queries() for name in re.findall(r"\b(?:scaler|process)_\w+", query.expr)}
    assert named - there == set()
    # And every one of ours is looked at somewhere.
    seen = {re.sub(r"_(bucket|sum|count|total)$", "", name) for name in named}
    ours = {family.name for family in Metrics().registry.collect() if family.name.startswith("scaler_")}
    assert ours - seen == set()


@pytest.mark.parametrize("name", BOARDS)
def test_every_panel_says_what_it_is(name: str) -> None:
    board = BOARDS[name]
    assert board["uid"] == name.removesuffix(".json")
    assert board["templating"]["list"][0]["name"] == "datasource"
    assert board["links"][0]["includeVars"]
    titles = [panel["title"] for panel in board["panels"]]
    assert len(titles) == len(set(titles))
    for panel in board["panels"]:
        assert panel["description"].endswith(".")
        assert panel["fieldConfig"]["defaults"]["unit"]
        assert panel["datasource"]["uid"] == "${datasource}"
        assert panel["targets"]
        assert all(target["datasource"]["uid"] == "${datasource}" for target in panel["targets"])


@pytest.mark.parametrize("name", BOARDS)
def test_panels_lie_side_by_side(name: str) -> None:
    """In a grid of 24 columns, none over another."""
    taken: set[tuple[int, int]] = set()
    for panel in BOARDS[name]["panels"]:
        place = panel["gridPos"]
        columns = range(place["x"], place["x"] + place["w"])
        cells = {(x, y) for x in columns for y in range(place["y"], place["y"] + place["h"])}
        assert max(x for x, _ in cells) < 24
        assert not cells & taken
        taken |= cells
