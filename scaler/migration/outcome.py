"""What becomes of one scale target."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from scaler.migration.draft import Draft
from scaler.migration.note import Note, error
from scaler.migration.secret import Shared
from scaler.migration.settle import settle
from scaler.migration.text import rendered
from scaler.target import PREFIX, RULE, Key

PAUSED: Final = PREFIX + "paused"
_NOT_WHOLE: Final = "paused, because the rule is not whole: remove this once you have seen to the comments in it"
_NAMESPACE: Final = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
_KIND: Final = re.compile(r"[A-Za-z][A-Za-z0-9]{0,62}")


@dataclass(frozen=True, slots=True)
class Where:
    """A scale target. `namespaced` tells whether somebody named its namespace; `source` what it was scaled by."""

    source: str
    key: Key
    namespaced: bool = True
    api_version: str = "apps/v1"
    kind: str = "Deployment"

    @property
    def wrong(self) -> str:
        """Why there can be no such workload, since files may say anything; else empty."""
        parts = (
            ("namespace", self.key.namespace, _NAMESPACE),
            ("name", self.key.name, _NAME),
            ("kind", self.kind, _KIND),
        )
        found = (f"{text!r} is no {what} of a workload" for what, text, pattern in parts if not pattern.fullmatch(text))
        return next(found, "")


@dataclass(frozen=True, slots=True)
class Outcome:
    """The annotations for one target, and what a person has to know.

    `remarks` are comments above annotations, `header` the notes that are seen nowhere else in the patch, `skeleton` is
    a rule that somebody must finish, `shared` are the credentials that somebody must make.
    """

    where: Where
    annotations: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    remarks: Mapping[str, str] = field(default_factory=dict)
    header: tuple[Note, ...] = ()
    skeleton: str = ""
    shared: tuple[Shared, ...] = ()

    @property
    def patches(self) -> bool:
        """Whether there is anything to apply, or to finish."""
        return not self.where.wrong and bool(self.annotations or self.skeleton)

    @property
    def mapped(self) -> bool:
        """Whether everything has an equal."""
        return not any(note.severity == "error" for note in self.notes)

    def as_json(self) -> dict[str, Any]:
        """A line of `-o json`."""
        return {
            "namespace": self.where.key.namespace,
            "name": self.where.key.name,
            "kind": self.where.kind,
            "annotations": dict(self.annotations),
            "notes": [{"path": each.path, "message": each.message, "severity": each.severity} for each in self.notes],
        }

    def refused(self, note: Note) -> "Outcome":
        """The same without annotations, for a reason."""
        notes, header = (note, *self.notes), (note, *self.header)
        skeleton = self.skeleton or self.annotations.get(RULE, "")
        return replace(self, annotations={}, remarks={}, notes=notes, header=header, skeleton=skeleton)


def refusal(where: Where, note: Note) -> Outcome:
    """Nothing can be made of it, for a reason."""
    return Outcome(where, notes=(note,), header=(note,))


def outcome(where: Where, draft: Draft, annotations: Mapping[str, str], shared: tuple[Shared, ...] = ()) -> Outcome:
    """Of a draft, and the annotations beside its rule."""
    text = settle(draft)
    header = tuple(note for note in draft.notes if note.severity != "info" and note not in draft.shown)
    found = Outcome(where, notes=tuple(draft.notes), header=header, shared=shared)
    if text is None:
        found = replace(found, skeleton=rendered(draft.rule))
    elif draft.whole or PAUSED in annotations:
        found = replace(found, annotations={RULE: text, **annotations})
    else:
        paused = {RULE: text, **annotations, PAUSED: "true"}
        found = replace(found, annotations=paused, remarks={PAUSED: _NOT_WHOLE})
    return found.refused(error("", f"{where.wrong}, so nothing can be patched")) if where.wrong else found
