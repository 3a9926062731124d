"""The table of docs/metrics.md, from the registry: `python -m tests.metrics_page` renews it."""

import re
from collections.abc import Iterator
from pathlib import Path

from prometheus_client.metrics import MetricWrapperBase

from scaler.metrics import Metrics

PATH = Path(__file__).parents[1] / "docs" / "metrics.md"
_TABLE = re.compile(r"(\| metric \| type \| labels \| meaning \|\n\|---\|---\|---\|---\|\n)(?:\|.*\n)*")


def renewed() -> str:
    """The page with the metrics as they are now."""
    return _TABLE.sub(lambda found: found[1] + "".join(_rows()), PATH.read_text())


def _rows() -> Iterator[str]:
    for each in vars(Metrics()).values():
        if isinstance(each, MetricWrapperBase):
            (family,) = each.describe()
            name = f"{family.name}_total" if family.type == "counter" else family.name
            # The library tells labels of samples only, and a metric of no rule yet has none.
            labels = ", ".join(each._labelnames)
            yield f"| `{name}` | {family.type} | {labels} | {family.documentation} |\n"


if __name__ == "__main__":
    PATH.write_text(renewed())
