"""Random formulas as trees, their text with no more brackets than needed, and their value by plain Python."""

import math
from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

#: An operator's level: what binds tighter is higher.
LEVELS = {"?:": 0, "||": 1, "&&": 2, "==": 3, "!=": 3, "<": 4, "<=": 4, ">": 4, ">=": 4}
LEVELS |= {"+": 5, "-": 5, "*": 6, "/": 6, "%": 6, "neg": 7, "!": 7, "**": 8, "??": 9}
ATOM = 10
SPELLINGS = {"&&": ["&&", "and"], "||": ["||", "or"], "**": ["**", "^"], "!": ["!", "not "]}


class Absent(Exception):
    """A missing value."""


class Broken(Exception):
    """No finite number."""


@st.composite
def numbers(draw: st.DrawFn, depth: int, item: bool = False) -> Any:
    """A tree that gives a number."""
    leaves = ["number", "name", "name", *["#"] * 2 * item]
    more = ["binary", "binary", "binary", "neg", "?:", "??", "one", "many", *["sum", "count", "map"] * (not item)]
    kind = draw(st.sampled_from(leaves if depth == 0 else leaves + more))
    inner = numbers(depth - 1, item)
    match kind:
        case "number":
            return ("number", draw(st.sampled_from([0.0, 0.5, 1.0, 2.0, 3.0]) | st.floats(0, 60)))
        case "name":
            return ("name", draw(st.sampled_from("abc")))
        case "#":
            return ("#",)
        case "binary":
            return (draw(st.sampled_from(["+", "-", "*", "/", "%", "**"])), draw(inner), draw(inner))
        case "neg":
            return ("neg", draw(inner))
        case "?:":
            return ("?:", draw(conditions(depth - 1, item)), draw(inner), draw(inner))
        case "??":
            left = draw(inner)
            return ("??", left, draw(inner)) if can_miss(left) else left
        case "one":
            return ("call", draw(st.sampled_from(["abs", "ceil", "floor", "round", "int"])), draw(inner))
        case "many" | "sum":
            name = draw(st.sampled_from(["min", "max", "mean"])) if kind == "many" else "sum"
            return ("call", name, *draw(st.lists(inner, min_size=1, max_size=3)))
    predicate = (conditions if kind == "count" else numbers)(depth - 1, True)
    return (kind, draw(predicate), *draw(st.lists(inner, min_size=1, max_size=3)))


@st.composite
def conditions(draw: st.DrawFn, depth: int, item: bool = False) -> Any:
    """A tree that gives a condition."""
    number = numbers(max(depth - 1, 0), item)
    kind = draw(st.sampled_from(["compare", "chain", *["!", "&&", "||", "same"] * (depth > 0)]))
    if kind == "compare":
        return (draw(st.sampled_from(["<", "<=", ">", ">=", "==", "!="])), draw(number), draw(number))
    if kind == "chain":
        signs = draw(st.lists(st.sampled_from(["<", "<=", ">", ">="]), min_size=2, max_size=3))
        return ("chain", draw(number), *[(sign, draw(number)) for sign in signs])
    inner = conditions(depth - 1, item)
    if kind == "!":
        return ("!", draw(inner))
    sign = draw(st.sampled_from(["==", "!="])) if kind == "same" else kind
    return (sign, draw(inner), draw(inner))


def can_miss(tree: Any) -> bool:
    """Whether a value that it needs can be missing."""
    if not isinstance(tree, tuple):
        return False
    return tree[0] == "name" or any(can_miss(each) for each in tree[2 if tree[0] == "??" else 1 :])


def shown(tree: Any, random: Any, level: int = 0, left: bool = False) -> str:
    """The text of a tree, in brackets where it binds less than its place needs, and sometimes where not."""
    text, own = _shown(tree, random)
    return f"({text})" if own < level or (left and own == LEVELS["??"]) or random.random() < 0.1 else text


def _shown(tree: Any, random: Any) -> tuple[str, int]:
    kind, *parts = tree
    if kind in ("number", "name", "#"):
        return (repr(parts[0]) if kind == "number" else parts[0] if parts else "#"), ATOM
    if kind in ("count", "map"):
        inside = ", ".join(shown(part, random) for part in parts[1:])
        return f"{'count' if kind == 'count' else 'sum'}([{inside}], {{{shown(parts[0], random)}}})", ATOM
    if kind == "call":
        inside = ", ".join(shown(part, random) for part in parts[1:])
        listed = parts[0] == "sum" or (parts[0] in ("min", "max", "mean") and random.random() < 0.5)
        return f"{parts[0]}({f'[{inside}]' if listed else inside})", ATOM
    return _operated(kind, parts, random)


