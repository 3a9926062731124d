"""The formula of `scalingModifiers`: triggers into one number, in the language of KEDA's formulas (expr-lang).

From the tightest to the loosest: `??`; `**` and `^` (from the right); `-` and `+` of one operand, `!` and `not`;
`* / %`; `+ -`; `< <= > >=`, which chain; `== !=`; `&&` and `and`; `||` and `or`; `? :` (from the right). So `-2 ** 2`
is -4, `not a > 1` is refused, and `a ?? 5 + 1` wants brackets, because it is read in two ways.

Every number is finite: what is not is an error where it arises. A missing value is an error that `??` catches.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from math import nan

from scaler.formula.reader import read
from scaler.formula.term import FormulaError, MissingValue, Run

__all__ = ["Formula", "FormulaError", "MissingValue", "formula"]


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula that is fit to be computed.

    `names` are the triggers that it uses; `coalesces` tells whether all of it is one `??`, which may find no value.
    """

    text: str
    names: frozenset[str]
    coalesces: bool
    _run: Run = field(repr=False, compare=False)

    def value(self, values: Mapping[str, float | None]) -> float:
        """The result for the values of triggers: a finite number, which may be negative.

        None, or no entry, is a value that is missing. Raises MissingValue where the formula needs that one and no `??`
        covers it, FormulaError where the result of a step is no finite number.
        """
        # Adding zero turns -0 into 0.
        return float(self._run(values, nan)) + 0.0


def formula(text: str, names: Collection[str]) -> Formula:
    """A formula over the triggers of a rule. Raises FormulaError with what is wrong, where, and what is allowed."""
    term, used = read(text, names)
    return Formula(text, used, term.covers, term.run)
