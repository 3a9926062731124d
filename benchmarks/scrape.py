"""What a scrape of `/metrics` costs: `python -m benchmarks.scrape [--rules 100 1000 10000] [--rounds 5]`.

Rules of one trigger each, decided on once, all on one scaler. The time is that of making the page, beside the event
loop; the size is what Prometheus fetches, plain and with gzip.
"""

import argparse
import gzip
import statistics
import time

from benchmarks.machine import machine
from scaler.metrics import Metrics
from scaler.parse import parse
from scaler.target import Key, Target
from scaler.workload import Workload
from scalers import Reading
from tests.rules import annotations, trigger


def filled(rules: int) -> Metrics:
    """The metrics of so many rules."""
    metrics, marks = Metrics(), annotations(trigger("orders"))
    rule = parse(marks)
    for number in range(rules):
        target = Target(Key("shop", f"orders-worker-{number}"), f"uid-{number}", "1", 3, 3, marks, None, False)
        workload = Workload.begin(target, rule, 1e9, None)
        workload.hear({"orders": Reading(132.0 + number, 132.0 + number)}, 1e9)
        decision = workload.decide(1e9)
        metrics.series.seen(workload, ready=True, paused=False)
        metrics.series.decided(workload, decision)
    return metrics


def main() -> None:
    """Measure and print a row per number of rules."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rules", type=int, nargs="+", default=[100, 1000, 10_000])
    options.add_argument("--rounds", type=int, default=5)
    given = options.parse_args()
    print(f"# {machine()}")
    print(f"# {given.rounds} rounds, median (longest)")
    for rules in given.rules:
        metrics = filled(rules)
        times = []
        for _ in range(given.rounds):
            began = time.perf_counter()
            page = metrics.page()
            times.append(1000 * (time.perf_counter() - began))
        series = sum(1 for line in page.splitlines() if line and not line.startswith(b"#"))
        size = f"{len(page) / 1e6:.2f} MB, {len(gzip.compress(page, 6)) / 1e6:.2f} MB with gzip"
        print(f"{rules:6} rules: {series:6} series, {size}, {statistics.median(times):.0f} ms ({max(times):.0f})")


if __name__ == "__main__":
    main()
