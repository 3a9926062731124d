"""What the documents say is what the code does."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from scaler.command.group import PURPOSES, command, main
from scaler.handbook import parameters, parameters_page
from scaler.metrics import Metrics
from scaler.parse import parse
from scaler.pause import NAMES
from scaler.rule import Rule
from scaler.schema import RuleSchema
from scalers import known
from tests.broker_pages import path as broker_page
from tests.broker_pages import renewed
from tests.command_page import page as page_of_commands
from tests.metrics_page import PATH as METRICS
from tests.metrics_page import renewed as renewed_metrics
from tests.rules import rule

ROOT = Path(__file__).parents[1]
RULE = (ROOT / "docs" / "rule.md").read_text()
README = (ROOT / "README.md").read_text()


def row(field: str) -> list[str]:
    """The cells of the table row that documents a field."""
    (found,) = re.findall(rf"^\| `{field}` \|.*$", RULE, re.MULTILINE)
    return [cell.strip() for cell in found.strip("|").split("|")]


@pytest.mark.parametrize(
    ("field", "default"),
    [
        ("pollingInterval", rule().polling_interval),
        ("cooldownPeriod", rule().cooldown_period),
        ("minReplicaCount", rule().min_replicas),
        ("maxReplicaCount", rule().max_replicas),
    ],
)
def test_defaults_are_those_of_the_code(field: str, default: float) -> None:
    assert float(row(field)[1]) == default


def test_every_field_is_documented() -> None:
    fields = {str(field.alias) for field in RuleSchema.model_fields.values()} - {"advanced"}
    assert all(row(field) for field in fields)


def test_every_annotation_is_documented() -> None:
    assert all(f"scalerule.dev/{name}" in RULE for name in NAMES)


def test_every_metric_is_documented() -> None:
    """Renewed by `python -m tests.metrics_page`."""
    assert METRICS.read_text() == renewed_metrics()
    names = {family.name for family in Metrics().registry.collect() if family.name.startswith("scaler_")}
    assert len(names) >= 20
    assert names - {name.removesuffix("_total") for name in re.findall(r"`(scaler_\w+)`", METRICS.read_text())} == set()


def test_the_webhook_is_documented() -> None:
    page = (ROOT / "docs" / "webhook.md").read_text()
    flags = {flag for option in command("run").params for flag in option.opts if "webhook" in flag}
    assert flags
    assert all(flag in page for flag in flags)


def test_every_command_is_in_the_readme() -> None:
    assert all(f"scaler {name}" in README or f"make {name}" in README for name in PURPOSES)


def test_the_rule_of_the_readme_is_valid() -> None:
    (block,) = re.findall(r"scalerule.dev/rule: \|\n(.*?)spec:", README, re.DOTALL)
    assert isinstance(parse({"scalerule.dev/rule": block}), Rule)


def test_the_rule_of_the_tutorial_is_valid() -> None:
    """`scaler validate` of the manifest that is to be copied says what the page says that it says."""
    page = (ROOT / "docs" / "tutorial.md").read_text()
    (manifest,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    done = CliRunner().invoke(main, ["validate", "-", "-o", "table"], input=manifest)
    assert done.exit_code == 0
    assert " ".join(done.stdout.split()) in " ".join(page.split())


@pytest.mark.parametrize("kind", known())
def test_every_broker_has_a_page_of_what_the_models_say(kind: str) -> None:
    """Renewed by `python -m tests.broker_pages`."""
    page = broker_page(kind).read_text()
    assert page == renewed(kind)
    assert parameters(kind) in page
    assert f"(brokers/{kind}.md)" in (ROOT / "docs" / "triggers.md").read_text()
    assert parameters(kind) in parameters_page()


@pytest.mark.parametrize("kind", known())
def test_the_errors_that_a_broker_page_explains_are_those_of_the_code(kind: str) -> None:
    page = broker_page(kind).read_text().partition("## What goes wrong")[2].partition("##")[0]
    told = [text for cell in re.findall(r"^\| (`.*?) \|", page, re.MULTILINE) for text in re.findall("`(.*?)`", cell)]
    assert len(told) >= 3
    code = "".join(path.read_text() for path in (ROOT / "scalers").rglob("*.py"))
    assert [text for text in told if text not in code] == []


PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for path, anchor in re.findall(r"\]\((?!https?:)([^)#]*)#?([^)]*)\)", page.read_text()):
        found = page.parent / path if path else page
        assert found.exists(), path
        assert not anchor or anchor in anchors(found), f"{path}#{anchor}"


def anchors(page: Path) -> set[str]:
    """As GitHub makes them of headings."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


def test_the_tests_that_pages_name_are_there() -> None:
    named = {name for page in PAGES for name in re.findall(r"(?:\w+/)*test_\w+\.py", page.read_text())}
    assert len(named) >= 10
    there = {str(path) for path in (ROOT / "tests").rglob("test_*.py")}
    assert [name for name in named if not any(path.endswith(f"/{name}") for path in there)] == []


def test_the_page_of_the_command_is_what_it_says() -> None:
    """Renewed by `python -m tests.command_page > docs/cli.md`."""
    assert (ROOT / "docs" / "cli.md").read_text() == page_of_commands()


def test_every_page_is_in_the_navigation_of_the_site() -> None:
    site = (ROOT / "mkdocs.yml").read_text()
    assert [page.name for page in (ROOT / "docs").rglob("*.md") if page.name not in site] == []
