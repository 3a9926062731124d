"""The language of formulas as tables, and its laws by Hypothesis against an evaluation that shares no code with it."""

import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scaler.formula import Formula, FormulaError, MissingValue, formula
from tests.formulas import Absent, Broken, computed, numbers, shown

VALUES = {"a": 3.0, "b": -2.0, "c": 7.0, "zero": 0.0, "gone": None, "lost": None}


def value(text: str) -> float:
    return formula(text, VALUES).value(VALUES)


def refused(text: str, names: Any = VALUES) -> str:
    with pytest.raises(FormulaError) as error:
        formula(text, names)
    return str(error.value)


def failed(text: str, **values: float) -> str:
    found = formula(text, VALUES)
    with pytest.raises(FormulaError) as error:
        found.value({**VALUES, **values})
    return str(error.value)


OPERATORS = [
    ("a", 3),
    ("a + b", 1),
    ("a - b", 5),
    ("a * b", -6),
    ("a / b", -1.5),
    ("c % a", 1),
    ("-7 % 3", -1),
    ("7 % -3", 1),
    ("-7.5 % 2", -1.5),
    ("a ** 2", 9),
    ("a ^ 2", 9),
    ("2 ** 64", 2.0**64),
    ("2 ** -64", 2.0**-64),
    ("2 ** +64", 2.0**64),
    ("4 ** 0.5", 2),
    ("(-8) ** 3", -512),
    ("-a", -3),
    ("+a", 3),
    ("- -a", 3),
    ("a--b", 1),
    ("a == 3 ? 1 : 0", 1),
    ("a == 4 ? 1 : 0", 0),
    ("a != 3 ? 1 : 0", 0),
    ("a!=4 ? 1 : 0", 1),
    ("a < 3 ? 1 : 0", 0),
    ("a < 4 ? 1 : 0", 1),
    ("a <= 3 ? 1 : 0", 1),
    ("a <= 2 ? 1 : 0", 0),
    ("a > 3 ? 1 : 0", 0),
    ("a > 2 ? 1 : 0", 1),
    ("a >= 3 ? 1 : 0", 1),
    ("a >= 4 ? 1 : 0", 0),
    ("1 < a < 5 ? 1 : 0", 1),
    ("1 < a < 3 ? 1 : 0", 0),
    ("3 < a < 5 ? 1 : 0", 0),
    ("1 < a <= 3 < 5 ? 1 : 0", 1),
    ("9 > a < 4 > 2 ? 1 : 0", 1),
    ("(a > 1) == (b < 1) ? 1 : 0", 1),
    ("(a > 1) != (b < 1) ? 1 : 0", 0),
    ("a > 1 == b > 1 ? 1 : 0", 0),
    ("a == 3 == (b == -2) ? 1 : 0", 1),
    ("a > 1 && b > 1 ? 1 : 0", 0),
    ("a > 1 && b < 1 ? 1 : 0", 1),
    ("a > 5 && b < 1 ? 1 : 0", 0),
    ("a > 1 and b < 1 ? 1 : 0", 1),
    ("a > 5 || b > 1 ? 1 : 0", 0),
    ("a > 5 || b < 1 ? 1 : 0", 1),
    ("a > 1 || b > 1 ? 1 : 0", 1),
    ("a > 5 or b < 1 ? 1 : 0", 1),
    ("!(a > 5) ? 1 : 0", 1),
    ("!(a > 1) ? 1 : 0", 0),
    ("not (a > 5) ? 1 : 0", 1),
    ("!!(a > 1) ? 1 : 0", 1),
    ("a>1?2:3", 2),
    ("a>5?2:3", 3),
    ("gone ?? 5", 5),
    ("a ?? 5", 3),
    ("gone ?? lost ?? 8", 8),
    ("gone ?? a ?? 8", 3),
    ("gone ?? -1", -1),
    ("gone ?? -lost ?? 7", -7),
    ("gone ?? -a ** 2", -9),
    ("(a > 1 ? gone : 2) ?? 5", 5),
    ("(gone > 1 ? 1 : 2) ?? 5", 5),
    ("(a > 5 ? gone : 2) ?? 5", 2),
    ("(a + gone) ?? 5", 5),
    ("(gone > 1) ?? (a > 1) ? 1 : 2", 1),
    ("(gone > 1) ?? !(a > 1) ? 1 : 2", 2),
    ("sum([gone] ?? [a, 4])", 7),
    ("count([a, gone], {# > 1}) ?? 5", 5),
    ("sum([a], {# * gone}) ?? 5", 5),
]

