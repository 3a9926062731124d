"""A simulated rule: the very same decision, poll by poll, and what it amounts to."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from scaler.decide import Reason, Replicas, decide
from scaler.history import History
from scaler.rule import Rule
from scaler.simulation.run import MOST_POLLS, Setting, simulate
from scaler.simulation.summary import summary
from scaler.simulation.trace import Trace, TraceError
from scalers import ScalerError
from tests.rules import rule, trigger
from tests.simulation.traces import Cell, arrivals, candidate, trace

cells = some.one_of(some.floats(0, 1000), some.integers(0, 50), some.sampled_from(["error", ""]), some.just(0))


@some.composite
def rules(draw: some.DrawFn) -> Rule:
    """Rules of one trigger that poll as often as a row comes, or not."""
    fields: dict[str, Any] = {
        "pollingInterval": draw(some.sampled_from([5, 10, 15])),
        "cooldownPeriod": draw(some.sampled_from([0, 30, 100])),
        "minReplicaCount": draw(some.integers(0, 3)),
        "maxReplicaCount": draw(some.integers(3, 60)),
    }
    if draw(some.booleans()):
        fields["fallback"] = {"failureThreshold": 2, "replicas": draw(some.integers(0, 9))}
    if draw(some.booleans()):
        policy = {"type": "Pods", "value": draw(some.integers(1, 5)), "periodSeconds": 30}
        fields["behavior"] = {"scaleUp": {"policies": [policy]}, "scaleDown": {"stabilizationWindowSeconds": 60}}
    return rule(trigger(metricType=draw(some.sampled_from(["Value", "AverageValue"]))), **fields)


@given(rules(), some.lists(cells, min_size=2, max_size=40), some.integers(0, 20))
def test_it_is_decide_poll_by_poll(of: Rule, column: list[Cell], replicas: int) -> None:
    given_trace = trace(orders=column)
    run = simulate(candidate(of, replicas), given_trace, Setting())
    history, found, at = History.begin(replicas, 0), replicas, 0.0
    for row in run.rows:
        answer = given_trace.readings["orders"][int(at // 10)]
        decision = decide(of, {"orders": answer}, Replicas(found, found), history, at)
        assert (row.time, row.replicas, row.reason) == (at, decision.replicas, decision.reason)
        found, history, at = decision.replicas, decision.history, at + of.polling_interval
    assert at > given_trace.end


@given(rules(), some.lists(some.integers(0, 2000), min_size=2, max_size=40), some.floats(0.5, 50), some.floats(0, 60))
def test_messages_are_kept(of: Rule, counts: list[int], rate: float, startup: float) -> None:
    run = simulate(candidate(of), arrivals(*counts), Setting(startup, rate))
    told = summary(run)
    assert told.arrived == pytest.approx(sum(counts), abs=1e-3)
    assert told.arrived == pytest.approx((told.served or 0) + (told.departed or 0) + (told.left or 0), abs=1e-3)
    if sum(counts):
        assert told.mean_wait == pytest.approx(told.backlog_area / sum(counts), rel=1e-4, abs=1e-3)


def test_a_formula() -> None:
    modifiers = {"formula": "orders + invoices", "target": "10"}
    of = rule(trigger("orders"), trigger("invoices"), pollingInterval=10, scalingModifiers=modifiers)
    assert counts(of, trace(orders=[10, 50], invoices=[20, 50])) == [3, 10]


def counts(of: Rule, given_trace: Trace, setting: Setting | None = None, replicas: int = 0) -> list[int]:
    return [row.replicas for row in simulate(candidate(of, replicas), given_trace, setting or Setting()).rows]


def test_between_rows_the_last_reading_holds() -> None:
    of = rule(pollingInterval=5, cooldownPeriod=0, initialCooldownPeriod=0)
    run = simulate(candidate(of), trace(orders=[30, 50]), Setting())
    assert [(row.time, row.replicas) for row in run.rows] == [(0, 3), (5, 3), (10, 5)]


def test_an_error_never_lowers() -> None:
    assert counts(rule(pollingInterval=10), trace(orders=[50, "error", "", 0]), replicas=2) == [5, 5, 5, 5]


def gap(*, hold: float | None) -> Sequence[tuple[float, Reason, bool]]:
    given_trace = Trace([0, 10, 20, 100, 110], {"orders": trace(orders=[0, 0, 0, 0, 0]).readings["orders"]})
    of = rule(pollingInterval=10, cooldownPeriod=60, initialCooldownPeriod=0)
    rows = simulate(candidate(of, 3), given_trace, Setting(hold=hold)).rows
    return [(row.time, row.reason, isinstance(row.readings["orders"], ScalerError)) for row in rows]


def test_a_stretch_without_rows_is_a_failing_trigger() -> None:
    rows = gap(hold=None)
    assert [at for at, reason, failing in rows if failing and reason == Reason.HELD] == [60, 70, 80, 90]
    assert Reason.REST not in [reason for _, reason, _ in rows]


def test_how_long_a_row_holds_can_be_told() -> None:
    rows = gap(hold=1000)
    assert not any(failing for *_, failing in rows)
    assert rows[-1][1] == Reason.REST


def test_pods_that_start_are_not_ready() -> None:
    of = rule(trigger(metricType="Value"), pollingInterval=10, maxReplicaCount=50)
    run = simulate(candidate(of, 2), trace(orders=[20, 20, 20, 20]), Setting(startup=25))
    assert [(row.replicas, row.ready) for row in run.rows] == [(4, 2), (4, 2), (4, 2), (8, 4)]


def test_the_depth_follows_from_the_replicas() -> None:
    of = rule(pollingInterval=10, cooldownPeriod=20, initialCooldownPeriod=0, maxReplicaCount=5)
    run = simulate(candidate(of), arrivals(100, 0, 0, 0, 0, 0), Setting(startup=10, rate=1))
    depths = [row.readings["orders"][0] for row in run.rows]  # type: ignore[index]
    assert depths == [100, 100, 50, 0, 0, 0]
    assert [row.replicas for row in run.rows] == [5, 5, 5, 5, 0, 0]
    told = summary(run)
    assert (told.replica_seconds, told.seconds_at_zero, told.peak_depth) == (200, 10, 100)
    assert (told.scale_ups, told.scale_downs, told.peak_replicas) == (1, 1, 5)
    assert [told.longest_wait, told.mean_wait] == pytest.approx([30, 20])


def test_arrivals_beside_a_recorded_trigger() -> None:
    of = rule(trigger("orders"), trigger("invoices"), pollingInterval=10)
    both = Trace([0, 10, 20], trace(invoices=[70, 0, 0]).readings, [0, 30, 0])
    rows = simulate(candidate(of), both, Setting(rate=1)).rows
    assert [row.replicas for row in rows] == [7, 7, 7]
    assert {name: answer[0] for name, answer in rows[0].readings.items()} == {"invoices": 70, "orders": 0}  # type: ignore[index]


@pytest.mark.parametrize(
    ("of", "given_trace", "rate", "told"),
    [
        (
            rule(trigger("orders"), trigger("invoices")),
            trace(orders=[1, 2]),
            None,
            "shop/worker: the trace has no column 'invoices' for the trigger of that name; known: orders",
        ),
        (
            rule(trigger("orders"), trigger("invoices")),
            arrivals(1, 2),
            1,
            "'arrivals' feeds the one trigger that has no column of its own, but orders, invoices have none",
        ),
        (
            rule(),
            Trace([0, 10], trace(orders=[1, 2]).readings, [1, 2]),
            1,
            "'arrivals' feeds the one trigger that has no column of its own, but all of them have one",
        ),
        (
            rule(pollingInterval=0.5),
            Trace([0, 1.7e9], trace(orders=[1, 2]).readings),
            None,
            f"the trace lasts 19,676 days, 3,400,000,001 polls; at most {MOST_POLLS:,} are simulated",
        ),
    ],
    ids=["a column is missing", "two queues", "no queue", "two kinds of time"],
)
def test_traces_that_do_not_fit(of: Rule, given_trace: Trace, rate: float | None, told: str) -> None:
    with pytest.raises(TraceError) as caught:
        simulate(candidate(of), given_trace, Setting(rate=rate))
    assert told in str(caught.value)


def test_what_depths_tell_and_what_not() -> None:
    of = rule(pollingInterval=10, maxReplicaCount=4)
    told = summary(simulate(candidate(of, 6), trace(orders=[50, "error", 10]), Setting())).as_json()
    assert told["backlogArea"] == 500
    assert (told["peakDepth"], told["peakReplicas"], told["polls"], told["seconds"]) == (50, 4, 3, 20)
    assert {told[name] for name in ("arrived", "served", "left", "longestWait", "meanWait", "p95Wait")} == {None}
    assert told["heldBack"] == {"AtMaxReplicas": 1, "TriggerFailing": 1, "Stabilized": 1}
    assert (told["rule"], told["namespace"], told["name"], told["file"]) == (
        "shop/worker",
        "shop",
        "worker",
        "worker.yaml",
    )
