"""A trace in a file: what is accepted, and how every mistake is named."""

from pathlib import Path

import pytest

from scaler.simulation.table import read_table, write_table
from scaler.simulation.trace import EMPTY, ERROR, Trace, TraceError, iso, timestamp
from scalers import Reading
from tests.simulation.traces import arrivals, trace

NOON = 1767268800.0


def read(folder: Path, text: str | bytes, *, flows: bool = False) -> Trace:
    path = folder / "t.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_table(str(path), ["orders", "invoices"], flows=flows)


def refused(folder: Path, text: str | bytes, *, flows: bool = False) -> list[str]:
    with pytest.raises(TraceError) as caught:
        read(folder, text, flows=flows)
    return [line.removeprefix(str(folder) + "/") for line in str(caught.value).splitlines()]


def test_cells(tmp_path: Path) -> None:
    read_in = read(tmp_path, "time,orders,invoices\n0,5,0.25\n10.5,error,\n\n20, 1e3 ,ERROR\n")
    assert read_in.times == [0, 10.5, 20]
    assert read_in.readings == {
        "orders": [Reading(5, 5), ERROR, Reading(1000, 1000)],
        "invoices": [Reading(0.25, 0.25), EMPTY, ERROR],
    }
    assert not read_in.dated


@pytest.mark.parametrize(
    "text",
    [
        b"\xef\xbb\xbftime,orders\r\n0,1\r\n10,2\r\n",
        b"time,orders\n0,1\n10,2",
        b' time , orders \n0,"1"\n10, 2 \n\n\n',
        b"orders,time\n1,0\n2,10\n",
    ],
    ids=["BOM and CRLF", "no newline at the end", "blanks and quotes", "any order"],
)
def test_what_editors_make_of_it(tmp_path: Path, text: bytes) -> None:
    read_in = read(tmp_path, text)
    assert (read_in.times, [answer.value for answer in read_in.readings["orders"]]) == ([0, 10], [1, 2])  # type: ignore[union-attr]


@pytest.mark.parametrize("zone", ["", "Z", "+00:00"])
def test_dates_are_utc_unless_told(tmp_path: Path, zone: str) -> None:
    read_in = read(tmp_path, f"time,orders\n2026-01-01T12:00:00{zone},1\n2026-01-01T14:00:30.5+02:00,2\n")
    assert read_in.times == [NOON, NOON + 30.5]
    assert read_in.dated
    assert [read_in.moment(at) for at in read_in.times] == ["2026-01-01T12:00:00Z", "2026-01-01T12:00:30.500Z"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", ["t.csv: empty; the first line names the columns: time, invoices, orders"]),
        ("time,orders\n", ["t.csv: must have at least two rows below the header, has 0"]),
        ("time,orders\n0,1\n", ["t.csv: must have at least two rows below the header, has 1"]),
        ("time,ordres\n0,1\n", ["t.csv:1: unknown column 'ordres'; did you mean 'orders'?"]),
        ("time,zebra\n0,1\n", ["t.csv:1: unknown column 'zebra'; known: invoices, orders, time"]),
        ("orders\n1\n", ["t.csv:1: no column 'time'; there must be one"]),
        ("time,orders,orders\n0,1,1\n", ["t.csv:1: orders: this column is there twice"]),
        ("time;orders\n0;1\n", ["t.csv:1: the columns must be separated by commas"]),
        (
            "time,orders\n0,1\n10\n20,1,2\n",
            [
                "t.csv:3: has 1 cell where the header has 2 cells",
                "t.csv:4: has 3 cells where the header has 2 cells",
            ],
        ),
        ("time,orders\n10,1\n10,2\n", ["t.csv:3: time: '10' is there twice"]),
        (
            "time,orders\n10,1\n5,2\n",
            ["t.csv:3: time: '5' is before that of the row above: rows go forward in time"],
        ),
        (
            "time,orders\nsoon,1\n-5,1\n,1\nnan,1\n",
            [
                f"t.csv:{line}: time: must be seconds or ISO 8601 such as 2026-01-31T12:00:00Z, not {said}"
                for line, said in enumerate(["'soon'", "'-5'", "nothing", "'nan'"], start=2)
            ],
        ),
        (
            "time,orders\n0,1\n2026-01-01T00:00:00Z,1\n",
            ["t.csv:3: time: must be seconds as in the first row, not '2026-01-01T00:00:00Z'"],
        ),
        (
            "time,orders\n0,many\n1,-2\n2,nan\n3,inf\n4,1_0\n",
            [
                f"t.csv:{line}: orders: must be a number of at least 0, `error`, or empty for a reading that failed, "
                f"not '{said}'"
                for line, said in enumerate(["many", "-2", "nan", "inf", "1_0"], start=2)
            ],
        ),
        (
            "time,arrivals\n0,1\n",
            ["t.csv:1: 'arrivals' counts messages: it needs --service-rate, or must be the name of a trigger"],
        ),
        (b"time,orders\n0,\xff\n", ["t.csv: not text in UTF-8"]),
    ],
    ids=lambda value: repr(value)[:40] if isinstance(value, str | bytes) else "",
)
def test_mistakes_are_named(tmp_path: Path, text: str | bytes, told: list[str]) -> None:
    assert refused(tmp_path, text) == told