PRECEDENCE = [
    ("1 + 2 * 3", 7),
    ("(1 + 2) * 3", 9),
    ("10 - 4 - 3", 3),
    ("10 - 4 + 3", 9),
    ("24 / 4 / 2", 3),
    ("24 / 4 * 2", 12),
    ("17 % 10 * 2", 14),
    ("20 - 2 * 3 ** 2", 2),
    ("2 ** 3 ** 2", 512),
    ("2 * 3 ** 2", 18),
    ("-2 ** 2", -4),
    ("(-2) ** 2", 4),
    ("2 ** -1", 0.5),
    ("2 ** -1 ** 2", 0.5),
    ("-a * b", 6),
    ("-a + b", -5),
    ("1 + gone ?? 5", 6),
    ("-gone ?? 5", -5),
    ("-gone ?? 5 * 2", -10),
    ("2 * gone ?? 5 + 1", 11),
    ("2 ** gone ?? 3", 8),
    ("(gone ?? 2) ** 2", 4),
    ("1 < gone ?? 2 < 3 ? 1 : 0", 1),
    ("1 + 1 < 3 ? 1 : 0", 1),
    ("1 < 2 == 3 < 4 ? 1 : 0", 1),
    ("a > 5 && a > 5 || a > 1 ? 1 : 0", 1),
    ("a > 1 || a > 5 && a > 5 ? 1 : 0", 1),
    ("(a > 1 || a > 5) && a > 5 ? 1 : 0", 0),
    ("!(a > 5) && a > 1 ? 1 : 0", 1),
    ("!(a > 5 && a > 1) == (a > 1) ? 1 : 0", 1),
    ("a > 5 == b > 5 && a > 1 ? 1 : 0", 1),
    ("a > 5 ? 1 : b > 5 ? 2 : 3", 3),
    ("a > 1 ? b > 1 ? 1 : 2 : 3", 2),
    ("a > 5 ? 1 : 2 + 3", 5),
    ("(a > 5 ? 1 : 2) + 3", 5),
    ("(a > 1 ? 1 : 2) + 3", 4),
]

FUNCTIONS = [
    ("min(a, b)", -2),
    ("min([a, b])", -2),
    ("max(a, b)", 3),
    ("max(a, [b, c])", 7),
    ("max([a, 9], b, [c])", 9),
    ("max(a)", 3),
    ("mean(a, b)", 0.5),
    ("mean([a, b], [c, 4])", 3),
    ("sum([a, b, c])", 8),
    ("sum([])", 0),
    ("sum([0.1, 0.2, 0.3])", 0.1 + 0.2 + 0.3),
    ("sum([1e300, 1, -1e300])", 0),
    ("mean(0.1, 0.2, 0.3)", (0.1 + 0.2 + 0.3) / 3),
    ("sum([a, b], {# * 2})", 2),
    ("sum([a, b], # * 2)", 2),
    ("sum([a, b], {a})", 6),
    ("sum([a, b, c,],)", 8),
    ("count([a, b, c], {# > 1})", 2),
    ("count([a, b, c], # > 1)", 2),
    ("count([a, b, c], {# > 1 && # < 5})", 1),
    ("count([], {# > 1})", 0),
    ("count([a > 1, b > 1])", 1),
    ("count([a, b], {max(#, 2) > 2})", 1),
    ("count([a, b], {sum([#, 1]) > 2})", 1),
    ("sum([a, count([b, c], {# > 1})], {# * 2})", 8),
    ("len([a, b])", 2),
    ("len([a > 1, b > 1, c > 1])", 3),
    ("len([])", 0),
    ("abs(b)", 2),
    ("abs(a)", 3),
    ("ceil(2.1)", 3),
    ("ceil(-2.1)", -2),
    ("floor(2.9)", 2),
    ("floor(-2.1)", -3),
    ("round(2.4)", 2),
    ("round(2.5)", 3),
    ("round(3.5)", 4),
    ("round(-2.5)", -3),
    ("round(-2.4)", -2),
    ("round(0.49999999999999994)", 0),
    ("round(1e300)", 1e300),
    ("int(2.9)", 2),
    ("int(-2.9)", -2),
    ("float(a)", 3),
    ("sum(a > 1 ? [1, 2] : [3])", 3),
    ("sum((a > 5 ? [1, 2] : [3]))", 3),
]

