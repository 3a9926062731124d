"""The list of all rules: those that were asked for, the worst first, a page at a time."""

import textwrap
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from scaler.page.standing import RANK, Standing, standing

#: Rules on one page, and letters of what is wrong with one.
ROWS: Final = 250
WHY: Final = 240


class Query(NamedTuple):
    """What of the list is asked for; `text` is a part of the name, `page` counts from 1."""

    text: str = ""
    standing: Standing | None = None
    page: int = 1
    live: bool = True

    @classmethod
    def of(cls, asked: Mapping[str, str]) -> "Query":
        """The query of a URL; what cannot be understood is not asked for."""
        page = asked.get("page", "")
        number = int(page) if page.isascii() and page.isdigit() and len(page) < 7 else 1
        live = asked.get("live") != "off"
        return cls(asked.get("q", "").strip()[:300], Standing.named(asked.get("state", "")), max(number, 1), live)

    def url(self, **changes: Any) -> str:
        """The query, with changes, as a link relative to the list; from its first page unless another is asked for."""
        asked = self._replace(**{"page": 1, **changes})
        given = {
            "q": asked.text,
            "state": asked.standing.word if asked.standing else "",
            "page": str(asked.page) if asked.page > 1 else "",
            "live": "" if asked.live else "off",
        }
        return "?" + urlencode({name: value for name, value in given.items() if value})


class Listed(NamedTuple):
    """One rule of the list."""

    standing: Standing
    row: Mapping[str, Any]

    @property
    def name(self) -> str:
        """What a user calls it."""
        return f"{self.row['namespace']}/{self.row['name']}"

    @property
    def why(self) -> str:
        """What is wrong with it, as far as a list has room; empty where nothing is."""
        condition = self.row["conditions"].get(self.standing.condition)
        return "" if condition is None else textwrap.shorten(condition["message"], WHY, placeholder=" …")


class Listing(NamedTuple):
    """One page of the list. `counts` are those of all rules, `found` of those that were asked for."""

    query: Query
    rules: list[Listed]
    counts: Mapping[Standing, int]
    total: int
    found: int
    pages: int

    @property
    def first(self) -> int:
        """The place of the first rule of the page, from 1."""
        return (self.query.page - 1) * ROWS + 1

    @property
    def summary(self) -> str:
        """What a person has to know of all rules, in a line."""
        bad = [f"{self.counts[each]} {each.word}" for each in Standing if each.tone == "bad" and self.counts[each]]
        return f"{self.total} rules: {', '.join(bad) or 'no trigger fails, no rule has a mistake'}"


def ordered(rows: Iterable[Mapping[str, Any]]) -> list[Listed]:
    """Rows that come by name, the worst first."""
    return sorted((Listed(standing(row), row) for row in rows), key=lambda each: RANK[each.standing])


def listing(rules: list[Listed], query: Query) -> Listing:
    """A page of what is asked for; the last one where there are fewer."""
    counts = Counter(each.standing for each in rules)
    text = query.text.lower()
    found = [
        each for each in rules if query.standing in (None, each.standing) and (not text or text in each.name.lower())
    ]
    pages = max(-(-len(found) // ROWS), 1)
    query = query._replace(page=min(query.page, pages))
    shown = found[(query.page - 1) * ROWS : query.page * ROWS]
    return Listing(query, shown, counts, len(rules), len(found), pages)
