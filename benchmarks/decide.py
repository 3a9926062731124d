"""What one decision costs: `python -m benchmarks.decide [--rounds 5]`.

A rule with two triggers and `behavior`, over pasts of 300 decisions each: steady, a wave, a queue that jumps, none.
The alternative renders every step as words at once, as a log line for each poll would. CPU is that of the process.
"""

import argparse
import statistics
import time
from collections.abc import Callable

from benchmarks.machine import machine
from scaler.decide import Replicas, decide
from scaler.history import History
from scaler.rule import Rule
from scalers import Reading
from tests.rules import rule, trigger

_POLICIES = [{"type": "Percent", "value": 10, "periodSeconds": 60}, {"type": "Pods", "value": 5, "periodSeconds": 60}]
_BEHAVIOR = {"scaleDown": {"policies": _POLICIES}, "scaleUp": {"stabilizationWindowSeconds": 30}}
_LOADS: dict[str, Callable[[int], float]] = {
    "steady": lambda poll: 52.0,
    "wave": lambda poll: 100.0 + 90 * (poll % 40) / 40,
    "jumps": lambda poll: float(poll * 37 % 400),
    "none": lambda poll: 0.0,
}
_POLLS = 300


def seconds(of: Rule, load: Callable[[int], float], told: bool) -> float:
    """CPU of one decision, the best of twenty pasts: the rest is what the machine did besides."""
    return min(_past(of, load, told) for _ in range(20)) / _POLLS


def _past(of: Rule, load: Callable[[int], float], told: bool) -> float:
    history, replicas = History.begin(5, 0.0), 5
    readings = [{"a": Reading(load(poll), load(poll)), "b": Reading(1.0, 1.0)} for poll in range(_POLLS)]
    began = time.process_time()
    for poll, answers in enumerate(readings):
        decision = decide(of, answers, Replicas(replicas, replicas), history, poll * 15.0)
        history, replicas = decision.history, decision.replicas
        if told:
            decision.why()
    return time.process_time() - began


def main() -> None:
    """Measure and print a row per load."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=5)
    rounds = range(options.parse_args().rounds)
    of = rule(trigger("a"), trigger("b"), behavior=_BEHAVIOR)
    print(f"# {machine()}")
    print(f"# {len(rounds)} rounds, medians, in microseconds a decision")
    for name, load in _LOADS.items():
        alone = statistics.median(1e6 * seconds(of, load, told=False) for _ in rounds)
        told = statistics.median(1e6 * seconds(of, load, told=True) for _ in rounds)
        print(f"{name:8} {alone:6.1f}   with words {told:6.1f}   {told / alone:.1f} times")


if __name__ == "__main__":
    main()
