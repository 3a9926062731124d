"""The rules that a simulation compares, out of manifests."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from scaler.manifest import Manifest, ManifestError, files
from scaler.parse import parse
from scaler.rule import InvalidRule, Rule
from scaler.surroundings import Surroundings
from scaler.target import RULE, Key


class NoCandidate(Exception):
    """Rules that cannot be simulated, with all that is wrong."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One rule. `label` tells it from the others of this simulation; `replicas` is the count to begin with."""

    label: str
    file: str
    key: Key
    rule: Rule
    replicas: int


@dataclass(frozen=True, slots=True)
class _Found:
    file: str
    manifest: Manifest
    rule: Rule | InvalidRule

    @property
    def key(self) -> Key:
        return Key(self.manifest.namespace, self.manifest.name)


def candidates(paths: Sequence[str], namespace: str, replicas: int | None) -> list[Candidate]:
    """Every rule of these files, in their order. Raises ManifestError and NoCandidate.

    `replicas` is what all begin with; None: each with what its manifest says, else with its minimum.
    """
    found = [each for path in paths for each in _in_file(path, namespace)]
    problems = [line for each in found for line in _problems(each)]
    if problems:
        raise NoCandidate("\n".join(problems))
    return [
        Candidate(label, each.file, each.key, each.rule, _start(each.rule, each.manifest, replicas))
        for label, each in zip(_labels(found), found, strict=True)
        if isinstance(each.rule, Rule)
    ]


def _in_file(path: str, namespace: str) -> list[_Found]:
    read = files([path], namespace)
    if not read.manifests:
        raise ManifestError(f"{path}: no Deployment with the annotation {RULE}")
    return [_Found(path, each, _rule(each, read.surroundings(each))) for each in read.manifests]


def _rule(manifest: Manifest, surroundings: Surroundings) -> Rule | InvalidRule:
    """Nothing is connected to, so a Secret that is not in the file is not needed."""
    rule = parse(manifest.annotations, surroundings)
    if isinstance(rule, InvalidRule) and rule.unread:
        return parse(manifest.annotations, replace(surroundings, on_paper=True))
    return rule


def _problems(found: _Found) -> Iterator[str]:
    rule: Any = found.rule
    wrong = [*(rule.problems if isinstance(rule, InvalidRule) else ()), *rule.pause.problems]
    if wrong:
        yield f"{found.file}: {found.key}: the rule is invalid:"
        yield from (f"  {problem}" for problem in wrong)
    for trigger in rule.triggers if isinstance(rule, Rule) else ():
        if math.isnan(trigger.target) or math.isnan(trigger.activation):
            where = "comes from an object that is not in the file"
            yield f"{found.file}: {found.key}: the target of trigger {trigger.name!r} {where}"


def _start(rule: Rule, manifest: Manifest, replicas: int | None) -> int:
    given = manifest.replicas if replicas is None else replicas
    return rule.min_replicas if given is None else given


def _labels(found: Sequence[_Found]) -> list[str]:
    """The shortest names that tell all apart: of the Deployment, of its file, of both, at last with a number."""
    names = [str(each.key) for each in found]
    stems = [Path(each.file).name for each in found]
    both = [f"{file}: {name}" for file, name in zip(stems, names, strict=True)]
    numbered = [f"({number}) {name}" for number, name in enumerate(both, start=1)]
    return next(labels for labels in (names, stems, both, numbered) if len(set(labels)) == len(labels))
