"""What holds for every rule and every past, by Hypothesis."""

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant
from hypothesis.stateful import rule as event

from scaler.behavior import longest_window
from scaler.decide import Replicas, decide
from scaler.history import Change, History, Recommendation, recommended
from scaler.rule import Fallback, Pause, Rule
from scalers import Reading
from tests.rules import FAILED, rule, trigger

NOW = 1e6

counts = st.integers(0, 40)
lengths = st.floats(0, 1e5, allow_nan=False)
policies = st.lists(
    st.fixed_dictionaries(
        {
            "type": st.sampled_from(["Pods", "Percent"]),
            "value": st.integers(1, 200),
            "periodSeconds": st.integers(1, 1800),
        }
    ),
    min_size=1,
    max_size=3,
)
directions = st.fixed_dictionaries(
    {},
    optional={
        "stabilizationWindowSeconds": st.integers(0, 3600),
        "selectPolicy": st.sampled_from(["Max", "Min", "Disabled"]),
        "policies": policies,
    },
)
behaviors = st.fixed_dictionaries({}, optional={"scaleUp": directions, "scaleDown": directions})


@st.composite
def rules(draw: st.DrawFn, **fixed: Any) -> Rule:
    minimum = draw(st.integers(0, 10))
    fields: dict[str, Any] = {
        "minReplicaCount": minimum,
        "maxReplicaCount": draw(st.integers(max(minimum, 1), 40)),
        "pollingInterval": draw(st.sampled_from([1, 15, 30])),
        "cooldownPeriod": draw(st.sampled_from([0, 30, 300])),
        "initialCooldownPeriod": draw(st.sampled_from([0, 30, 300])),
    }
    if minimum and draw(st.booleans()):
        fields["idleReplicaCount"] = draw(st.integers(0, minimum - 1))
    if draw(st.booleans()):
        fields["behavior"] = draw(behaviors)
    metric = draw(st.sampled_from(["AverageValue", "Value"]))
    triggers = [trigger("a", metricType=metric), trigger("b", target=7, activation=3)][: draw(st.integers(1, 2))]
    if len(triggers) == 2 and draw(st.booleans()):
        formula = draw(st.sampled_from(["a + b", "max(a, b)", "a + b * 2", "a > 5 ? a + b : b", "(a ?? 9) + b"]))
        fields["scalingModifiers"] = {"formula": formula, "target": 6, "metricType": metric, "activationTarget": 2}
    return rule(*triggers, **{**fields, **fixed})


fallbacks = st.fixed_dictionaries(
    {"failureThreshold": st.integers(0, 4), "replicas": st.integers(0, 50)},
    optional={
        "behavior": st.sampled_from(["static", "currentReplicas", "currentReplicasIfHigher", "currentReplicasIfLower"])
    },
)


@st.composite
def histories(draw: st.DrawFn) -> History:
    ages = st.floats(0, 4000)
    inactive = draw(st.none() | ages)
    last = draw(st.floats(0, 25))
    seen = draw(ages) + 4000
    recommended = [Recommendation(NOW - age, n) for age, n in draw(st.lists(st.tuples(ages, counts), max_size=5))]
    changes = st.lists(st.tuples(ages, st.integers(1, 10)), max_size=3)
    return History(
        first_seen=NOW - seen,
        last_poll=NOW - last,
        inactive_since=None if inactive is None else NOW - inactive - last,
        recommendations=tuple(sorted(recommended)),
        scale_ups=tuple(sorted(Change(NOW - age, n) for age, n in draw(changes))),
        scale_downs=tuple(sorted(Change(NOW - age, n) for age, n in draw(changes))),
    )


def readings(of: Rule, *values: float) -> dict[str, Reading]:
    return {each.name: Reading(value, value) for each, value in zip(of.triggers, values, strict=False)}


@given(rules(), histories(), counts, st.tuples(lengths, lengths))
def test_bounds_hold(of: Rule, past: History, found: int, values: tuple[float, float]) -> None:
    decision = decide(of, readings(of, *values), Replicas(found, found), past, NOW)
    rests = decision.replicas in (0, of.idle_replicas, found)
    assert of.min_replicas <= decision.replicas <= of.max_replicas or rests
    if decision.replicas > found:
        assert decision.replicas <= of.max_replicas
    if decision.active:
        assert max(1, of.min_replicas) <= decision.replicas