#: `#` reaches every part of a predicate.
ITEMS = [
    ("sum([1, 2], {# + 1})", 5),
    ("sum([1, 2], {1 - #})", -1),
    ("sum([1, 2], {# ** #})", 5),
    ("sum([1, 2], {-#})", -3),
    ("sum([1, 2], {+#})", 3),
    ("sum([1, 2], {(#)})", 3),
    ("sum([1, 2], {# > 1 ? 5 : 3})", 8),
    ("sum([1, 2], {a > 1 ? # : 9})", 3),
    ("sum([1, 2], {a < 1 ? 9 : #})", 3),
    ("sum([1, 2], {gone ?? #})", 3),
    ("sum([1, 2], {(# * a) ?? 1})", 9),
    ("sum([1, 2], {abs(#)})", 3),
    ("sum([1, 2], {min(#, 1.5)})", 2.5),
    ("sum([1, 2], {min([#], 1.5)})", 2.5),
    ("sum([1, 2], {mean([#, 0])})", 1.5),
    ("sum([1, 2], {sum([#, 1])})", 5),
    ("sum([1, 2], {count([# > 1])})", 1),
    ("count([1, 2, 3], {# < 2})", 1),
    ("count([1, 2, 3], {2 < #})", 1),
    ("count([1, 2, 3], {1 < # < 3})", 1),
    ("count([1, 2, 3], {# == 1})", 1),
    ("count([1, 2, 3], {1 == #})", 1),
    ("count([1, 2, 3], {!(# > 1)})", 1),
    ("count([1, 2, 3], {# > 1 && # > 2})", 1),
    ("count([1, 2, 3], {# > 2 || # < 2})", 2),
    ("count([1, 2, 3], {(gone > 1) ?? (# > 1)})", 2),
]

LITERALS = [
    ("5", 5),
    ("010", 10),
    ("0.5", 0.5),
    (".5", 0.5),
    ("5.", 5),
    ("1e3", 1000),
    ("1E+3", 1000),
    ("2.5e-1", 0.25),
    ("1_000", 1000),
    ("1_000.2_5", 1000.25),
    (".2_5", 0.25),
    ("a\n  + 1", 4),
    ("\ta+1 ", 4),
]

#: From its documentation and its tests, where `float` stands around a formula that KEDA has wrapped itself.
KEDA = [
    ("(a + b)/2", 0.5),
    ("count([a,b,c],{#>1}) > 1 ? 5 : 0", 5),
    ("count([a,b],{#>1}) > 1 ? 5 : 0", 0),
    ("a > 2 ? a + b : 1", 1),
    ("gone ?? 5", 5),
    ("gone ?? lost ?? 5", 5),
    ("float(a + 1)", 4),
    ("float(a < 5 ? c + a : 5)", 10),
    ("float(a < 5 ? a+b >= 1 ? 5 : 10 : 0)", 5),
    ("float(float(b < 5 ? a + b : 5))", 1),
    ("int(a) % 2", 1),
]


@pytest.mark.parametrize(
    ("text", "expected"),
    [pytest.param(*case, id=case[0]) for case in OPERATORS + PRECEDENCE + FUNCTIONS + ITEMS + LITERALS + KEDA],
)
def test_value(text: str, expected: float) -> None:
    assert value(text) == expected


@pytest.mark.parametrize("text", ["-zero", "ceil(-0.5)", "round(-0.2)", "-4 % 2"])
def test_no_zero_is_negative(text: str) -> None:
    assert str(value(text)) == "0.0"


@pytest.mark.parametrize("text", ["a", "1", "count([a], {# > 1})", "ceil(a)", "sum([])", "max(1, 2)"])
def test_every_value_is_a_float(text: str) -> None:
    assert isinstance(value(text), float)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a > 1 ? 1 : 1 / zero", 1),
        ("a > 5 ? 1 / zero : 1", 1),
        ("zero > 0 && 1 / zero > 1 ? 1 : 0", 0),
        ("zero == 0 || 1 / zero > 1 ? 1 : 0", 1),
        ("a ?? (1 / zero)", 3),
        ("1 < 0 < 1 / zero ? 1 : 0", 0),
        ("a > 1 ? 1 : gone", 1),
    ],
)
def test_what_is_not_chosen_is_not_computed(text: str, expected: float) -> None:
    assert value(text) == expected


