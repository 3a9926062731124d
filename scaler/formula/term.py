"""What every part of a formula has: the kind of value that it gives, checked as parts are joined, and how to get it.

Every part becomes a closure over those inside it, so that nothing is looked up or checked again when it is computed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from lark import Token
    from lark.exceptions import UnexpectedInput

#: From the values of the triggers, and the item that `#` stands for, to the value of a part.
Run: TypeAlias = Callable[[Mapping[str, float | None], float], Any]


class FormulaError(ValueError):
    """A formula that cannot be read, or has no value."""


class MissingValue(FormulaError):
    """The trigger `name` gave no value, and no `??` covers it."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"trigger {name!r} has no value, and no ?? covers it")


class Kind(StrEnum):
    """What a part gives, in the words of a message."""

    NUMBER = "a number"
    CONDITION = "a condition"
    NUMBERS = "a list of numbers"
    CONDITIONS = "a list of conditions"


@dataclass(frozen=True, slots=True)
class Term:
    """A part of a formula.

    `missing`: it can lack a value. `item`: where it has a `#` that no predicate binds. `mapped`: it holds a predicate.
    `covers`: it is a `??`, `bare` where without brackets. `constant`: its value, where it is a literal.
    """

    kind: Kind
    run: Run
    missing: bool = False
    item: str | None = None
    mapped: bool = False
    covers: bool = False
    bare: bool = False
    constant: float | None = None


def joint(kind: Kind, run: Run, *parts: Term) -> Term:
    """A part that is made of others."""
    item = next((part.item for part in parts if part.item), None)
    return Term(kind, run, any(part.missing for part in parts), item, any(part.mapped for part in parts))


def place(token: "Token | UnexpectedInput") -> str:
    """Where a token, or what is none, stands, as a user counts."""
    return f"column {token.column}" if token.line == 1 else f"line {token.line}, column {token.column}"


def must_be(kind: Kind, token: "Token", *parts: Term) -> None:
    """Raises FormulaError where an operand is of another kind."""
    for part in parts:
        if part.kind is not kind:
            hint = "; brackets may be missing, as in !(a > 1)" if token.type == "NOT" else ""
            raise FormulaError(f"{str(token)!r} at {place(token)} takes {kind}, not {part.kind}{hint}")
