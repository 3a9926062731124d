"""What a formula computes with: numbers, triggers, the `#` of a predicate, lists."""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from scaler.formula.term import FormulaError, Kind, MissingValue, Term, joint, must_be, place

if TYPE_CHECKING:
    from lark import Token


def number(token: "Token") -> Term:
    """A literal."""
    constant = float(token)
    if not math.isfinite(constant):
        raise FormulaError(f"the number at {place(token)} is too large")
    return Term(Kind.NUMBER, lambda values, item: constant, constant=constant)


def name(token: "Token") -> Term:
    """What a trigger measures."""
    trigger = str(token)

    def run(values: Mapping[str, float | None], item: float) -> float:
        value = values.get(trigger)
        if value is None:
            raise MissingValue(trigger)
        if not math.isfinite(value):
            raise FormulaError(f"trigger {trigger!r} has the value {value}, which is no finite number")
        return value

    return Term(Kind.NUMBER, run, missing=True)


def item(token: "Token") -> Term:
    """The `#` of a predicate."""
    return Term(Kind.NUMBER, lambda values, item: item, item=place(token))


def grouped(term: Term) -> Term:
    """A part in brackets."""
    return replace(term, bare=False)


def listed(token: "Token", *terms: Term) -> Term:
    """A list of numbers, or of conditions. An empty one is of numbers."""
    conditions = bool(terms) and terms[0].kind is Kind.CONDITION
    must_be(Kind.CONDITION if conditions else Kind.NUMBER, token, *terms)
    runs = [term.run for term in terms]
    kind = Kind.CONDITIONS if conditions else Kind.NUMBERS
    return joint(kind, lambda values, item: [run(values, item) for run in runs], *terms)