def test_arrivals(tmp_path: Path) -> None:
    read_in = read(tmp_path, "time,arrivals,departures,orders\n0,5,0,1\n10,2.5,1,error\n", flows=True)
    assert (read_in.arrivals, read_in.departures) == ([5, 2.5], [0, 1])
    assert list(read_in.readings) == ["orders"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("time,orders\n0,1\n", ["t.csv:1: no column 'arrivals'; there must be one"]),
        (
            "time,arrivals\n0,\n1,error\n",
            [
                "t.csv:2: arrivals: must be a number of messages, 0 or more, not nothing",
                "t.csv:3: arrivals: must be a number of messages, 0 or more, not 'error'",
            ],
        ),
        ("time,arivals\n0,1\n", ["t.csv:1: unknown column 'arivals'; did you mean 'arrivals'?"]),
    ],
)
def test_mistakes_in_arrivals(tmp_path: Path, text: str, told: list[str]) -> None:
    assert refused(tmp_path, text, flows=True)[0] == told[0]
    assert refused(tmp_path, text, flows=True)[-1] in (told[-1], "t.csv:1: no column 'arrivals'; there must be one")


def test_many_mistakes_are_counted(tmp_path: Path) -> None:
    told = refused(tmp_path, "time,orders\n" + "".join(f"{at},x\n" for at in range(25)))
    assert len(told) == 11
    assert told[-1] == "t.csv: and 15 more mistakes"


def test_a_trigger_may_be_called_arrivals(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("time,arrivals\n0,1\n10,error\n")
    assert read_table(str(path), ["arrivals"], flows=False).readings == {"arrivals": [Reading(1, 1), ERROR]}


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match=r"none.csv: No such file or directory"):
        read_table(str(tmp_path / "none.csv"), [], flows=False)
    with pytest.raises(TraceError, match="Is a directory"):
        read_table(str(tmp_path), [], flows=False)


@pytest.mark.parametrize(
    "written",
    [
        trace(orders=[1, "error", "", 0.1]),
        trace(start=NOON, orders=[12345678.5, 1, 2], invoices=["", "", 0]),
        arrivals(1, 2.25, 1e9, departures=[0, 1, 2]),
    ],
    ids=["readings", "large numbers", "arrivals"],
)
def test_what_is_written_is_read_back(tmp_path: Path, written: Trace) -> None:
    path = tmp_path / "t.csv"
    write_table(written, path)
    read_in = read_table(str(path), ["orders", "invoices"], flows=bool(written.arrivals))
    assert read_in == Trace(list(written.times), *(getattr(written, name) for name in written.__slots__[1:]))


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match="No such file"):
        write_table(trace(orders=[1, 2]), tmp_path / "none" / "t.csv")


def test_the_usual_distance_of_rows_is_the_median() -> None:
    assert Trace([0, 10, 20, 500, 510, 520], {}).step == 10
    assert Trace([0, 10, 20, 500], {}).hold(30) == 60
    assert Trace([0, 10, 20, 500], {}).hold(10) == 30


def test_times_in_words() -> None:
    assert iso(timestamp("2026-01-01T13:30:00+01:30")) == "2026-01-01T12:00:00Z"
    with pytest.raises(ValueError, match="Invalid isoformat"):
        timestamp("noon")