FUNCTIONS_KNOWN = "known: abs, ceil, count, float, floor, int, len, max, mean, min, round, sum"
HERE = "a number, a trigger, a function or an opening bracket belongs here"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", f"ends too early; {HERE}"),
        ("a +", f"ends too early; {HERE}"),
        ("a + * b", f"unexpected '*' at column 5; {HERE}"),
        ("a +\n  * b", f"unexpected '*' at line 2, column 3; {HERE}"),
        ("a + not", f"ends too early; {HERE}"),
        ("and", f"unexpected 'and' at column 1; {HERE}"),
        ("a b", "unexpected 'b' at column 3; an operator or the end belongs here"),
        ("(a", "ends too early; an operator or ')' belongs here"),
        ("a)", "unexpected ')' at column 2; an operator or the end belongs here"),
        ("a > 1 ? 2", "ends too early; an operator or ':' belongs here"),
        ("[a", "ends too early; an operator or ']' or ',' belongs here"),
        ("max(a", "ends too early; an operator or ')' or ',' belongs here"),
        ("count([a], {# > 1", "ends too early; an operator or '}' belongs here"),
        ("[a][0]", "unexpected '[' at column 4; an operator or the end belongs here"),
        ("max(a,,b)", f"unexpected ',' at column 7; {HERE}"),
        ("{a}", f"unexpected '{{' at column 1; {HERE}"),
        ("1.2.3", "unexpected '.3' at column 4; an operator or the end belongs here"),
        ("a = 1", "'=' at column 3 is no part of a formula; did you mean '=='?"),
        ("a & b", "'&' at column 3 is no part of a formula; did you mean '&&'?"),
        ("a | b", "'|' at column 3 is no part of a formula; did you mean '||'?"),
        (
            "a\n$",
            "'$' at line 2, column 1 is no part of a formula; what is: numbers, triggers, functions, operators",
        ),
        ("aa + 1", "unknown name 'aa' at column 1; did you mean 'a'?"),
        ("1 + qqqq", "unknown name 'qqqq' at column 5; known: a, b, c, gone, lost, zero"),
        ("x" * 50, f"unknown name '{'x' * 40}' at column 1; known: a, b, c, gone, lost, zero"),
        ("median(a)", "unknown function 'median' at column 1; did you mean 'mean'?"),
        (
            "q(a)",
            f"unknown function 'q' at column 1; {FUNCTIONS_KNOWN}",
        ),
        ("a(1)", f"unknown function 'a' at column 1; {FUNCTIONS_KNOWN}"),
        ("max + 1", "unknown name 'max' at column 1; known: a, b, c, gone, lost, zero"),
        ("1e999", "the number at column 1 is too large"),
        ("a ** 65", "the exponent at column 3 is beyond 64"),
        ("a ^ 64.5", "the exponent at column 3 is beyond 64"),
        ("a ** -65", "the exponent at column 3 is beyond 64"),
        ("a ** (+(65))", "the exponent at column 3 is beyond 64"),
        ("a > 1", "gives a condition; it has to give a number, such as (…) ? 1 : 0"),
        ("[a]", "gives a list of numbers; it has to give a number, such as sum(…) or max(…)"),
        ("[a > 1]", "gives a list of conditions; it has to give a number, such as sum(…) or max(…)"),
        ("a + (b > 1)", "'+' at column 3 takes a number, not a condition"),
        ("(b > 1) * a", "'*' at column 9 takes a number, not a condition"),
        ("a + [b]", "'+' at column 3 takes a number, not a list of numbers"),
        ("-(a > 1)", "'-' at column 1 takes a number, not a condition"),
        ("+(a > 1)", "'+' at column 1 takes a number, not a condition"),
        ("!a > 1 ? 1 : 0", "'!' at column 1 takes a condition, not a number; brackets may be missing, as in !(a > 1)"),
        (
            "not a > 1 ? 1 : 0",
            "'not' at column 1 takes a condition, not a number; brackets may be missing, as in !(a > 1)",
        ),
        ("a && b > 1 ? 1 : 0", "'&&' at column 3 takes a condition, not a number"),
        ("a > 1 or b ? 1 : 0", "'or' at column 7 takes a condition, not a number"),
        ("(a > 1) < 2 ? 1 : 0", "'<' at column 9 takes a number, not a condition"),
        ("1 < 2 < (a > 1) ? 1 : 0", "'<' at column 7 takes a number, not a condition"),
        ("a == (b > 1) ? 1 : 0", "'==' at column 3 takes a number, not a condition"),
        ("(b > 1) == a ? 1 : 0", "'==' at column 9 takes a condition, not a number"),
        ("[a] == [a] ? 1 : 0", "'==' at column 5 takes a number, not a list of numbers"),
        ("[a] == 1 ? 1 : 0", "'==' at column 5 takes a number, not a list of numbers"),
        ("a ? 1 : 0", "'?' at column 3 takes a condition, not a number"),
        ("a > 1 ? 1 : [1]", "'?' at column 7 chooses between a number and a list of numbers; both must be alike"),
        ("[a, b > 1]", "'[' at column 1 takes a number, not a condition"),
        ("[b > 1, a]", "'[' at column 1 takes a condition, not a number"),
        ("[[a]]", "'[' at column 1 takes a number, not a list of numbers"),
        ("a ?? (b > 1)", "'??' at column 3 takes a number, not a condition"),
        ("5 ?? a", "what stands before ?? at column 3 always has a value; put ?? after a trigger's name"),
        ("a ?? 5 ?? b", "what stands before ?? at column 8 always has a value; put ?? after a trigger's name"),
        (
            "count([a], {(# ?? 0) > 1})",
            "what stands before ?? at column 16 always has a value; put ?? after a trigger's name",
        ),
        ("a ?? 5 + 1", "'+' at column 8 after ?? needs brackets: (a ?? b) + c, or a ?? (b + c)"),
        ("a ?? 5 % 1", "'%' at column 8 after ?? needs brackets: (a ?? b) % c, or a ?? (b % c)"),
        ("2 * a ?? 1 ** 2", "'**' at column 12 after ?? needs brackets: (a ?? b) ** c, or a ?? (b ** c)"),
        ("a ?? 2 > 1 ? 1 : 0", "'>' at column 8 after ?? needs brackets: (a ?? b) > c, or a ?? (b > c)"),
        ("a ?? 2 == 1 ? 1 : 0", "'==' at column 8 after ?? needs brackets: (a ?? b) == c, or a ?? (b == c)"),
        (
            "(a > 1) ?? (b > 1) && c > 1 ? 1 : 0",
            "'&&' at column 20 after ?? needs brackets: (a ?? b) && c, or a ?? (b && c)",
        ),
        ("# + 1", "'#' at column 1 stands outside a predicate; inside: count([a, b], {# > 1})"),
        ("sum([1, #], {# * 2})", "'#' at column 9 stands outside a predicate; inside: count([a, b], {# > 1})"),
        ("a + max(1, -#)", "'#' at column 13 stands outside a predicate; inside: count([a, b], {# > 1})"),
        (
            "count([a], {count([b], {# > 1}) > #})",
            "the predicate of count at column 1 holds another, which is not allowed",
        ),
        ("sum([a], {-sum([b], {#})})", "the predicate of sum at column 1 holds another, which is not allowed"),
        (
            "sum([a], {max(sum([b], {#}), 1)})",
            "the predicate of sum at column 1 holds another, which is not allowed",
        ),
        ("abs()", "abs at column 1 takes one number: abs(a)"),
        ("1 + abs(a, b)", "abs at column 5 takes one number: abs(a)"),
        ("ceil([a])", "ceil at column 1 takes one number: ceil(a)"),
        ("round({a})", "round at column 1 takes one number: round(a)"),
        ("max()", "max at column 1 takes numbers or lists of numbers, at least one: max(a, b)"),
        ("max(a > 1)", "max at column 1 takes numbers or lists of numbers, at least one: max(a, b)"),
        ("mean([a], {# > 1})", "mean at column 1 takes numbers or lists of numbers, at least one: mean(a, b)"),
        ("min(a, [b > 1])", "min at column 1 takes numbers or lists of numbers, at least one: min(a, b)"),
        ("len()", "len at column 1 takes one list: len([a, b])"),
        ("len(a)", "len at column 1 takes one list: len([a, b])"),
        ("len([a], [b])", "len at column 1 takes one list: len([a, b])"),
        ("len([a], {# > 1})", "len at column 1 takes one list: len([a, b])"),
        ("len({a})", "len at column 1 takes one list: len([a, b])"),
        *[
            (text, "sum at column 1 takes a list of numbers: sum([a, b]) or sum([a, b], {# * 2})")
            for text in (
                "sum()",
                "sum(a, b)",
                "sum([a > 1])",
                "sum([a], {# > 1})",
                "sum([a > 1], {1})",
                "sum([a], {[#]})",
                "sum([a], {1}, {2})",
                "sum({[a]})",
            )
        ],
        *[
            (text, "count at column 1 takes a list and a condition: count([a, b], {# > 1}) or count([a > 1, b > 1])")
            for text in ("count([a])", "count([a], {#})", "count(a > 1)", "count([a > 1], {# > 1})", "count()")
        ],
    ],
)
def test_refusal(text: str, message: str) -> None:
    assert refused(text) == message


