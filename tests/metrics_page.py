"""The table of docs/metrics.md, from the registry: `python -m tests.metrics_page` renews it."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from prometheus_client.core import Metric
from prometheus_client.metrics import MetricWrapperBase

from scaler.metrics import Metrics

PATH = Path(__file__).parents[1] / "docs" / "metrics.md"
_TABLE = re.compile(r"(\| metric \| type \| labels \| meaning \|\n\|---\|---\|---\|---\|\n)(?:\|.*\n)*")


def renewed() -> str:
    """The page with the metrics as they are now."""
    return _TABLE.sub(lambda found: found[1] + "".join(_rows()), PATH.read_text())


def _rows() -> Iterator[str]:
    metrics = Metrics()
    for each in (*metrics.series.collect(), *vars(metrics).values()):
        # The library tells labels of samples only, and a metric of no rule yet has none.
        if isinstance(each, Metric):
            yield _row(each, each._labelnames)  # type: ignore[attr-defined]
        elif isinstance(each, MetricWrapperBase):
            (family,) = each.describe()
            yield _row(family, each._labelnames)


def _row(family: Metric, labels: Sequence[str]) -> str:
    name = f"{family.name}_total" if family.type == "counter" else family.name
    return f"| `{name}` | {family.type} | {', '.join(labels)} | {family.documentation} |\n"


if __name__ == "__main__":
    PATH.write_text(renewed())
