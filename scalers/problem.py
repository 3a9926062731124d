"""What is wrong with a user's input: a path and a sentence, all of them at once."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Problem:
    """`path` as a user would write it (`triggers[0].metadata.queueName`); `message` says value and what is allowed."""

    path: str
    message: str

    def under(self, prefix: str) -> "Problem":
        """The same problem, seen from the document that holds this value at `prefix`."""
        return Problem(".".join(part for part in (prefix, self.path) if part), self.message)

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class Invalid(ValueError):
    """Input with one or more problems."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(map(str, self.problems)))


#: How many mistakes of one rule are told. Finding the nearest known name of each takes most of the time.
MOST: Final = 100

_LONGEST: Final = 64


def nearest(name: str, names: Iterable[str]) -> str:
    """A hint that ends a message: the nearest known name, or all of them where none is near."""
    options = sorted(names)
    lowered = {option.lower(): option for option in options}
    # Bounded, because the time to compare grows with the square of the length.
    close = difflib.get_close_matches(name[:_LONGEST].lower(), lowered, n=1, cutoff=0.6)
    if close:
        return f"did you mean {lowered[close[0]]!r}?"
    return f"known: {', '.join(options)}"
