"""A draft and the parser of rules: what the parser refuses becomes a remark, in the parser's own words."""

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from scaler.migration.draft import Draft
from scaler.migration.note import Note, error, info, warning
from scaler.migration.text import rendered
from scaler.parse import parse
from scaler.rule import InvalidRule
from scaler.surroundings import ON_PAPER
from scaler.target import RULE
from scalers.problem import Problem

_TRIGGER: Final = re.compile(r"triggers\[(\d+)\]\.?(.*)", re.DOTALL)
_ROUNDS: Final = 50
#: Without these a rule scales as before.
_HARMLESS: Final = frozenset({"restoreToOriginalReplicaCount"})
_NO_TRIGGER: Final = "no trigger, so there is nothing to scale by: write one"


def settle(draft: Draft) -> str | None:
    """The text of the rule, which the parser accepts; None where nothing is left of it."""
    if not draft.live() and not any(note.severity == "error" for note in draft.notes):
        draft.notes.append(error(draft.paths.get("triggers", ""), _NO_TRIGGER))
    for _ in range(_ROUNDS if draft.live() else 0):
        text = rendered(draft.rule)
        found = parse({RULE: text}, ON_PAPER)
        if not isinstance(found, InvalidRule):
            return text
        if not _give_way(draft, found.problems) or not draft.live():
            break
    return None


def _give_way(draft: Draft, problems: Iterable[Problem]) -> bool:
    """Whether something could be left out that stands in the way."""
    by_trigger: dict[int, list[Problem]] = defaultdict(list)
    by_field: dict[str, list[Problem]] = defaultdict(list)
    for problem in problems:
        if match := _TRIGGER.fullmatch(problem.path):
            by_trigger[int(match[1])].append(Problem(match[2], problem.message))
        else:
            by_field[re.split(r"[.\[]", problem.path, maxsplit=1)[0]].append(problem)
    live = draft.live()
    for index, found in by_trigger.items():
        _judge(draft, live[index], found)
    done = bool(by_trigger)
    for name, found in by_field.items():
        notes = [_note(draft, name, problem) for problem in found]
        if name in draft.rule and name != "triggers":
            draft.drop(name, notes)
            draft.whole = draft.whole and name in _HARMLESS
            done = True
        elif not by_trigger:
            draft.notes += notes
            draft.whole = False
    return done


def _note(draft: Draft, name: str, problem: Problem) -> Note:
    origin = draft.paths.get(name, "")
    return error(f"{origin}{problem.path.removeprefix(name)}" if origin else problem.path, problem.message)


def _judge(draft: Draft, place: int, problems: list[Problem]) -> None:
    """What KEDA does not look at is left out of a trigger; anything else that is wrong costs all of it."""
    fatal = [problem for problem in problems if not _left_out(draft, place, problem)]
    if fatal:
        origin = draft.origins[place]
        draft.lose(place, [error(f"{origin}.{each.path}".rstrip("."), each.message) for each in fatal])


def _left_out(draft: Draft, place: int, problem: Problem) -> bool:
    entry, path = draft.triggers[place], f"{draft.origins[place]}.{problem.path}"
    if not problem.message.startswith("unknown;"):
        return False
    key = problem.path.removeprefix("metadata.")
    if key != problem.path and key in entry.get("metadata", {}):
        draft.leave_out(place, key, warning(path, f"without effect in KEDA too, left out: {problem.message}"))
        return True
    name = problem.path.removeprefix("authentication.parameters.")
    parameters = entry.get("authentication", {}).get("parameters", {})
    if name != problem.path and name in parameters:
        del parameters[name]
        draft.notes.append(info(path, "this trigger does not use it: left out"))
        return True
    return False
