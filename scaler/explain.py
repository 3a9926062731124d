"""`scaler explain`: why a count is what it is, from the running scaler or from states that were saved."""

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from scaler import step as steps
from scaler.decide import decide
from scaler.parse import parse
from scaler.rule import InvalidRule
from scaler.server import Scalers, Unreachable
from scaler.state import BadState, decision_json, state_json, state_of
from scaler.status import timestamp
from scaler.surroundings import ON_PAPER
from scaler.target import RULE, Key

#: What each kind of step is about, for the first column.
_ABOUT: Mapping[type, str] = {
    steps.Gap: "gap",
    steps.Paused: "pause",
    steps.Value: "reading",
    steps.Formula: "formula",
    steps.Proposal: "reading",
    steps.Failure: "error",
    steps.Fallback: "fallback",
    steps.Hold: "hold",
    steps.Activation: "activity",
    steps.Cooldown: "cooldown",
    steps.Stabilization: "window",
    steps.RateLimit: "limit",
    steps.Rest: "rest",
    steps.Bounds: "bounds",
    steps.Writer: "writer",
    steps.InvalidRule: "rule",
}
COLUMNS = ("time", "polls", "from", "to", "reason", "why")


class Unknown(Exception):
    """No running scaler knows anything of what was asked about."""


def recomputed(text: str) -> dict[str, Any]:
    """A saved state, which may be the pair that `explain -o json` printed, and the decision on it. Raises BadState."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadState(f"no JSON: {error}") from None
    state = state_of(data["state"] if isinstance(data, dict) and isinstance(data.get("state"), dict) else data)
    rule = parse({**state.annotations, RULE: json.dumps(state.rule)}, ON_PAPER)
    decision = decision_json(decide(rule, state.readings, state.replicas, state.history, state.now))
    if isinstance(rule, InvalidRule):
        decision["errors"] = [{"path": each.path, "message": each.message} for each in rule.problems]
    return {"state": state_json(state), "decision": decision}


async def remembered(scalers: Scalers, key: Key, at: float | None) -> list[dict[str, Any]]:
    """The last decisions on a rule, oldest first; with `at` (wall time, seconds) the one that held then.

    Raises Unreachable, Unknown, KubeError.
    """
    answers, silent = await scalers.ask(f"/explain/{quote(key.namespace)}/{quote(key.name)}")
    if not answers:
        raise Unreachable("; ".join(silent))
    known = [answer for answer in answers if answer is not None]
    if not known:
        unknown = f"no running scaler knows a rule of {key}: is the annotation scalerule.dev/rule there?"
        raise Unknown("; ".join([unknown, *silent]))
    # While a rule goes from one scaler to another both may know it.
    told = max(known, key=lambda each: each["decisions"][-1]["state"]["now"])
    decisions = [{"namespace": key.namespace, "name": key.name, **each} for each in told["decisions"]]
    if at is None:
        return decisions
    before = [each for each in decisions if each["since"] <= at]
    if not before or at < told["memorySince"]:
        raise Unknown(f"nothing is remembered of {timestamp(at)}: memory begins at {timestamp(told['memorySince'])}")
    return before[-1:]


def row(pair: Mapping[str, Any]) -> list[Any]:
    """One decision of the table of all."""
    decision = pair["decision"]
    found = pair["state"]["replicas"]
    said = "; ".join(step.words() for step in _steps(pair))
    return [timestamp(pair["since"]), pair["polls"], found, decision["replicas"], decision["reason"], said]


def when(pair: Mapping[str, Any]) -> str:
    """The time of a decision, and until when others came to the same."""
    since, now = timestamp(pair["since"]), timestamp(pair["state"]["now"])
    return since if pair["polls"] == 1 else f"{since} to {now}, {pair['polls']} polls"


def lines(pair: Mapping[str, Any]) -> Iterator[str]:
    """One decision for people, a step a line."""
    for about, words in told(pair):
        yield f"  {about:<10} {words}"


def told(pair: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The same, what each line is about apart from what it says."""
    decision, state = pair["decision"], pair["state"]
    yield "found", f"{state['replicas']} replicas, {state['readyReplicas']} ready"
    for step in _steps(pair):
        yield _ABOUT[type(step)], step.words()
    for problem in decision.get("errors", ()):
        yield "mistake", f"{problem['path']}: {problem['message']}"
    yield "result", f"{decision['replicas']} replicas: {decision['reason']}"


def _steps(pair: Mapping[str, Any]) -> list[steps.Step]:
    writer = [pair["writer"]] if pair.get("writer") else []
    return [steps.of_json(each) for each in (*writer, *pair["decision"]["steps"])]