#: Every place that an operand can stand in.
PLACES = [
    "(X > 1) ? 1 : 0",
    "(1 < X) ? 1 : 0",
    "(1 < a < X) ? 1 : 0",
    "(X == 1) ? 1 : 0",
    "(1 == X) ? 1 : 0",
    "((X > 1) == (a > 1)) ? 1 : 0",
    "((a > 1) != (X > 1)) ? 1 : 0",
    "!(X > 1) ? 1 : 0",
    "(X > 1 && a > 1) ? 1 : 0",
    "(a > 1 && X > 1) ? 1 : 0",
    "(X > 1 || a > 9) ? 1 : 0",
    "(a > 9 || X > 1) ? 1 : 0",
    "(a > 1) ? X : 1",
    "(a > 9) ? 1 : X",
    "X + 1",
    "1 - X",
    "X ** 2",
    "-X",
    "+X",
    "(X)",
    "abs(X)",
    "max(a, X)",
    "mean([a, X])",
    "sum([a, X])",
    "sum([X], {# * 2})",
    "count([a, X], {# > 1})",
    "count([a > 1, X > 1])",
    "len([a, X])",
]


@pytest.mark.parametrize("text", [*PLACES, "(X + a) ?? 1", "a ?? X"])
def test_an_item_outside_a_predicate_is_refused_in_every_place(text: str) -> None:
    assert "stands outside a predicate" in refused(text.replace("X", "#"))