@given(rules(), histories(), counts, st.tuples(lengths, lengths), st.data())
def test_an_error_alone_never_lowers(
    of: Rule, past: History, found: int, values: tuple[float, float], data: st.DataObject
) -> None:
    answers: dict[str, Any] = dict(readings(of, *values))
    for name in data.draw(st.sets(st.sampled_from(sorted(answers)), min_size=1)):
        answers[name] = data.draw(
            st.sampled_from([FAILED, Reading(float("nan"), 1), Reading(-1.0, 0), Reading(0, float("inf"))])
        )
    decision = decide(of, answers, Replicas(found, found), past, NOW)
    assert decision.replicas >= min(found, of.max_replicas)


@given(rules(), fallbacks, histories(), counts, st.tuples(lengths, lengths))
def test_a_fallback_keeps_to_the_bounds(
    of: Rule, fallback: dict[str, Any], past: History, found: int, values: tuple[float, float]
) -> None:
    """Nothing answers; it may lower, but only as every proposal may."""
    written = replace(of, fallback=Fallback.model_validate(fallback))
    decision = decide(written, {}, Replicas(found, found), past, NOW)
    assert decision.replicas <= max(of.max_replicas, found)
    if decision.active:
        assert max(1, of.min_replicas) <= decision.replicas <= of.max_replicas
    if fallback.get("behavior") == "currentReplicas" and past.failures == {} and of.min_replicas <= found:
        assert decision.replicas in (found, of.max_replicas)


@given(rules(), histories(), counts, st.tuples(lengths, lengths))
def test_it_is_a_function(of: Rule, past: History, found: int, values: tuple[float, float]) -> None:
    first, second = (decide(of, readings(of, *values), Replicas(found, found), past, NOW) for _ in range(2))
    assert first == second


@given(
    st.lists(st.tuples(st.floats(0.5, 29), st.floats(0, 2000)), min_size=20, max_size=60),
    st.integers(1, 12),
    st.integers(1, 200),
    st.sampled_from(["scaleUp", "scaleDown"]),
)
@settings(max_examples=60)
def test_a_rate_limit_holds_over_every_window(
    loads: list[tuple[float, float]], pods: int, period: int, direction: str
) -> None:
    """As the HPA counts it: what goes the other way within the period makes room for as much more."""
    policy = {"policies": [{"type": "Pods", "value": pods, "periodSeconds": period}]}
    windows = {"scaleUp": {"stabilizationWindowSeconds": 0}, "scaleDown": {"stabilizationWindowSeconds": 0}}
    of = rule(
        trigger("a"),
        minReplicaCount=1,
        maxReplicaCount=200,
        behavior={**windows, direction: windows[direction] | policy},
    )
    now, found, past = NOW, 20, History(NOW - 9000, NOW - 1)
    moves: list[tuple[float, int]] = []
    for pause, value in loads:
        now += pause
        decision = decide(of, readings(of, value), Replicas(found, found), past, now)
        moves.append((now, decision.replicas - found))
        found, past = decision.replicas, decision.history
        recent = [move if direction == "scaleUp" else -move for at, move in moves if now - at < period]
        limited, other = sum(max(move, 0) for move in recent), sum(max(-move, 0) for move in recent)
        moved = moves[-1][1] if direction == "scaleUp" else -moves[-1][1]
        assert moved <= 0 or limited <= pods + other


@given(rules(), counts, st.tuples(lengths, lengths))
def test_a_restart_never_lowers(of: Rule, found: int, values: tuple[float, float]) -> None:
    if of.behavior is not None and of.behavior.scale_down.stabilization_window_seconds == 0:
        return
    if of.initial_cooldown_period == of.cooldown_period == 0:
        return
    decision = decide(of, readings(of, *values), Replicas(found, found), History.begin(found, NOW), NOW)
    assert decision.replicas >= min(found, of.max_replicas)


@given(rules(), histories(), counts, st.tuples(lengths, lengths), st.floats(0, 1e5))
def test_more_backlog_never_means_fewer(
    of: Rule, past: History, found: int, values: tuple[float, float], more: float
) -> None:
    fewer = decide(of, readings(of, *values), Replicas(found, found), past, NOW)
    after = decide(of, readings(of, values[0] + more, values[1]), Replicas(found, found), past, NOW)
    assert after.replicas >= fewer.replicas


