"""What a release consists of: built here as far as a machine without a registry can, and its parts agree."""

import json
import os
import re
import subprocess
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
BUILD = ROOT / "release" / "build"
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yaml"))


def release(part: str, folder: Path) -> Path:
    """Where a part was built."""
    subprocess.run([BUILD, part], check=True, env={**os.environ, "DIST": str(folder)}, capture_output=True)
    return folder


def wheel(folder: Path) -> Path:
    (built,) = release("wheel", folder).glob("scalerule-*.whl")
    return built


def uv(*arguments: str | Path) -> None:
    subprocess.run([ROOT / ".venv/bin/uv", "--quiet", "--no-config", *arguments], check=True)


def test_it_installs_offline_into_an_empty_environment(tmp_path: Path) -> None:
    wheels, venv = release("wheelhouse", tmp_path / "dist") / "wheelhouse", tmp_path / "venv"
    uv("venv", venv)
    uv("pip", "install", "--python", venv, "--offline", "--no-index", "--find-links", wheels, "scalerule")

    def scaler(*arguments: str | Path) -> str:
        command = [venv / "bin/scaler", *arguments]
        return subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True).stdout

    assert scaler("--version") == f"scaler, version {PROJECT['version']}\n"
    examples = sorted((ROOT / "manifests" / "examples").glob("*.yaml"))
    told = [json.loads(line) for line in scaler("validate", "-o", "json", *examples).splitlines()]
    assert len(told) >= len(examples)
    assert all(each["valid"] for each in told)


def test_the_wheel_holds_the_packages_and_nothing_else(tmp_path: Path) -> None:
    held = {name for name in zipfile.ZipFile(wheel(tmp_path)).namelist() if ".dist-info/" not in name}
    command = ["git", "ls-files", "scaler", "scalers"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
    assert held == {name for name in listed if not name.endswith(".proto")}


def test_one_commit_gives_the_same_bytes(tmp_path: Path) -> None:
    assert wheel(tmp_path / "one").read_bytes() == wheel(tmp_path / "two").read_bytes()


def test_the_image_is_what_the_manifests_run() -> None:
    deployment = yaml.safe_load((ROOT / "manifests/base/deployment.yaml").read_text())
    pod = deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert container["image"] == f"{PROJECT['name']}:{PROJECT['version']}"
    user = pod["securityContext"]["runAsUser"]
    assert f"\nUSER {user}:{user}\n" in DOCKERFILE
    # Kubernetes runs the arguments alone where the image has no entry point.
    assert "ENTRYPOINT" not in DOCKERFILE
    (command,) = re.findall(r"^CMD (.*)$", DOCKERFILE, re.MULTILINE)
    assert yaml.safe_load(command) == container["args"]


def test_what_is_copied_is_let_in_and_nothing_else() -> None:
    copied = {
        name for line in re.findall(r"^COPY (?!--from)(.*) \S+$", DOCKERFILE, re.MULTILINE) for name in line.split()
    }
    ignore = (ROOT / ".dockerignore").read_text().split("\n")
    assert ignore[1] == "*"
    assert {line[1:] for line in ignore if line.startswith("!")} == copied
    assert all((ROOT / name).exists() for name in copied)


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_workflows_call_what_there_is(file: Path) -> None:
    jobs: dict[str, Any] = yaml.safe_load(file.read_text())["jobs"]
    steps = [step for job in jobs.values() for step in job.get("steps", [])]
    commands = "\n".join(step.get("run", "") for step in steps)
    (parts,) = re.findall(r"^    ((?:\w+ \| )+\w+)\) \"\$@\" ;;$", BUILD.read_text(), re.MULTILINE)
    assert set(re.findall(r"release/build (\w+)", commands)) <= set(parts.split(" | "))
    targets = " ".join(re.findall(r"^([a-z -]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)).split()
    assert set(" ".join(re.findall(r"make ([a-z ]+)", commands)).split()) <= set(targets)
    # A tag can be moved to another commit, a commit cannot be changed.
    used = [step["uses"] for step in steps if "uses" in step]
    assert [action for action in used if not re.search(r"@[0-9a-f]{40}$", action)] == []
    assert {need for job in jobs.values() for need in [job.get("needs", [])] if isinstance(need, str)} <= set(jobs)