@pytest.mark.parametrize("text", [*PLACES, "sum([1], {# * X})", "count([1], {# > X})"])
def test_a_missing_value_in_any_place_is_caught(text: str) -> None:
    assert value(f"({text.replace('X', 'gone')}) ?? 42") == 42


@pytest.mark.parametrize("text", [*PLACES, "(gone + X) ?? 1", "gone ?? X"])
def test_a_predicate_within_another_is_refused_in_every_place(text: str) -> None:
    whole = f"sum([1], {{{text.replace('X', 'sum([b], {#})')}}})"
    assert "holds another, which is not allowed" in refused(whole)


HYPHEN = "a formula cannot name the trigger 'my-queue': give it a name of letters, digits and _"


@pytest.mark.parametrize(
    ("text", "names", "message"),
    [
        ("my-queue", ["my-queue", "a"], f"unknown name 'my' at column 1; {HYPHEN}"),
        ("a + my-queue", ["my-queue", "a"], f"unknown name 'my' at column 5; {HYPHEN}"),
        ("my-queue", ["my-queue", "my"], f"unknown name 'queue' at column 4; {HYPHEN}"),
        ("my + my-queue", ["my-queue", "my"], f"unknown name 'queue' at column 9; {HYPHEN}"),
        ("my-queue + my-queue", ["my-queue", "a"], f"unknown name 'my' at column 1; {HYPHEN}"),
        ("my - queue", ["my-queue", "aa"], "unknown name 'my' at column 1; known: aa"),
        ("amy-queue", ["my-queue", "aa"], "unknown name 'amy' at column 1; known: aa"),
        ("+my-queue", ["my-queue"], f"unknown name 'my' at column 2; {HYPHEN}"),
        (
            "$my-queue",
            ["my-queue"],
            "'$' at column 1 is no part of a formula; what is: numbers, triggers, functions, operators",
        ),
        ("myy + my-queue", ["my-queue", "my", "queue"], "unknown name 'myy' at column 1; did you mean 'my'?"),
        ("my-queue + q", ["my-queue", "my", "queue"], "unknown name 'q' at column 12; known: my, queue"),
        ("my-q+qq", ["my-q", "my", "q"], "unknown name 'qq' at column 6; did you mean 'q'?"),
        ("q", ["my-queue"], "unknown name 'q' at column 1; no trigger has a name of letters, digits and _"),
        (
            "a.b",
            ["a.b", "a"],
            "'.' at column 2 is no part of a formula; "
            "a formula cannot name the trigger 'a.b': give it a name of letters, digits and _",
        ),
        (
            "1 + not",
            ["not"],
            "ends too early; a formula cannot name the trigger 'not': give it a name of letters, digits and _",
        ),
        *[
            (
                f"1 + {word}",
                [word],
                f"unexpected {word!r} at column 5; "
                f"a formula cannot name the trigger {word!r}: give it a name of letters, digits and _",
            )
            for word in ("and", "or")
        ],
        (
            "a b",
            ["a b", "a", "b"],
            "unexpected 'b' at column 3; "
            "a formula cannot name the trigger 'a b': give it a name of letters, digits and _",
        ),
    ],
)
def test_names_that_a_formula_cannot_write(text: str, names: list[str], message: str) -> None:
    assert refused(text, names) == message


