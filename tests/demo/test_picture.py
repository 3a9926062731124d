"""What the demo shows, in a terminal, in a pipe, and as a file."""

import io
import logging
from pathlib import Path

import pytest
from rich.console import Console

from scaler.demo.picture import Picture, chart
from scaler.demo.plot import NoPlot, check, save
from scaler.demo.record import Record, Sample, Scaling


@pytest.fixture
def record() -> Record:
    record = Record()
    counts = [(0, 0, 0), (3, 400, 0), (4, 400, 10), (10, 100, 10), (15, 0, 2), (20, 0, 0)]
    record.samples = [Sample(float(at), depth, replicas, replicas) for at, depth, replicas in counts]
    record.bursts = [(3.0, 400)]
    record.scalings = [Scaling(4.0, 0, 10, "queue: 400 at 40 each asks for 10"), Scaling(20.0, 10, 0, "no work")]
    record.published = record.processed = 400
    return record


@pytest.mark.parametrize("width", [20, 80, 200])
def test_the_live_picture_fits_its_terminal(record: Record, width: int) -> None:
    console = Console(file=io.StringIO(), width=width, height=24, force_terminal=True)
    with Picture(console, record) as picture:
        picture.show()
    console = Console(width=width, height=24, record=True, file=io.StringIO())
    console.print(picture.render(width))
    lines = console.export_text().splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= width


def test_a_pipe_gets_plain_lines(record: Record) -> None:
    console = Console(file=io.StringIO(), force_terminal=False)
    with Picture(console, record) as picture:
        picture.show()
        picture.summary()
    written = console.file.getvalue()  # type: ignore[attr-defined]
    assert "scaled 0 -> 10: queue: 400 at 40 each asks for 10" in written
    assert "400 / 400 / 0" in written
    assert "\x1b" not in written


def test_the_chart_shows_the_highest_value_of_each_slice() -> None:
    drawn = chart([(0.0, 0.0), (30.0, 8.0), (59.0, 4.0)], columns=4, height=2).split("\n")
    assert drawn == ["  █", "  ██"]


def test_the_scaler_says_when_it_scaled() -> None:
    record = Record()
    log = logging.getLogger("test-record")
    log.handlers, log.propagate = [record], False
    log.setLevel(logging.INFO)
    log.info("scaled", extra={"rule": "a/b", "from": 0, "to": 3, "why": "work"})
    log.warning("not scaled", extra={"error": "busy"})
    assert [scaling[1:] for scaling in record.scalings] == [(0, 3, "work")]
    assert record.warnings == ["not scaled busy"]


def test_the_verdict(record: Record) -> None:
    assert record.full_circle()
    assert record.reactions() == [1.0]
    record.processed = 399
    assert record.lost == 1
    assert not record.full_circle()


@pytest.mark.parametrize(("suffix", "magic"), [(".svg", b"<?xml"), (".png", b"\x89PNG")])
def test_plots_are_written(record: Record, tmp_path: Path, suffix: str, magic: bytes) -> None:
    path = tmp_path / f"demo{suffix}"
    check(path)
    save(record, path)
    assert path.read_bytes().startswith(magic)


@pytest.mark.parametrize(("name", "message"), [("demo.gif", ".svg or .png"), ("nowhere/demo.svg", "no such folder")])
def test_plots_that_cannot_be(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(NoPlot, match=message):
        check(tmp_path / name)
