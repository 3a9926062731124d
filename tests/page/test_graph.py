"""The drawing says what was: lines end where nobody looked, errors are no numbers, everything stays in its frame."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaler.decide import Reason
from scaler.page.graph import HEIGHT, PANELS, ROWS, SPAN, WIDTH, Graph, graph, number
from scaler.trace import Past, Sample

NOW = 1_790_000_000.0
NAN = math.nan


def drawn(*samples: Sample, until: float = NOW, triggers: tuple[str, ...] = ("orders",)) -> Graph:
    return graph(Past(triggers, list(samples), until), NOW)


def sample(
    minutes: float, value: float = 10, replicas: int | None = 1, ready: int = 1, held: Reason | None = None
) -> Sample:
    """So many minutes ago."""
    return Sample(NOW - 60 * minutes, (value,), replicas, ready, held)


def test_a_reading_is_steps_from_left_to_right() -> None:
    reading, replicas = drawn(sample(60, 0, 0, 0), sample(30, 100, 10, 0), sample(15, 50, 5, 10)).panels
    assert reading.lines[0].path == "M0.0 100.0H360.0L360.0 0.0H540.0L540.0 50.0H720.0"
    assert (reading.top, reading.lines[0].latest) == ("100", "50")
    assert [(line.name, line.latest) for line in replicas.lines] == [("ready", "10"), ("decided", "5")]
    assert replicas.lines[1].path == reading.lines[0].path
    assert reading.words == "orders, the last hour, 0 to 100: reading now 50"


def test_an_error_breaks_the_line_and_is_shaded() -> None:
    reading, replicas = drawn(sample(60), sample(30, NAN, held=Reason.HELD), sample(15)).panels
    assert reading.lines[0].path == "M0.0 0.0H360.0M540.0 0.0H720.0"
    assert [(each.x, each.width, each.words) for each in reading.bands] == [(360, 180, "orders could not be read")]
    assert [each.words for each in replicas.bands] == ["held by TriggerFailing"]


def test_an_error_now_is_said() -> None:
    assert drawn(sample(60), sample(1, NAN)).panels[0].lines[0].latest == "an error"


def test_where_nobody_looked_there_is_neither_line_nor_shade() -> None:
    reading, replicas = drawn(sample(60), sample(40, NAN, None), sample(20)).panels
    for panel in (reading, replicas):
        assert panel.lines[-1].path == "M0.0 0.0H240.0M480.0 0.0H720.0"
        assert panel.bands == []
    assert drawn(sample(60), sample(40, NAN, None), sample(20)).changes[1].replicas == "nobody looked"


def test_a_line_ends_when_the_last_look_was() -> None:
    assert drawn(sample(60), until=NOW - 1800).panels[0].lines[0].path == "M0.0 0.0H360.0"


def test_what_is_older_than_an_hour_is_left_out_but_what_held_then_is_shown() -> None:
    shown = drawn(sample(150, 7), sample(90, 20), sample(30, 10))
    assert shown.panels[0].lines[0].path == "M0.0 0.0H360.0L360.0 50.0H720.0"
    assert len(shown.changes) == 2


def test_what_held_the_count_is_told_with_how_long() -> None:
    samples = sample(60, held=Reason.STABILIZED), sample(30, held=Reason.COOLDOWN), sample(0.5, NAN)
    assert drawn(*samples).shaded == [
        ("orders could not be read", "30 s"),
        ("held by Stabilized", "30 min"),
        ("held by CoolingDown", "30 min"),
    ]


def test_many_triggers_are_in_the_table_and_some_have_a_drawing() -> None:
    names = tuple(f"queue-{place}" for place in range(PANELS + 4))
    shown = graph(Past(names, [Sample(NOW - 60, (1.0,) * len(names), 1, 1, None)], NOW), NOW)
    assert [panel.title for panel in shown.panels] == [*names[:PANELS], "replicas"]
    assert (shown.more, shown.triggers, len(shown.changes[0].values)) == (4, names, len(names))


def test_the_table_is_the_newest_of_it() -> None:
    changes = drawn(*(sample(60 - each / 10, each) for each in range(200))).changes
    assert len(changes) == ROWS
    assert [each.values for each in changes[:2]] == [["199"], ["198"]]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (1200, "1200"), (0.25, "0.25"), (34e6, "34000000"), (3.4e12, "3.4e+12"), (1 / 3, "0.3333")],
)
def test_numbers_are_short(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize("most", [0, 0.3, 1, 1.5, 2, 9, 10, 11, 4999, 5000, 1e300, 1.7e308])
def test_the_scale_ends_at_a_round_number(most: float) -> None:
    panel = drawn(sample(30, most)).panels[0]
    assert float(panel.top) >= most * 0.999
    assert all(0 <= y <= HEIGHT for y in ys(panel.lines[0].path))


def ys(path: str) -> list[float]:
    return [float(found) for found in re.findall(r"[ML]\S+ ([\d.]+)", path)]


def xs(path: str) -> list[float]:
    return [float(found) for found in re.findall(r"[MLH]([\d.]+)", path)]


@given(
    st.lists(
        st.tuples(
            st.floats(-SPAN, 3 * SPAN),
            st.one_of(st.just(NAN), st.floats(0, 1e308)),
            st.one_of(st.none(), st.integers(0, 2**32 - 2)),
        ),
        max_size=30,
    )
)
def test_everything_stays_in_its_frame_also_when_clocks_jump(told: list[tuple[float, float, int | None]]) -> None:
    samples = [
        Sample(NOW - ago, (value,), replicas, 1, None)
        for ago, value, replicas in sorted(told, reverse=True, key=lambda each: each[0])
    ]
    until = samples[-1].at if samples else NOW
    for panel in graph(Past(("orders",), samples, until), NOW).panels:
        for line in panel.lines:
            assert all(0 <= x <= WIDTH for x in xs(line.path))
            assert all(0 <= y <= HEIGHT for y in ys(line.path))
        assert all(0 <= band.x <= band.x + band.width <= WIDTH + 1e-6 for band in panel.bands)