def test_subtraction_of_triggers_is_no_name() -> None:
    assert formula("a-b", ["a", "b", "a-b"]).names == {"a", "b"}


@pytest.mark.parametrize("name", ["order", "android", "nothing", "or_1", "count", "größe", "_", "x1"])
def test_names_that_a_formula_can_write(name: str) -> None:
    assert formula(f"{name} + 1", [name]).value({name: 1.0}) == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a / zero", "3 / 0 divides by zero (column 3)"),
        ("1 +\na % zero", "3 % 0 divides by zero (line 2, column 3)"),
        ("zero ** -1", "0 ** -1 divides by zero (column 6)"),
        ("(-8) ** 0.5", "-8 ** 0.5 is no real number (column 6)"),
        ("a ** (c * 10)", "3 ** 70 has an exponent beyond 64 (column 3)"),
        ("1 ^ (c * -10)", "1 ^ -70 has an exponent beyond 64 (column 3)"),
        ("1e200 ** 2", "1e+200 ** 2 is too large (column 7)"),
        ("1e200 ** 64", "1e+200 ** 64 is too large (column 7)"),
        ("1e-300 ** -2.5", "1e-300 ** -2.5 is too large (column 8)"),
        ("(-1e200) ** 3", "-1e+200 ** 3 is too large (column 10)"),
        ("1e308 * 10", "1e+308 * 10 is too large (column 7)"),
        ("1e308 / 0.1", "1e+308 / 0.1 is too large (column 7)"),
        ("1e308 + 1e308 > 1 ? 1 : 0", "1e+308 + 1e+308 is too large (column 7)"),
        ("-1e308 - 1e308", "-1e+308 - 1e+308 is too large (column 8)"),
        ("1 + sum([1e308, 1e308])", "the sum at column 5 is too large"),
        ("mean(1e308, 1e308)", "the mean at column 1 is too large"),
        ("min([])", "min of an empty list (column 1)"),
        ("1 + max([], [])", "max of an empty list (column 5)"),
        ("mean(a > 1 ? [] : [1])", "mean of an empty list (column 1)"),
        ("gone", "trigger 'gone' has no value, and no ?? covers it"),
        ("a + gone", "trigger 'gone' has no value, and no ?? covers it"),
        ("gone ?? lost", "trigger 'lost' has no value, and no ?? covers it"),
        ("len([gone])", "trigger 'gone' has no value, and no ?? covers it"),
        ("1 / zero + (gone ?? 1)", "1 / 0 divides by zero (column 3)"),
        ("(gone / zero) ?? (1 / zero)", "1 / 0 divides by zero (column 21)"),
        ("(a / zero) ?? 5", "3 / 0 divides by zero (column 4)"),
    ],
)
def test_failure(text: str, message: str) -> None:
    assert failed(text) == message


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_a_trigger_without_a_finite_number_fails(number: float) -> None:
    assert failed("a > 1 ? 1 : 0", a=number) == f"trigger 'a' has the value {number}, which is no finite number"


def test_a_missing_value_says_whose() -> None:
    with pytest.raises(MissingValue) as error:
        formula("a + b", "ab").value({"a": 1.0})
    assert error.value.name == "b"


