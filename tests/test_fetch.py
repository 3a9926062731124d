"""Files that a rule may read: below its namespace's folder, and nowhere else."""

import os
from pathlib import Path

import pytest

from scaler.fetch import HOSTS, NAMESPACES, read_file, shared
from scaler.reference import Found, Reference
from scalers.source import Absent


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = tmp_path / "root"
    for name in ("shop", "bank", "shop-other"):
        (made / name / "sub").mkdir(parents=True)
        (made / name / "sub" / "token").write_text(name)
    (tmp_path / "outside").write_text("outside")
    os.symlink(tmp_path / "outside", made / "shop" / "link")
    os.symlink(made / "bank", made / "shop" / "neighbour")
    os.symlink(made / "shop" / "sub" / "token", made / "shop" / "inside")
    (made / "shop" / "binary").write_bytes(b"\xff")
    return made


def read(root: Path | None, name: str) -> str:
    found = read_file(root, Reference("file", "shop", name))
    return found.values[""] if isinstance(found, Found) else f"absent: {found.why}"


@pytest.mark.parametrize("name", ["/sub/token", "sub/token", "//sub/token", "sub/../sub/token", "inside"])
def test_its_own(root: Path, name: str) -> None:
    assert read(root, name) == "shop"


@pytest.mark.parametrize(
    "name",
    [
        "/../bank/sub/token",
        "../shop-other/sub/token",
        "link",
        "neighbour/sub/token",
        "/etc/passwd",
        "sub",
        "none",
        "",
        "binary",
        "a\0b",
        "x" * 5000,
    ],
)
def test_nothing_else(root: Path, name: str) -> None:
    assert read(root, name).startswith("absent: ")


def test_no_root_no_files() -> None:
    assert "the operator allows no files (--file-root)" in read(None, "token")


@pytest.mark.parametrize(
    ("annotations", "allowed"),
    [
        ({NAMESPACES: "sh* bank", HOSTS: ".example.com b.org"}, True),
        ({NAMESPACES: "bank"}, False),
        ({NAMESPACES: ""}, False),
        ({}, False),
        (None, False),
    ],
)
def test_a_shared_credential_names_who_may_use_it(annotations: dict[str, str] | None, allowed: bool) -> None:
    body = {"metadata": {"annotations": annotations}, "data": {"host": "YQ=="}}
    found = shared(Reference("shared", "shop", "team"), body)
    if allowed:
        assert found == Found({"host": "a"}, (".example.com", "b.org"))
    else:
        assert isinstance(found, Absent)
        assert "not shared with namespace 'shop'" in found.why


def test_objects_as_kubernetes_writes_them() -> None:
    secret = {"kind": "Secret", "data": {"a": "YQ==", "binary": "/w==", "junk": "%"}, "stringData": {"b": "b"}}
    assert Found.of(secret) == Found({"a": "a", "b": "b"})
    assert Found.of({"kind": "ConfigMap", "data": {"a": "YQ=="}, "binaryData": {"b": "YQ=="}}) == Found({"a": "YQ=="})
    assert Found.of({"kind": "Secret"}) == Found({})
