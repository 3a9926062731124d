"""From the text of a formula to a term, and from what is wrong with it to a sentence."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cache, partial
from itertools import pairwise
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

from scaler.formula import operand, operation
from scaler.formula.function import FUNCTIONS, Predicate, called
from scaler.formula.term import FormulaError, Kind, Term, place
from scalers.problem import nearest

if TYPE_CHECKING:
    from lark import Lark, Token
    from lark.exceptions import UnexpectedInput, UnexpectedToken

#: In characters; and in operators, operands, functions and lists. They bound the time, and the depth of calls.
MAX_LENGTH: Final = 1024
MAX_PARTS: Final = 200

_NO_PARTS: Final = frozenset({"LPAR", "RPAR", "LBRACE", "RBRACE", "RSQB", "COMMA", "COLON"})
_WORDS: Final = frozenset({"and", "or", "not"})
_CLOSING: Final = {"RPAR": "')'", "RBRACE": "'}'", "RSQB": "']'", "COMMA": "','", "COLON": "':'"}
_MEANT: Final = {"=": "==", "&": "&&", "|": "||"}
_NAMEABLE: Final = "of letters, digits and _"
_LONGEST_ECHO: Final = 40

_CALLBACKS: Final[Mapping[str, Callable[..., Term | Predicate]]] = {
    "called": called,
    "predicate": Predicate,
    "calculated": operation.calculated,
    "chosen": operation.chosen,
    "covered": operation.covered,
    "equal": operation.equal,
    "grouped": operand.grouped,
    "item": operand.item,
    "joined": operation.joined,
    "listed": operand.listed,
    "name": operand.name,
    "number": operand.number,
    "ordered": operation.ordered,
    "signed": operation.signed,
}


def read(text: str, names: Collection[str]) -> tuple[Term, frozenset[str]]:
    """The term of a formula over named triggers, and the names that it uses. Raises FormulaError."""
    # Imported here, because most rules have no formula, and `scaler validate` is to be quick.
    from lark.exceptions import UnexpectedInput

    if len(text) > MAX_LENGTH:
        raise FormulaError(f"has {len(text)} characters; at most {MAX_LENGTH} are allowed")
    try:
        tokens = list(_parser().lex(text))
        used = _checked(tokens, text, names)
        whole: Any = _parser().parse(text)
    except UnexpectedInput as error:
        raise FormulaError(_misread(error, text, names)) from None
    return _result(whole), used


@cache
def _parser() -> "Lark":
    """Built once, for all formulas. The callbacks make terms while it parses: nothing here calls itself by depth."""
    from lark import Lark

    transformer: Any = SimpleNamespace(**{rule: partial(_spread, build) for rule, build in _CALLBACKS.items()})
    return Lark.open_from_package(__package__, "grammar.lark", parser="lalr", lexer="basic", transformer=transformer)


def _spread(build: Callable[..., Term | Predicate], children: Iterable[Any]) -> Term | Predicate:
    return build(*children)


def _checked(tokens: Sequence["Token"], text: str, names: Collection[str]) -> frozenset[str]:
    """The names of triggers among the tokens. Raises FormulaError where there are too many, or a name is unknown."""
    parts = sum(token.type not in _NO_PARTS for token in tokens)
    if parts > MAX_PARTS:
        raise FormulaError(f"has {parts} operators, operands and functions; at most {MAX_PARTS} are allowed")
    used = set()
    for token, after in pairwise([*tokens, None]):
        if token is None or token.type != "NAME":
            continue
        if after == "(":
            _check_function(token)
        else:
            used.add(_known(token, text, names))
    return frozenset(used)


def _check_function(token: "Token") -> None:
    if str(token) not in FUNCTIONS:
        raise FormulaError(f"unknown function {_echo(token)} at {place(token)}; {nearest(str(token), FUNCTIONS)}")


def _known(token: "Token", text: str, names: Collection[str]) -> str:
    if str(token) in names:
        return str(token)
    nameable = [name for name in names if _is_nameable(name)]
    near = nearest(str(token), nameable) if nameable else f"no trigger has a name {_NAMEABLE}"
    hint = _unnameable(token.start_pos or 0, text, names) or near
    raise FormulaError(f"unknown name {_echo(token)} at {place(token)}; {hint}")


def _is_nameable(name: str) -> bool:
    return name.isidentifier() and name not in _WORDS


def _unnameable(position: int, text: str, names: Iterable[str]) -> str | None:
    """A hint where the text seems to mean a trigger whose name is no name in a formula, such as `my-queue`."""
    for name in sorted(names):
        found = text.find(name, max(position - len(name) + 1, 0))
        if not _is_nameable(name) and 0 <= found <= position:
            return f"a formula cannot name the trigger {name!r}: give it a name {_NAMEABLE}"
    return None


def _misread(error: "UnexpectedInput", text: str, names: Collection[str]) -> str:
    """What stands where it cannot stand, and what could."""
    from lark.exceptions import UnexpectedToken

    if isinstance(error, UnexpectedToken):
        said, allowed = _misplaced(error)
    else:
        said, allowed = _unreadable(error, text)
    return f"{said}; {_unnameable(error.pos_in_stream or 0, text, names) or allowed}"


def _unreadable(error: "UnexpectedInput", text: str) -> tuple[str, str]:
    character = text[error.pos_in_stream or 0]
    meant = _MEANT.get(character)
    allowed = f"did you mean {meant!r}?" if meant else "what is: numbers, triggers, functions, operators"
    return f"{character!r} at {place(error)} is no part of a formula", allowed


def _misplaced(error: "UnexpectedToken") -> tuple[str, str]:
    """A token in the wrong place, which may be the end."""
    token, accepted = error.token, error.accepts or error.expected
    said = "ends too early" if token.type == "$END" else f"unexpected {_echo(token)} at {place(token)}"
    if "NUMBER" in accepted:
        return said, "a number, a trigger, a function or an opening bracket belongs here"
    closing = [sign for name, sign in _CLOSING.items() if name in accepted]
    return said, " or ".join(["an operator", *closing, *["the end"] * ("$END" in accepted)]) + " belongs here"


def _result(whole: Term) -> Term:
    """The term of a whole formula, which gives a number."""
    if whole.item:
        raise FormulaError(f"'#' at {whole.item} stands outside a predicate; inside: count([a, b], {{# > 1}})")
    if whole.kind is not Kind.NUMBER:
        hint = ", such as (…) ? 1 : 0" if whole.kind is Kind.CONDITION else ", such as sum(…) or max(…)"
        raise FormulaError(f"gives {whole.kind}; it has to give a number{hint}")
    return whole


def _echo(token: "Token") -> str:
    return repr(str(token)[:_LONGEST_ECHO])
