"""Pictures as they must be drawn. `python -m tests.simulation.golden` draws them anew, to be looked at."""

from pathlib import Path

from scaler.simulation.plot import drawn
from scaler.simulation.run import Run, Setting, simulate
from scaler.simulation.summary import summary
from scaler.simulation.trace import Trace
from tests.rules import rule, trigger
from tests.simulation.traces import Cell, arrivals, candidate, trace

FOLDER = Path(__file__).parents[1] / "golden"
_BURST = [0, 0, 0, *([40] * 12), *([400] * 6), *([30] * 20), *([0] * 40)]


def compared() -> list[Run]:
    """Two rules on one burst: one at once, one by a pod a minute."""
    policy = {"type": "Pods", "value": 1, "periodSeconds": 60}
    gentle = rule(pollingInterval=10, minReplicaCount=1, behavior={"scaleUp": {"policies": [policy]}})
    sharp = rule(trigger(target=100), pollingInterval=10, cooldownPeriod=120, maxReplicaCount=8)
    made = candidate(sharp, label="sharp.yaml"), candidate(gentle, 1, label="gentle.yaml")
    return [simulate(each, arrivals(*_BURST), Setting(30, 2)) for each in made]


def recorded() -> list[Run]:
    """Two triggers over three days with dates: a failing one, and a stretch in which nothing was recorded."""
    orders = [float(300 * (20 < row % 96 < 70)) + row % 7 for row in range(288)]
    cells: list[Cell] = [*orders[:40], *["error"] * 8, *orders[48:]]
    invoices = [float(abs(row % 48 - 24)) for row in range(288)]
    whole = trace(900, 1_767_225_600, orders=cells, invoices=invoices)
    kept = [row for row in range(288) if not 150 < row < 170]
    readings = {name: [column[row] for row in kept] for name, column in whole.readings.items()}
    dated = Trace([whole.times[row] for row in kept], readings, dated=True)
    of = rule(trigger("orders", target=20), trigger("invoices"), pollingInterval=300, maxReplicaCount=14)
    return [simulate(candidate(of), dated, Setting())]


PICTURES = {"simulation-compared": compared, "simulation-recorded": recorded}


def picture(name: str, form: str = "svg") -> bytes:
    """One of the pictures, drawn now."""
    runs = PICTURES[name]()
    return drawn(runs, [summary(run) for run in runs], form)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name in PICTURES:
        (FOLDER / f"{name}.svg").write_bytes(picture(name))
