"""The demo as a picture to keep: depth above, replicas below, over the same time."""

from pathlib import Path

from scaler.demo.record import Record

SUFFIXES = (".svg", ".png")


class NoPlot(Exception):
    """A picture that cannot be made, and the cure."""


def check(path: Path) -> None:
    """Raise NoPlot now rather than after a minute."""
    if path.suffix not in SUFFIXES:
        raise NoPlot(f"{path}: a plot ends in {' or '.join(SUFFIXES)}")
    if not path.absolute().parent.is_dir():
        raise NoPlot(f"{path}: there is no such folder")
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise NoPlot("a plot needs matplotlib: pip install 'scalerule[plot]'") from error


def save(record: Record, path: Path) -> None:
    """Write the picture."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    times = [sample.at for sample in record.samples]
    figure = Figure(figsize=(9, 5), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    above.fill_between(times, [sample.depth for sample in record.samples], color="#d98f00", alpha=0.35, linewidth=0)
    above.plot(times, [sample.depth for sample in record.samples], color="#d98f00")
    above.set_ylabel("messages not done")
    for at, messages in record.bursts:
        above.annotate(f"+{messages} messages", (at, messages), (4, 6), textcoords="offset points", fontsize=9)
    below.step(times, [sample.replicas for sample in record.samples], where="post", color="#1f7a4d", label="replicas")
    below.step(
        times,
        [sample.ready for sample in record.samples],
        where="post",
        color="#1f7a4d",
        linestyle=":",
        label="ready",
    )
    for scaling in record.scalings:
        below.annotate(str(scaling.after), (scaling.at, scaling.after), (3, 3), textcoords="offset points", fontsize=8)
    below.set_ylabel("replicas")
    below.yaxis.set_major_locator(MaxNLocator(integer=True))
    below.set_xlabel("seconds")
    below.legend(loc="upper right", frameon=False)
    for axes in (above, below):
        axes.set_ylim(bottom=0)
        axes.margins(y=0.15)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", alpha=0.25)
    most = max(sample.replicas for sample in record.samples)
    above.set_title(f"From 0 to {most} and back to 0: {record.published} messages, lost: {record.lost}", loc="left")
    figure.savefig(path)
