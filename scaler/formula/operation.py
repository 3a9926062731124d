"""The operators of a formula: what they take, what they give, and which operands they leave alone."""

import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from scaler.formula.operand import grouped
from scaler.formula.term import FormulaError, Kind, MissingValue, Term, joint, must_be, place

if TYPE_CHECKING:
    from lark import Token

#: No queue is measured in powers beyond it; a larger one is a mistake that overflows only under load.
MAX_EXPONENT: Final = 64


def signed(token: "Token", term: Term) -> Term:
    """`-a`, `+a`, `!a` and `not a`."""
    run = term.run
    if token.type == "NOT":
        must_be(Kind.CONDITION, token, term)
        return joint(Kind.CONDITION, lambda values, item: not run(values, item), term)
    must_be(Kind.NUMBER, token, term)
    if token == "+":
        return grouped(term)
    constant = None if term.constant is None else -term.constant
    return replace(joint(Kind.NUMBER, lambda values, item: -run(values, item), term), constant=constant)


def _power(base: float, exponent: float) -> float:
    if abs(exponent) > MAX_EXPONENT:
        raise ValueError
    return math.pow(base, exponent)


_CALCULATIONS: Final[Mapping[str, Callable[[float, float], float]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    # The sign is that of the dividend, as Go's.
    "%": math.fmod,
    "**": _power,
    "^": _power,
}


def calculated(left: Term, token: "Token", right: Term) -> Term:
    """Arithmetic. expr-lang's `%` takes whole numbers only; ours takes all."""
    _unmixed(left, token)
    must_be(Kind.NUMBER, token, left, right)
    if token.type == "POWER" and abs(right.constant or 0) > MAX_EXPONENT:
        raise FormulaError(f"the exponent at {place(token)} is beyond {MAX_EXPONENT}")
    first, second, calculate = left.run, right.run, _CALCULATIONS[str(token)]

    def run(values: Mapping[str, float | None], item: float) -> float:
        a, b = first(values, item), second(values, item)
        try:
            result = calculate(a, b)
        except (ArithmeticError, ValueError):
            result = math.nan
        if math.isfinite(result):
            return result
        raise FormulaError(f"{a:g} {token} {b:g} {_fault(token, a, b)} ({place(token)})")

    return joint(Kind.NUMBER, run, left, right)


def _fault(token: "Token", a: float, b: float) -> str:
    """Why a calculation has no finite result."""
    power = token.type == "POWER"
    if power and abs(b) > MAX_EXPONENT:
        return f"has an exponent beyond {MAX_EXPONENT}"
    if (token.type == "SCALE" and b == 0) or (power and a == 0):
        return "divides by zero"
    return "is no real number" if power and a < 0 and b % 1 else "is too large"


_COMPARISONS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def ordered(first: Term, *others: Any) -> Term:
    """`a < b`, and `a < b <= c` for a < b && b <= c. Each operand is computed once, and none after the first no."""
    tokens, terms = others[::2], others[1::2]
    _unmixed(first, tokens[0])
    for token, term in zip(tokens, terms, strict=True):
        must_be(Kind.NUMBER, token, first, term)
    begin = first.run
    rest = [(_COMPARISONS[str(token)], term.run) for token, term in zip(tokens, terms, strict=True)]

    def run(values: Mapping[str, float | None], item: float) -> bool:
        low = begin(values, item)
        for compare, operand in rest:
            high = operand(values, item)
            if not compare(low, high):
                return False
            low = high
        return True

    return joint(Kind.CONDITION, run, first, *terms)


def equal(left: Term, token: "Token", right: Term) -> Term:
    """Two numbers, or two conditions, that are equal or not."""
    _unmixed(left, token)
    must_be(Kind.CONDITION if left.kind is Kind.CONDITION else Kind.NUMBER, token, left, right)
    first, second, compare = left.run, right.run, _COMPARISONS[str(token)]
    return joint(Kind.CONDITION, lambda values, item: compare(first(values, item), second(values, item)), left, right)


def joined(left: Term, token: "Token", right: Term) -> Term:
    """Conditions: the second is computed only where the first does not decide."""
    _unmixed(left, token)
    must_be(Kind.CONDITION, token, left, right)
    first, second = left.run, right.run
    if token.type == "AND":
        return joint(Kind.CONDITION, lambda values, item: first(values, item) and second(values, item), left, right)
    return joint(Kind.CONDITION, lambda values, item: first(values, item) or second(values, item), left, right)


def covered(left: Term, token: "Token", right: Term) -> Term:
    """The second where a value that the first needs is missing.

    Any value: `(a + b) ?? 5` is 5 without a or without b, where expr-lang fails.
    """
    must_be(left.kind, token, right)
    if not left.missing:
        raise FormulaError(f"what stands before ?? at {place(token)} always has a value; put ?? after a trigger's name")
    first, second = left.run, right.run

    def run(values: Mapping[str, float | None], item: float) -> Any:
        try:
            return first(values, item)
        except MissingValue:
            return second(values, item)

    return replace(joint(left.kind, run, left, right), missing=right.missing, covers=True, bare=True)


def chosen(condition: Term, token: "Token", yes: Term, no: Term) -> Term:
    """`condition ? yes : no`: only the one that is chosen is computed."""
    must_be(Kind.CONDITION, token, condition)
    if yes.kind is not no.kind:
        raise FormulaError(f"'?' at {place(token)} chooses between {yes.kind} and {no.kind}; both must be alike")
    test, first, second = condition.run, yes.run, no.run
    return joint(
        yes.kind,
        lambda values, item: first(values, item) if test(values, item) else second(values, item),
        condition,
        yes,
        no,
    )


def _unmixed(left: Term, token: "Token") -> None:
    """`a ?? 1 + b` is (a ?? 1) + b, which looks like the other reading; expr-lang refuses it as well."""
    if left.bare:
        sign = str(token)
        raise FormulaError(
            f"{sign!r} at {place(token)} after ?? needs brackets: (a ?? b) {sign} c, or a ?? (b {sign} c)"
        )
