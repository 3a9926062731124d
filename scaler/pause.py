"""The annotations that hold a Deployment, read so that a mistake holds it too."""

from collections.abc import Mapping

from scaler.rule import Pause
from scaler.target import PREFIX
from scalers.problem import Problem

NAMES = ("paused", "paused-replicas", "paused-scale-in", "paused-scale-out", "force-activation")


def pause(annotations: Mapping[str, str]) -> Pause:
    """What the annotations say. One that says nothing clear is a problem and holds; it never makes active."""
    problems: list[Problem] = []
    replicas = _replicas(annotations, problems)
    unclear = PREFIX + "paused-replicas" in annotations and replicas is None
    return Pause(
        paused=_flag(annotations, "paused", problems, otherwise=True) or unclear,
        replicas=replicas,
        scale_in=_flag(annotations, "paused-scale-in", problems, otherwise=True),
        scale_out=_flag(annotations, "paused-scale-out", problems, otherwise=True),
        force_activation=_flag(annotations, "force-activation", problems, otherwise=False),
        problems=tuple(problems),
    )


def _flag(annotations: Mapping[str, str], name: str, problems: list[Problem], *, otherwise: bool) -> bool:
    text = annotations.get(PREFIX + name)
    if text is None:
        return False
    if text.strip().lower() in ("true", "false"):
        return text.strip().lower() == "true"
    effect = "it counts as true" if otherwise else "it counts as false"
    problems.append(Problem(PREFIX + name, f'must be "true" or "false", not {text[:40]!r}; until then {effect}'))
    return otherwise


def _replicas(annotations: Mapping[str, str], problems: list[Problem]) -> int | None:
    name = PREFIX + "paused-replicas"
    text = annotations.get(name)
    if text is None:
        return None
    digits = text.strip()
    if digits.isascii() and digits.isdigit() and int(digits[:11]) < 2**31:
        return int(digits)
    problems.append(
        Problem(name, f"must be a whole number of at least 0, not {text[:40]!r}; until then the count is held")
    )
    return None
