"""The functions of a formula, each with what it takes and why it may fail."""

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from functools import partial, reduce
from typing import TYPE_CHECKING, Final, NamedTuple, NoReturn, TypeAlias

from scaler.formula.term import FormulaError, Kind, Term, joint, place

if TYPE_CHECKING:
    from lark import Token


class Predicate(NamedTuple):
    """An argument in braces, such as `{# > 1}`."""

    term: Term


Arguments: TypeAlias = Sequence[Term | Predicate]


def called(token: "Token", *arguments: Term | Predicate) -> Term:
    """A function of its arguments. `token` names one of FUNCTIONS."""
    return FUNCTIONS[str(token)](token, arguments)


def _refuse(token: "Token", takes: str) -> NoReturn:
    raise FormulaError(f"{token} at {place(token)} takes {takes}")


def _of_number(calculate: Callable[[float], float], token: "Token", arguments: Arguments) -> Term:
    """A function of one number."""
    term = arguments[0] if len(arguments) == 1 else None
    if not isinstance(term, Term) or term.kind is not Kind.NUMBER:
        _refuse(token, f"one number: {token}(a)")
    inner = term.run
    return joint(Kind.NUMBER, lambda values, item: float(calculate(inner(values, item))), term)


def _of_numbers(calculate: Callable[[Sequence[float]], float], token: "Token", arguments: Arguments) -> Term:
    """A function of numbers, of lists, or of both. Empty lists have no least, greatest or mean; expr-lang says nil."""
    terms = [each for each in arguments if isinstance(each, Term) and each.kind in (Kind.NUMBER, Kind.NUMBERS)]
    if not terms or len(terms) < len(arguments):
        _refuse(token, f"numbers or lists of numbers, at least one: {token}(a, b)")
    gathered = _gathered(terms)
    inner = gathered.run

    def run(values: Mapping[str, float | None], item: float) -> float:
        numbers = inner(values, item)
        if not numbers:
            raise FormulaError(f"{token} of an empty list ({place(token)})")
        return _finite(token, calculate(numbers))

    return joint(Kind.NUMBER, run, gathered)


def _gathered(terms: Sequence[Term]) -> Term:
    """All numbers, from all lists, as one list."""
    runs = [(term.run, term.kind is Kind.NUMBERS) for term in terms]

    def run(values: Mapping[str, float | None], item: float) -> list[float]:
        numbers: list[float] = []
        for inner, several in runs:
            if several:
                numbers += inner(values, item)
            else:
                numbers.append(inner(values, item))
        return numbers

    return joint(Kind.NUMBERS, run, *terms)


def _finite(token: "Token", result: float) -> float:
    if math.isfinite(result):
        return result
    raise FormulaError(f"the {token} at {place(token)} is too large")


def _total(numbers: Sequence[float]) -> float:
    """From left to right, as expr-lang: Python's own sum of floats is another one from 3.12 on."""
    return reduce(operator.add, numbers, 0.0)


def _mean(numbers: Sequence[float]) -> float:
    return _total(numbers) / len(numbers)


def _round(number: float) -> float:
    """Half away from zero, as Go's math.Round; Python rounds halves to even."""
    whole = math.trunc(number)
    return whole + math.copysign(1, number) if abs(number - whole) >= 0.5 else whole


def _sum(token: "Token", arguments: Arguments) -> Term:
    term = _list(token, arguments)
    if term is None or term.kind is not Kind.NUMBERS:
        _refuse(token, f"a list of numbers: {token}([a, b]) or {token}([a, b], {{# * 2}})")
    inner = term.run
    return joint(Kind.NUMBER, lambda values, item: _finite(token, _total(inner(values, item))), term)


def _count(token: "Token", arguments: Arguments) -> Term:
    term = _list(token, arguments)
    if term is None or term.kind is not Kind.CONDITIONS:
        _refuse(token, f"a list and a condition: {token}([a, b], {{# > 1}}) or {token}([a > 1, b > 1])")
    inner = term.run
    return joint(Kind.NUMBER, lambda values, item: float(inner(values, item).count(True)), term)


def _len(token: "Token", arguments: Arguments) -> Term:
    term = _list(token, arguments) if len(arguments) == 1 else None
    if term is None:
        _refuse(token, f"one list: {token}([a, b])")
    inner = term.run
    return joint(Kind.NUMBER, lambda values, item: float(len(inner(values, item))), term)


def _list(token: "Token", arguments: Arguments) -> Term | None:
    """The only argument, a list, or what a predicate makes of it; None for anything else."""
    if not 1 <= len(arguments) <= 2:
        return None
    first, last = arguments[0], arguments[-1]
    if not isinstance(first, Term) or first.kind not in (Kind.NUMBERS, Kind.CONDITIONS):
        return None
    return first if len(arguments) == 1 else _mapped(token, first, last.term if isinstance(last, Predicate) else last)


def _mapped(token: "Token", numbers: Term, predicate: Term) -> Term | None:
    """What a predicate gives for each number of a list. The braces around it may be left out, as in expr-lang.

    A predicate within another is refused: the time would grow with every level.
    """
    if predicate.mapped:
        raise FormulaError(f"the predicate of {token} at {place(token)} holds another, which is not allowed")
    kind = {Kind.NUMBER: Kind.NUMBERS, Kind.CONDITION: Kind.CONDITIONS}.get(predicate.kind)
    if numbers.kind is not Kind.NUMBERS or kind is None:
        return None
    inner, of = numbers.run, predicate.run
    missing = numbers.missing or predicate.missing
    return Term(
        kind,
        lambda values, item: [of(values, each) for each in inner(values, item)],
        missing,
        numbers.item,
        mapped=True,
    )


#: `float` and `int` are for formulas written for KEDA, where the kinds of number differ.
FUNCTIONS: Final[Mapping[str, Callable[["Token", Arguments], Term]]] = {
    "abs": partial(_of_number, abs),
    "ceil": partial(_of_number, math.ceil),
    "count": _count,
    "float": partial(_of_number, float),
    "floor": partial(_of_number, math.floor),
    "int": partial(_of_number, math.trunc),
    "len": _len,
    "max": partial(_of_numbers, max),
    "mean": partial(_of_numbers, _mean),
    "min": partial(_of_numbers, min),
    "round": partial(_of_number, _round),
    "sum": _sum,
}
