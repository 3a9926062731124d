"""The alerts: promtool's own tests of them, and what they name is there."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.metrics_core import Metric

from scaler.metrics import Metrics

ROOT = Path(__file__).parents[1]
SPEC: dict[str, Any] = yaml.safe_load((ROOT / "manifests/components/alerts/rules.yaml").read_text())["spec"]
RULES = [rule for group in SPEC["groups"] for rule in group["rules"]]
ALERTS = [rule for rule in RULES if "alert" in rule]
TESTS = Path(__file__).parent / "alerts" / "alerts_test.yaml"


def promtool(*arguments: str, folder: Path) -> None:
    done = subprocess.run(["promtool", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_they_fire_and_are_silent(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(SPEC))
    promtool("check", "rules", "--lint=all", "--lint-fatal", "rules.yaml", folder=tmp_path)
    shutil.copy(TESTS, tmp_path)
    promtool("test", "rules", TESTS.name, folder=tmp_path)


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_each_is_tested_to_fire_and_has_a_runbook(alert: dict[str, Any]) -> None:
    tested = [each for test in yaml.safe_load(TESTS.read_text())["tests"] for each in test["alert_rule_test"]]
    assert [each for each in tested if each["alertname"] == alert["alert"] and each.get("exp_alerts")]
    anchor = alert["annotations"]["runbook_url"].rpartition("#")[2]
    headings = re.findall(r"^### (\w+)$", (ROOT / "docs" / "alerts.md").read_text(), re.MULTILINE)
    assert (alert["alert"], anchor) == (alert["alert"], alert["alert"].lower())
    assert alert["alert"] in headings


def exposed(family: Metric) -> set[str]:
    suffixes = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}.get(family.type, ("",))
    return {family.name + suffix for suffix in suffixes}


def test_every_metric_is_one() -> None:
    there = {name for family in Metrics().registry.collect() for name in exposed(family)}
    named = {name for rule in RULES for name in re.findall(r"(?<!:)\bscaler_\w+(?!:)\b", rule["expr"])}
    assert len(named) >= 10
    assert named - there == set()


def test_labels_of_rules_are_not_taken_for_those_of_the_pod() -> None:
    monitor = yaml.safe_load((ROOT / "manifests/components/service-monitor/monitor.yaml").read_text())
    assert all(endpoint["honorLabels"] for endpoint in monitor["spec"]["endpoints"])
