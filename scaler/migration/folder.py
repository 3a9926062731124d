"""A file per target, in a folder of the user's."""

from collections.abc import Sequence
from pathlib import Path

from scaler.migration.outcome import Outcome
from scaler.migration.patch import patch
from scaler.migration.secret import secrets


class NotWritten(Exception):
    """Files that are there already, or a folder that cannot be written to."""


def write(outcomes: Sequence[Outcome], folder: Path, force: bool) -> list[Path]:
    """The files, NAMESPACE.NAME.yaml; all of them or, where one is there already and not `force`, none."""
    texts: dict[Path, str] = {}
    for each in outcomes:
        if each.patches:
            # A second one for the same target was refused.
            texts.setdefault(folder / _name(each), _text(each))
    there = [str(path) for path in texts if path.exists()]
    if there and not force:
        raise NotWritten(f"there already: {', '.join(there)}; --force overwrites")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, text in texts.items():
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise NotWritten(f"{error.filename}: {error.strerror}") from error
    return list(texts)


def _name(found: Outcome) -> str:
    kind = "" if found.where.kind == "Deployment" else f".{found.where.kind.lower()}"
    return f"{found.where.key.namespace}.{found.where.key.name}{kind}.yaml"


def _text(found: Outcome) -> str:
    return patch(found) + secrets(found.shared)