def test_formulas_are_values() -> None:
    one, other = formula("a + b", ["a", "b", "c"]), formula("a + b", ["b", "a"])
    assert one == other
    assert hash(one) == hash(other)
    assert one != formula("b + a", ["a", "b"])
    assert repr(formula("a", "a")) == "Formula(text='a', names=frozenset({'a'}), coalesces=False)"
    assert isinstance(one, Formula)
    with pytest.raises(AttributeError):
        one.text = "a"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a ?? b", True), ("(a ?? b)", True), ("a", False), ("(a ?? b) + 1", False), ("a > 1 ? a ?? b : 1", False)],
)
def test_coalesces(text: str, expected: bool) -> None:
    assert formula(text, "ab").coalesces is expected


def test_names_are_those_used() -> None:
    assert formula("max(a, gone ?? 1) + a + sum([1], {# * c})", VALUES).names == {"a", "gone", "c"}
    assert formula("1", VALUES).names == set()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("(" * 511 + "a" + ")" * 511, id="brackets"),
        pytest.param("-" * 199 + "a", id="signs"),
        pytest.param("abs(" * 199 + "a" + ")" * 199, id="functions"),
        pytest.param("max(" * 199 + "a" + ")" * 199, id="functions of many"),
        pytest.param("sum([" * 99 + "a" + "])" * 99, id="lists"),
        pytest.param("a ** " * 99 + "a", id="powers"),
        pytest.param("a?? " * 99 + "a", id="defaults"),
        pytest.param("a>1?" * 39 + "a" + ":a" * 39, id="choices"),
        pytest.param("(a)" + "+(a)" * 99, id="sums"),
        pytest.param("sum([" + "a," * 90 + "],{#" + "+#" * 50 + "})", id="every item by every part"),
    ],
)
def test_the_largest_formulas_end_soon(text: str) -> None:
    try:
        formula(text, VALUES).value(VALUES)
    except FormulaError as error:
        assert "exponent" in str(error)  # noqa: PT017


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1" + " " * 1024, "has 1025 characters; at most 1024 are allowed"),
        ("-" * 200 + "a", "has 201 operators, operands and functions; at most 200 are allowed"),
        ("(" * 1024, f"ends too early; {HERE}"),
        ("-" * 1024, "has 1024 operators, operands and functions; at most 200 are allowed"),
        ("+".join(["max([a,],)"] * 51), "has 203 operators, operands and functions; at most 200 are allowed"),
        ("a>1?1:" * 40 + "1", "has 201 operators, operands and functions; at most 200 are allowed"),
    ],
)
def test_limits(text: str, message: str) -> None:
    assert refused(text) == message


def test_as_many_as_allowed() -> None:
    assert value("1" + " " * 1023) == 1
    assert value("-" * 199 + "a") == -3
    assert value("+".join(["sum([a],{#})"] * 40)) == 120
    assert value("+".join(["(a > 1 ? 1 : 0)"] * 28) + "+1") == 29


def test_lark_is_imported_for_formulas_only() -> None:
    code = "import sys, scaler.formula; sys.exit('lark' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


outcomes = st.fixed_dictionaries({name: st.none() | st.floats(-1e3, 1e3) for name in ("a", "b", "c")})


@settings(max_examples=500)
@given(numbers(4), outcomes, st.randoms(use_true_random=False))
def test_agrees_with_another_evaluation(tree: Any, values: dict[str, float | None], random: Any) -> None:
    text = shown(tree, random)
    if len(text) > 1024:
        return
    found = formula(text, values)
    try:
        expected = computed(tree, values)
    except Absent:
        with pytest.raises(MissingValue):
            found.value(values)
    except Broken:
        with pytest.raises(FormulaError) as error:
            found.value(values)
        assert not isinstance(error.value, MissingValue)
    else:
        assert found.value(values) == expected


pieces = st.sampled_from([*"abc012.#?:+-*/%^!<>=&|()[]{}, \n_$é", "??", "**", "and ", "not ", "max(", "count([", "e9"])


@settings(max_examples=1000)
@given(st.lists(pieces, max_size=60).map("".join) | st.text(max_size=60), outcomes)
def test_any_text_is_a_formula_or_a_sentence(text: str, values: dict[str, float | None]) -> None:
    try:
        found = formula(text, values)
        assert abs(found.value(values)) < float("inf")
    except FormulaError as error:
        assert str(error)  # noqa: PT017
        assert len(str(error)) < 200  # noqa: PT017
