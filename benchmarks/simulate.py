"""How long a simulation of 30 days takes: 172,800 polls at 15 s, and how much of that is the decision itself.

`python -m benchmarks.simulate [--days 30] [--rules 1 2]`. CPU seconds of one process, without output and pictures:
reading the trace from its file, deciding, and the summary. `depths` replays recorded readings, `arrivals` simulates the
queue. `decide` is the same number of decisions on the same readings with nothing around them.
"""

import argparse
import json
import math
import random
import tempfile
import time
from pathlib import Path

from benchmarks.machine import machine
from scaler.decide import Replicas, decide
from scaler.history import History
from scaler.simulation.command import Options, perform
from scaler.simulation.run import Run
from scaler.simulation.summary import summary
from tests.rules import trigger
from tests.simulation.traces import manifest

INTERVAL = 15


def _trace(path: Path, column: str, days: float) -> Path:
    """Days with noise, work from six to six, and a burst now and then."""
    chance = random.Random(1)
    rows = [f"time,{column}"]
    for row in range(round(days * 86_400 / INTERVAL) + 1):
        usual = 250 * max(0.0, math.sin(row * INTERVAL / 86_400 * 2 * math.pi))
        burst = 3000 if chance.random() < 1e-4 else 0
        rows.append(f"{row * INTERVAL},{max(0, round(chance.gauss(usual, usual / 4))) + burst}")
    path.write_text("\n".join(rows))
    return path


def _decided(run: Run) -> float:
    """CPU seconds of the decisions alone."""
    rule, found = run.candidate.rule, run.candidate.replicas
    history, started = History.begin(found, run.trace.start), time.process_time()
    for row in run.rows:
        decision = decide(rule, row.readings, Replicas(found, found), history, row.time)
        found, history = decision.replicas, decision.history
    return time.process_time() - started


def _measure(folder: Path, kind: str, rules: int, days: float) -> dict[str, object]:
    trace = _trace(folder / f"{kind}.csv", "orders" if kind == "depths" else "arrivals", days)
    files = [manifest(folder / f"{n}.yaml", trigger(target=20 + n), pollingInterval=INTERVAL) for n in range(rules)]
    rate = None if kind == "depths" else 4.0
    wall, cpu = time.perf_counter(), time.process_time()
    runs = perform(Options(files=tuple(map(str, files)), trace=str(trace), service_rate=rate, startup=30))
    polls = sum(summary(run).polls for run in runs)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    told = {"trace": kind, "rules": rules, "polls": polls, "wall_s": round(wall, 2), "cpu_s": round(cpu, 2)}
    return {**told, "decide_cpu_s": round(sum(map(_decided, runs)), 2)}


def main() -> None:
    """Measure and print, one JSON object a line after the machine."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--days", type=float, default=30)
    options.add_argument("--rules", type=int, nargs="+", default=[1, 2])
    given = options.parse_args()
    print(f"# {machine()}")
    for kind in ("depths", "arrivals"):
        for rules in given.rules:
            with tempfile.TemporaryDirectory(prefix="simulate-") as folder:
                print(json.dumps(_measure(Path(folder), kind, rules, given.days)))


if __name__ == "__main__":
    main()
