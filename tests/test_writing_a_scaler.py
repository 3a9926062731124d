"""The page "Writing a scaler": its package is installed, its test run, and its trigger type used."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.cluster.client import worker

PAGE = (Path(__file__).parents[1] / "docs" / "writing-a-scaler.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package of the page."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("installed")
    (source / "pyproject.toml").write_text(blocks("toml")[0])
    module, test = blocks("python")
    (source / "http_count.py").write_text(module)
    (target / "test_http_count.py").write_text(test)
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--disable-pip-version-check", f"--target={target}"]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, source], check=True, capture_output=True)
    return target


def run(installed: Path, *command: str, given: str = "") -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    return subprocess.run(
        [sys.executable, "-m", *command], input=given, env=environment, capture_output=True, text=True, check=False
    )


def manifest(**metadata: str) -> str:
    trigger = yaml.safe_load(blocks("yaml")[0])["triggers"][0]
    trigger["metadata"] |= metadata
    return yaml.safe_dump(worker("orders", {"scalerule.dev/rule": json.dumps({"triggers": [trigger]})}))


def test_its_own_test_passes(installed: Path) -> None:
    done = run(installed, "pytest", "-q", "-o", "asyncio_mode=auto", "-p", "no:cacheprovider", str(installed))
    assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_it_shows_in_the_schema_and_on_the_page_of_parameters(installed: Path) -> None:
    schema = json.loads(run(installed, "scaler", "schema").stdout)
    assert "http-count" in schema["$defs"]["TriggerSchema"]["properties"]["type"]["enum"]
    page = run(installed, "scaler", "schema", "--docs").stdout
    assert "| `url` | metadata, authentication, …FromEnv | required | string | Where the object is" in page


def test_its_rules_are_checked(installed: Path) -> None:
    verdict = json.loads(run(installed, "scaler", "validate", "-", "-o", "json", given=manifest()).stdout)
    assert verdict["valid"], verdict
    assert verdict["triggers"][0]["parameters"]["activationValue"] == 0
    wrong = json.loads(
        run(installed, "scaler", "validate", "-", "-o", "json", given=manifest(urll="x", url="ftp://x")).stdout
    )
    assert [error["message"] for error in wrong["errors"]] == [
        "unknown; did you mean 'url'?",
        "must begin with http:// or https://",
    ]


def test_its_rules_are_read(installed: Path) -> None:
    done = run(installed, "scaler", "read", "-f", "-", "-o", "json", given=manifest(url="http://127.0.0.1:1/"))
    (row,) = map(json.loads, done.stdout.splitlines())
    assert row["error"] == "cannot reach 127.0.0.1:1: Connection refused"
