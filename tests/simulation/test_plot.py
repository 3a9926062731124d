"""The picture: the same for the same runs, complete, and no spike lost."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as some

from scaler.simulation.plot import NoPlot, check, save
from scaler.simulation.run import Setting, simulate
from scaler.simulation.summary import summary
from scaler.simulation.thin import corners, merged, thinned
from tests.rules import rule
from tests.simulation.golden import FOLDER, PICTURES, picture
from tests.simulation.traces import candidate, trace

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_are_drawn_as_they_were_seen(name: str) -> None:
    """Renewed, and then looked at, by `python -m tests.simulation.golden`."""
    assert picture(name).decode() == (FOLDER / f"{name}.svg").read_text()


def texts(svg: bytes) -> list[str]:
    return ["".join(each.itertext()).strip() for each in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def test_a_comparison_names_everything() -> None:
    said = texts(picture("simulation-compared"))
    assert {"2 rules on one trace", "depth of the queue", "messages", "replicas", "held back"} <= set(said)
    assert {"sharp.yaml: 0.9 replica-hours", "min 0, max 8", "gentle.yaml: 1.2 replica-hours"} <= set(said)
    assert {"rate limited", "at the maximum", "stabilized", "minutes since the start of the trace"} <= set(said)
    assert "trigger failing" not in said


def test_a_record_with_dates() -> None:
    said = texts(picture("simulation-recorded"))
    assert {"shop/worker", "recorded depth: orders, invoices", "trigger failing", "time (UTC)", "Jan-02"} <= set(said)


@pytest.mark.parametrize(
    ("step", "label"),
    [(1, "seconds"), (60, "minutes"), (1800, "hours"), (86_400, "days")],
)
def test_the_unit_of_time_suits_the_trace(tmp_path: Path, step: float, label: str) -> None:
    run = simulate(candidate(rule(pollingInterval=step)), trace(step, orders=[1, 5, 0] * 20), Setting())
    save([run], [summary(run)], tmp_path / "a.svg")
    assert f"{label} since the start of the trace" in texts((tmp_path / "a.svg").read_bytes())


def test_names_of_users_are_text(tmp_path: Path) -> None:
    run = simulate(candidate(label='<b>"$x_1$" & co</b>'), trace(orders=[1, 5, 0]), Setting())
    save([run], [summary(run)], tmp_path / "a.svg")
    assert '<b>"$x_1$" & co</b>' in texts((tmp_path / "a.svg").read_bytes())
    save([run], [summary(run)], tmp_path / "a.html")
    assert "<b>" not in (tmp_path / "a.html").read_text()


def test_the_page_needs_nothing_else(tmp_path: Path) -> None:
    runs = PICTURES["simulation-compared"]()
    save(runs, [summary(run) for run in runs], tmp_path / "a.html")
    page = (tmp_path / "a.html").read_text()
    assert not re.findall(r'(?:src|href)="(?!#)', page)
    assert "@import" not in page
    assert "prefers-color-scheme: dark" in page
    assert '<th scope="row">95 % waited at most</th>' in page
    used, known = set(re.findall(r"var\((--\w+)\)", page)), set(re.findall(r"(--\w+): #", page))
    assert used <= known


def test_a_png_is_written(tmp_path: Path) -> None:
    runs = PICTURES["simulation-recorded"]()
    save(runs, [summary(run) for run in runs], tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "column", [["error", "error", ""], [0, 0, 0], [5, "error", "error"]], ids=["no reading at all", "no work", "one"]
)
def test_traces_with_little_to_see(tmp_path: Path, column: list[float | str]) -> None:
    run = simulate(candidate(), trace(orders=column), Setting())
    save([run], [summary(run)], tmp_path / "a.svg")
    assert "replicas" in texts((tmp_path / "a.svg").read_bytes())


@pytest.mark.parametrize(("name", "message"), [("a.gif", ".svg, .png or .html"), ("nowhere/a.svg", "no such folder")])
def test_pictures_that_cannot_be(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(NoPlot, match=message):
        check(tmp_path / name)


@given(some.lists(some.floats(0, 1e6), min_size=1, max_size=400), some.integers(1, 20))
def test_no_spike_is_lost(values: list[float], slices: int) -> None:
    points = [(float(at), value) for at, value in enumerate(values)]
    kept = thinned(points, slices)
    assert len(kept) <= max(4 * (slices + 1), 1)
    assert kept == sorted(kept)
    assert set(kept) <= set(points)
    assert {min(values), max(values), values[0], values[-1]} <= {value for _, value in kept}


def test_steps_keep_their_corners() -> None:
    points = [(0.0, 1.0), (1.0, 1.0), (2.0, 3.0), (3.0, 3.0), (4.0, 3.0)]
    assert corners(points) == [(0, 1), (2, 3), (4, 3)]
    assert corners(points[:1]) == [(0, 1)]


def test_bars_that_nobody_could_tell_apart_are_one() -> None:
    assert merged([(0, 1), (1, 2), (2.5, 3), (10, 10.1)], 1) == [(0, 3.5), (10, 1)]
