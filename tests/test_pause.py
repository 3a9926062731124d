"""The annotations that hold a Deployment: what is clear is done, what is not clear is told and holds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaler.pause import NAMES, pause
from scaler.rule import Pause
from tests.rules import invalid, rule


def read(**marks: str) -> Pause:
    return pause({f"scalerule.dev/{name.replace('_', '-')}": text for name, text in marks.items()})


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        pytest.param({}, Pause(), id="nothing written"),
        pytest.param({"paused": "true"}, Pause(paused=True), id="paused"),
        pytest.param({"paused": " True\n"}, Pause(paused=True), id="case and blanks do not matter"),
        pytest.param({"paused": "false"}, Pause(), id="not paused"),
        pytest.param({"paused_replicas": "3"}, Pause(replicas=3), id="go to 3"),
        pytest.param({"paused_replicas": "0"}, Pause(replicas=0), id="go to 0"),
        pytest.param({"paused_replicas": str(2**31 - 1)}, Pause(replicas=2**31 - 1), id="the most there is"),
        pytest.param({"paused": "true", "paused_replicas": "3"}, Pause(paused=True, replicas=3), id="both"),
        pytest.param({"paused": "false", "paused_replicas": "3"}, Pause(replicas=3), id="replicas alone pause"),
        pytest.param({"paused_scale_in": "true"}, Pause(scale_in=True), id="not down"),
        pytest.param({"paused_scale_out": "true"}, Pause(scale_out=True), id="not up"),
        pytest.param({"force_activation": "true"}, Pause(force_activation=True), id="active"),
    ],
)
def test_what_is_clear(marks: dict[str, str], expected: Pause) -> None:
    assert read(**marks) == expected


@pytest.mark.parametrize("text", ["", "yes", "1", "on", "truee", "nein", "x" * 1000], ids=lambda text: repr(text[:9]))
@pytest.mark.parametrize(
    ("mark", "field", "counts_as"),
    [
        ("paused", "paused", True),
        ("paused-scale-in", "scale_in", True),
        ("paused-scale-out", "scale_out", True),
        ("force-activation", "force_activation", False),
    ],
)
def test_neither_true_nor_false(mark: str, field: str, counts_as: bool, text: str) -> None:
    read = pause({f"scalerule.dev/{mark}": text})
    (problem,) = read.problems
    assert getattr(read, field) is counts_as
    assert problem.path == f"scalerule.dev/{mark}"
    effect = f"it counts as {'true' if counts_as else 'false'}"
    assert problem.message == f'must be "true" or "false", not {text[:40]!r}; until then {effect}'


@pytest.mark.parametrize(
    "text",
    ["", "-1", "1.5", "three", "+3", "3 pods", "0x3", "1e3", "٣", "²", "2147483648", "9" * 5000],
    ids=lambda text: repr(text[:12]),
)
def test_replicas_that_are_no_count_hold(text: str) -> None:
    held = read(paused_replicas=text)
    (problem,) = held.problems
    assert (held.paused, held.replicas) == (True, None)
    assert problem.path == "scalerule.dev/paused-replicas"
    assert problem.message.startswith("must be a whole number of at least 0, not ")
    assert problem.message.endswith("; until then the count is held")


def test_everything_unclear_is_told_at_once() -> None:
    unclear = pause({f"scalerule.dev/{name}": "?" for name in NAMES})
    assert {problem.path for problem in unclear.problems} == {f"scalerule.dev/{name}" for name in NAMES}


def test_an_unclear_annotation_leaves_the_rule_valid() -> None:
    held = rule(marks={"paused": "perhaps"}).pause
    assert held.paused
    assert held.problems


def test_an_invalid_rule_can_be_paused() -> None:
    assert invalid(marks={"paused-replicas": "3"}).pause == Pause(replicas=3)


@given(st.dictionaries(st.sampled_from([f"scalerule.dev/{name}" for name in NAMES]), st.text(max_size=30)))
def test_whatever_is_written_nothing_raises(annotations: dict[str, str]) -> None:
    read = pause(annotations)
    assert {problem.path for problem in read.problems} <= annotations.keys()
    assert "scalerule.dev/paused-replicas" not in annotations or read.paused or read.replicas is not None
