"""The demo in a terminal: queue depth and replicas over time, live; plain lines where nobody watches."""

from collections.abc import Sequence

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from scaler.demo.record import Record

#: Seconds that the width of the picture shows.
SPAN = 60.0
_BLOCKS = " ▁▂▃▄▅▆▇█"
_CHART_HEIGHT = 6


class Picture:
    """Shows a record while it grows."""

    def __init__(self, console: Console, record: Record) -> None:
        self._console = console
        self._record = record
        self._live: Live | None = None
        self._told = 0
        self._second = -1

    def __enter__(self) -> "Picture":
        if self._console.is_terminal:
            self._live = Live(console=self._console, auto_refresh=False)
            self._live.start()
        return self

    def __exit__(self, *error: object) -> None:
        if self._live is not None:
            self._live.stop()

    def show(self) -> None:
        """The present state."""
        if self._live is not None:
            self._live.update(self.render(self._console.width), refresh=True)
        else:
            self._lines()

    def render(self, width: int) -> RenderableType:
        """Both charts and the last decisions, `width` columns wide."""
        samples = self._record.samples
        columns = max(width - 4, 20)
        depth = chart([(sample.at, sample.depth) for sample in samples], columns)
        replicas = chart([(sample.at, sample.replicas) for sample in samples], columns)
        now = samples[-1] if samples else None
        most = max((sample.depth for sample in samples), default=0)
        waiting = f"messages waiting: {now.depth if now else 0} (most: {most})"
        count = f"replicas: {now.replicas if now else 0} ({now.ready if now else 0} ready)"
        return Group(
            Panel(Text(depth, style="yellow"), title=waiting, title_align="left"),
            Panel(Text(replicas, style="green"), title=count, title_align="left"),
            Text("\n".join(self._decisions()), overflow="ellipsis", no_wrap=True),
        )

    def _decisions(self) -> list[str]:
        last = self._record.scalings[-4:]
        said = [f"{each.at:4.0f} s  {each.before:>2} -> {each.after:<2}  {each.why}" for each in last]
        return [*said, *[""] * (4 - len(said))]

    def _lines(self) -> None:
        for each in self._record.scalings[self._told :]:
            self._say(f"{each.at:4.0f} s  scaled {each.before} -> {each.after}: {each.why}")
        self._told = len(self._record.scalings)
        last = self._record.samples[-1]
        if int(last.at) != self._second:
            self._second = int(last.at)
            bar = "█" * min(last.replicas, 20)
            self._say(f"{last.at:4.0f} s  waiting {last.depth:4}  replicas {last.replicas:2}  {bar}")

    def _say(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)

    def summary(self) -> None:
        """What it came to."""
        record = self._record
        table = Table(box=None, show_header=False, pad_edge=False)
        rows = [
            ("replicas", f"0 -> {max(sample.replicas for sample in record.samples)} -> {record.samples[-1].replicas}"),
            ("most messages waiting", str(max(sample.depth for sample in record.samples))),
            ("burst to scale-up", ", ".join(f"{seconds:.1f} s" for seconds in record.reactions())),
            ("changes of the count", str(len(record.scalings))),
            ("messages published / done / lost", f"{record.published} / {record.processed} / {record.lost}"),
        ]
        for name, value in rows:
            table.add_row(name, value)
        self._console.print(table)
        for warning in record.warnings:
            self._say(f"warning: {warning}")


def chart(points: Sequence[tuple[float, float]], columns: int, height: int = _CHART_HEIGHT) -> str:
    """Columns of blocks: the highest value of each slice of SPAN seconds, the top row being the highest of all."""
    top = max([value for _, value in points] + [1.0])
    span = max(SPAN, points[-1][0]) if points else SPAN
    slices = [-1.0] * columns
    for at, value in points:
        column = min(int(at / span * columns), columns - 1)
        slices[column] = max(slices[column], value)
    filled = _carried(slices, int(points[-1][0] / span * columns) if points else -1)
    rows = []
    for row in range(height - 1, -1, -1):
        levels = (value / top * height - row for value in filled)
        rows.append("".join(_BLOCKS[max(0, min(8, round(level * 8)))] for level in levels).rstrip())
    return "\n".join(rows)


def _carried(slices: list[float], last: int) -> list[float]:
    """A slice without a look has the value of the one before; there is nothing after the last look."""
    filled: list[float] = []
    for column, value in enumerate(slices):
        known = value if value >= 0 else (filled[-1] if filled else 0.0)
        filled.append(known if column <= last else 0.0)
    return filled