def _operated(kind: str, parts: Any, random: Any) -> tuple[str, int]:
    own = LEVELS.get(kind, LEVELS["<"])
    sign = random.choice(SPELLINGS.get(kind, [kind]))
    if kind == "?:":
        test, yes, no = parts
        return f"{shown(test, random, 1)} ? {shown(yes, random)} : {shown(no, random)}", own
    if kind in ("neg", "!"):
        return f"{'-' if kind == 'neg' else sign}{shown(parts[0], random, own)}", own
    if kind == "chain":
        links = [f" {sign} {shown(part, random, own + 1)}" for sign, part in parts[1:]]
        return shown(parts[0], random, own + 1, left=True) + "".join(links), own
    first = own + 1 if kind in ("**", "<", "<=", ">", ">=") else own
    second = LEVELS["neg"] if kind == "**" else own + 1
    return f"{shown(parts[0], random, first, left=kind != '??')} {sign} {shown(parts[1], random, second)}", own


def computed(tree: Any, values: Mapping[str, float | None], item: float = 0.0) -> Any:
    """The value of a tree. Raises Absent or Broken."""
    result = _computed(tree, values, item)
    if isinstance(result, float) and not math.isfinite(result):
        raise Broken
    return result


def _computed(tree: Any, values: Mapping[str, float | None], item: float) -> Any:
    def of(part: Any, item: float = item) -> Any:
        return computed(part, values, item)

    match tree:
        case ("number", number):
            return number
        case ("#",):
            return item
        case ("name", name):
            if values[name] is None:
                raise Absent
            return values[name]
        case ("neg", part):
            return -of(part)
        case ("!", part):
            return not of(part)
        case ("?:", test, yes, no):
            return of(yes) if of(test) else of(no)
        case ("??", first, second):
            try:
                return of(first)
            except Absent:
                return of(second)
        case ("&&", first, second):
            return of(first) and of(second)
        case ("||", first, second):
            return of(first) or of(second)
        case ("chain", first, *links):
            operands = iter([first, *(part for _, part in links)])
            low = of(next(operands))
            for (sign, _), part in zip(links, operands, strict=True):
                high = of(part)
                if not _plain(sign, low, high):
                    return False
                low = high
            return True
        case ("count", predicate, *parts):
            return float(sum(1 for each in [of(part) for part in parts] if of(predicate, each)))
        case ("map", predicate, *parts):
            return _called("sum", [of(predicate, each) for each in [of(part) for part in parts]])
        case ("call", name, *parts):
            return _called(name, [of(part) for part in parts])
        case (sign, first, second):
            return _plain(sign, of(first), of(second))
    raise AssertionError(tree)


def _called(name: str, arguments: list[float]) -> float:
    total = 0.0
    for argument in arguments:
        total += argument
    first = arguments[0]
    match name:
        case "sum":
            return total
        case "mean":
            return total / len(arguments)
        case "round":
            return math.copysign(float(math.floor(abs(first)) + (math.fmod(abs(first), 1) >= 0.5)), first)
        case "int":
            return float(int(first))
        case "min" | "max":
            return sorted(arguments)[0 if name == "min" else -1]
    return float({"abs": abs, "ceil": math.ceil, "floor": math.floor}[name](first))


def _plain(sign: str, a: float, b: float) -> float | bool:
    match sign:
        case "%":
            return _broken_or(lambda: math.copysign(abs(a) % abs(b), a))
        case "**":
            if abs(b) > 64 or isinstance(power := _broken_or(lambda: a**b), complex):
                raise Broken
            return power
        case "/":
            return _broken_or(lambda: a / b)
    table = {"+": a.__add__, "-": a.__sub__, "*": a.__mul__, "==": a.__eq__, "!=": a.__ne__}
    table |= {"<": a.__lt__, "<=": a.__le__, ">": a.__gt__, ">=": a.__ge__}
    return table[sign](b)


def _broken_or(run: Any) -> Any:
    try:
        return run()
    except (ArithmeticError, ValueError):
        raise Broken from None
