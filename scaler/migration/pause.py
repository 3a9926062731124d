"""KEDA's annotations that hold a workload, as ours."""

from collections.abc import Mapping
from typing import Any, Final

from scaler.migration.note import Note, error, warning
from scaler.migration.source import word
from scaler.pause import NAMES
from scaler.target import PREFIX

KEDA: Final = "autoscaling.keda.sh/"
_TRUE: Final = ("1", "t", "T", "TRUE", "true", "True")
_FALSE: Final = ("0", "f", "F", "FALSE", "false", "False")
_COUNT: Final = "paused-replicas"
_HELD: Final = "held here too: remove it from the Deployment when the scaler is to take over"


def held(annotations: Mapping[str, Any]) -> tuple[dict[str, str], list[Note]]:
    """Our annotations, and what to know about them. Anything but a boolean counts as true, as in KEDA."""
    found: dict[str, str] = {}
    notes: list[Note] = []
    for name in NAMES:
        if KEDA + name not in annotations:
            continue
        text, path = word(annotations[KEDA + name]), f"metadata.annotations[{KEDA}{name}]"
        if name == _COUNT:
            _count(text, path, found, notes)
        elif text not in _FALSE:
            found[PREFIX + name] = "true"
            if text not in _TRUE:
                notes.append(warning(path, f"{text!r} is no boolean, which KEDA takes for true"))
            if name != "force-activation":
                notes.append(warning(path, _HELD))
    return found, notes


def _count(text: str, path: str, found: dict[str, str], notes: list[Note]) -> None:
    digits = text.removeprefix("+")
    if digits.isascii() and digits.isdigit() and len(digits) < 10:
        found[PREFIX + _COUNT] = digits
        notes.append(warning(path, _HELD))
    else:
        found[PREFIX + "paused"] = "true"
        notes.append(error(path, f"{text!r} is no number of replicas: the present count is held"))
