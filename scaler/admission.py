"""The API server asks about a Deployment that somebody writes; the answer is what `scaler validate` says of its rule.

Only what the write changes is refused. An old mistake must not stand in the way of a fix, a pause or a rollback.
"""

import json
from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from scaler.grants import Grants
from scaler.manifest import Manifest, manifest
from scaler.parse import parse
from scaler.resource import DEPLOYMENTS, Resource
from scaler.rule import InvalidRule, Rule
from scaler.surroundings import Surroundings
from scaler.target import RULE, STATUS
from scaler.validate import mistake
from scalers.problem import Problem

Outcome: TypeAlias = Literal["allowed", "refused"]

_VERSION: Final = "admission.k8s.io/v1"
_WRITES: Final = ("CREATE", "UPDATE")
#: Of a request's uid; real ones have 36.
_LONGEST_UID: Final = 128
#: In characters; the API server cuts longer ones.
_LONGEST_WARNING: Final = 250


class Unreadable(ValueError):
    """What was sent is no review. The text says why, and repeats nothing of it."""


class Reply(NamedTuple):
    """`body` is the AdmissionReview to answer with."""

    outcome: Outcome
    body: dict[str, Any]


class Judgement(NamedTuple):
    """`refused` says what is wrong with what was changed; `warnings` the rest."""

    refused: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Admission:
    """`grants` are what the operator lets rules use, `kinds` what this scaler scales."""

    grants: Grants
    kinds: tuple[Resource, ...] = (DEPLOYMENTS,)

    def reply(self, body: bytes) -> Reply:
        """Answer a review. Raises Unreadable."""
        try:
            request = _request(body)
            judgement = self._judged(request)
        except RecursionError:
            raise Unreadable("nested too deep") from None
        response: dict[str, Any] = {"uid": request["uid"], "allowed": not judgement.refused}
        if judgement.refused:
            message = "\n".join(("the rule is invalid:", *map(_printable, judgement.refused)))
            response["status"] = {"code": 422, "reason": "Invalid", "message": message}
        if judgement.warnings:
            response["warnings"] = [_short(_printable(text)) for text in judgement.warnings]
        review = {"apiVersion": _VERSION, "kind": "AdmissionReview", "response": response}
        return Reply("refused" if judgement.refused else "allowed", review)

    def _judged(self, request: Mapping[str, Any]) -> Judgement:
        if request.get("operation") not in _WRITES:
            return Judgement()
        item, former = _mapping(request, "object"), request.get("oldObject")
        if not self._scales(_mapping(request, "resource")):
            kinds = ", ".join(map(str, self.kinds))
            return Judgement(warnings=(f"scalerule: the scaler is told by --kinds to scale {kinds} only, not this",))
        new = _manifest(request, item)
        old = _manifest(request, former) if isinstance(former, dict) else None
        if new is None or (old is not None and _written(new) == _written(old)):
            return Judgement()
        return self._compared(new, old)

    def _scales(self, resource: Mapping[str, Any]) -> bool:
        asked = resource.get("resource"), resource.get("group")
        return asked in {(kind.name, kind.group) for kind in self.kinds}

    def _compared(self, new: Manifest, old: Manifest | None) -> Judgement:
        rule = self._parsed(new)
        standing = self._standing(new, old)
        refused = [_words(problem) for problem in _of_rule(rule) if problem.path not in standing]
        kept = [_words(problem) for problem in _of_rule(rule) if problem.path in standing]
        for problem in rule.pause.problems:
            untouched = old is not None and old.annotations.get(problem.path) == new.annotations[problem.path]
            (kept if untouched else refused).append(_words(problem))
        warnings = (*(f"wrong before this change already: {text}" for text in kept), *rule.warnings)
        return Judgement(tuple(refused), warnings)

    def _standing(self, new: Manifest, old: Manifest | None) -> Set[str]:
        """The paths of what was wrong before in the same rule; a change of the environment may have added to it."""
        if old is None or new.annotations[RULE] != old.annotations[RULE]:
            return frozenset()
        return {problem.path for problem in _of_rule(self._parsed(old))}

    def _parsed(self, given: Manifest) -> Rule | InvalidRule:
        return parse(given.annotations, Surroundings(given.namespace, given.containers, grants=self.grants))


def _request(body: bytes) -> Mapping[str, Any]:
    try:
        review = json.loads(body)
    except UnicodeDecodeError:
        raise Unreadable("not text in UTF-8") from None
    except json.JSONDecodeError as error:
        raise Unreadable(f"not JSON: line {error.lineno}, column {error.colno}") from None
    except ValueError:
        raise Unreadable("not JSON that can be read: a number is too long") from None
    if not isinstance(review, dict) or review.get("kind") != "AdmissionReview":
        raise Unreadable("not an AdmissionReview")
    if review.get("apiVersion") != _VERSION:
        raise Unreadable(f"only {_VERSION} is understood: name it in admissionReviewVersions")
    request, uid = _mapping(review, "request"), _mapping(review, "request").get("uid")
    if not isinstance(uid, str) or not 0 < len(uid) <= _LONGEST_UID:
        raise Unreadable("request.uid is missing, or no short text")
    return request


def _mapping(parent: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = parent.get(name)
    if not isinstance(found, dict):
        raise Unreadable(f"{name} is missing, or no mapping")
    return found


def _manifest(request: Mapping[str, Any], item: Mapping[str, Any]) -> Manifest | None:
    return manifest(item, str(request.get("namespace") or "default"))


def _written(given: Manifest) -> tuple[object, object]:
    """All that a rule is read from and a user writes."""
    return {name: text for name, text in given.annotations.items() if name != STATUS}, given.containers


def _of_rule(rule: Rule | InvalidRule) -> tuple[Problem, ...]:
    return rule.problems if isinstance(rule, InvalidRule) else ()


def _words(problem: Problem) -> str:
    return mistake(problem.path, problem.message)


def _printable(text: str) -> str:
    """On one line: warnings travel in a header, and whoever reads an answer counts on its lines."""
    return "".join(char if char.isprintable() else " " for char in text)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_WARNING else text[: _LONGEST_WARNING - 1] + "…"