@given(rules(), histories(), counts, st.tuples(lengths, lengths), st.floats(-1e6, 1e6))
def test_a_clock_jump_alone_never_lowers(
    of: Rule, past: History, found: int, values: tuple[float, float], jump: float
) -> None:
    answers, replicas = readings(of, *values), Replicas(found, found)
    there = decide(of, answers, replicas, past, past.last_poll or NOW)
    if 0 <= jump <= max(3 * of.polling_interval, 30):
        return
    jumped = decide(of, answers, replicas, past, (past.last_poll or NOW) + jump)
    assert jumped.replicas == there.replicas


@given(rules(), histories(), counts, st.tuples(lengths, lengths))
def test_paused_never_moves(of: Rule, past: History, found: int, values: tuple[float, float]) -> None:
    paused = rule(trigger("a"), marks={"paused": "true"})
    assert decide(paused, readings(of, *values), Replicas(found, found), past, NOW).replicas == found


@given(st.lists(st.tuples(st.floats(0, 50), st.integers(0, 30)), max_size=60), st.floats(1, 3600))
def test_the_pruned_recommendations_answer_every_window(steps: list[tuple[float, int]], window: float) -> None:
    """Highest and lowest of any window are the same as if nothing had been dropped."""
    past: tuple[Recommendation, ...] = ()
    now, everything = 0.0, []
    for pause, replicas in steps:
        now += pause
        past = recommended(past, replicas, now, 3600.0)
        everything.append(Recommendation(now, replicas))
        whole = [entry.replicas for entry in everything if now - entry.at < window]
        kept = [entry.replicas for entry in past if now - entry.at < window]
        assert (max(whole), min(whole)) == (max(kept), min(kept))


class Life(RuleBasedStateMachine):
    """One rule through polls, errors, restarts, other writers and clock jumps; the count is applied each time."""

    @initialize(of=rules(cooldownPeriod=60, initialCooldownPeriod=60))
    def begin(self, of: Rule) -> None:
        self.of, self.now, self.found = of, NOW, 3
        self.past = History.begin(self.found, self.now)
        self.worked_at = self.now
        self.before, self.lowered = self.found, False
        self.all_good = True

    def _poll(self, answers: dict[str, Any]) -> None:
        decision = decide(self.of, answers, Replicas(self.found, self.found), self.past, self.now)
        self.before, self.found, self.past = self.found, decision.replicas, decision.history

    @event(seconds=st.floats(0.5, 29), values=st.tuples(lengths, lengths))
    def poll(self, seconds: float, values: tuple[float, float]) -> None:
        self.now += seconds
        if values[0] > 0 or values[1] > 3:
            self.worked_at = self.now
        self._poll(dict(readings(self.of, *values)))

    @event(seconds=st.floats(0.5, 29))
    def drained(self, seconds: float) -> None:
        self.now += seconds
        self._poll(dict(readings(self.of, 0, 0)))
        if self.found < self.before and self.found == 0:
            assert self.now - self.worked_at >= 60

    @event(seconds=st.floats(0.5, 29))
    def outage(self, seconds: float) -> None:
        self.now += seconds
        self._poll({})
        self.worked_at = self.now
        assert self.found >= min(self.before, self.of.max_replicas)

    @event(of=rules(cooldownPeriod=60, initialCooldownPeriod=60))
    def edited(self, of: Rule) -> None:
        self.of = of

    @event(seconds=st.floats(0.5, 29), values=st.tuples(lengths, lengths))
    def paused(self, seconds: float, values: tuple[float, float]) -> None:
        self.now += seconds
        self.of, kept = replace(self.of, pause=Pause(paused=True)), self.of
        self._poll(dict(readings(self.of, *values)))
        self.of = kept
        # The cooldown starts anew on resume.
        self.worked_at = self.now
        assert self.found == self.before

    @event()
    def restart(self) -> None:
        self.past = History.begin(self.found, self.now)
        self.worked_at = self.now

    @event(jump=st.floats(-1e5, 1e5).filter(lambda seconds: seconds < 0 or seconds > 90))
    def clock_jump(self, jump: float) -> None:
        self.now += jump
        self.worked_at += jump

    @invariant()
    def history_is_bounded(self) -> None:
        if hasattr(self, "past"):
            assert len(self.past.recommendations) <= 2 * 120
            assert longest_window(self.of.behavior) <= 3600


Life.TestCase.settings = settings(max_examples=60, stateful_step_count=60)
TestLife = Life.TestCase
