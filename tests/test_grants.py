"""The operator's file of identities."""

from pathlib import Path

import pytest

from scaler.grants import BadGrants, granted, within
from scalers import Identity


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


GOOD = """
- provider: aws
  namespaces: [team-*]
  hosts: [.amazonaws.com]
  roleArns: ["arn:aws:iam::1:role/queue-*"]
"""


def test_a_file(tmp_path: Path) -> None:
    grants = granted(write(tmp_path / "grants", GOOD))
    hosts = ["sqs.eu-west-1.amazonaws.com"]
    own, role = Identity(provider="aws"), Identity(provider="aws", role_arn="arn:aws:iam::1:role/queue-a")
    assert grants.refusal("team-a", own, hosts) is None
    assert grants.refusal("team-a", role, hosts) is None
    assert "roleArn" in str(grants.refusal("team-a", Identity(provider="aws", role_arn="arn:aws:iam::1:role/x"), hosts))
    assert "namespace 'other'" in str(grants.refusal("other", own, hosts))
    assert "host 'evil.com'" in str(grants.refusal("team-a", own, [*hosts, "evil.com"]))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("provider: aws", "must be a list"),
        ("- {provider: gcp, namespaces: [a], hosts: [b]}", "[0].provider"),
        ("- {provider: aws, namespaces: [], hosts: [b]}", "[0].namespaces"),
        ("- {provider: aws, namespaces: [a]}", "[0].hosts"),
        ("- {provider: aws, namespaces: [a], hosts: [b], role: c}", "[0].role"),
        ("- {", "grants"),
    ],
)
def test_a_file_that_is_not_clear(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(BadGrants) as caught:
        granted(write(tmp_path / "grants", text))
    assert why in str(caught.value)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(BadGrants, match="No such file"):
        granted(tmp_path / "none")


@pytest.mark.parametrize(
    ("host", "suffix", "expected"),
    [
        ("a.example.com", ".example.com", True),
        ("EXAMPLE.com.", "example.com", True),
        ("badexample.com", ".example.com", False),
        ("example.com.evil.org", ".example.com", False),
        ("anything", "", False),
        ("anything", ".", False),
    ],
)
def test_suffixes(host: str, suffix: str, expected: bool) -> None:
    assert within(host, [suffix]) is expected
