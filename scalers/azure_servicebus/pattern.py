"""Regular expressions over names, by RE2: no pattern takes more than time linear in the name's length."""

from collections.abc import Callable
from typing import Any, Final

import re2

__all__ = ["compiled", "fault"]

_LONGEST: Final = 256


def fault(pattern: str) -> str | None:
    """Why this is no pattern that is taken."""
    if len(pattern) > _LONGEST:
        return f"must be at most {_LONGEST} characters with useRegex"
    try:
        _parsed(pattern)
    except re2.error as error:
        said = error.args[0] if error.args else ""
        said = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
        return f"must be a regular expression of RE2 ({said}), not {pattern!r}"
    return None


def compiled(pattern: str) -> Callable[[str], bool]:
    """Whether a whole name matches."""
    expression = _parsed(pattern)
    return lambda name: expression.fullmatch(name) is not None


def _parsed(pattern: str) -> Any:
    options = re2.Options()
    options.log_errors = False
    return re2.compile(pattern, options)
