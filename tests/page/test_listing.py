"""What is asked for of the list, page by page, the worst first."""

import random
from typing import Any
from urllib.parse import parse_qsl

import pytest

from scaler.page.listing import ROWS, Query, listing, ordered
from scaler.page.standing import Standing

PRESENT = {"Ready": ("True", "RuleReady"), "Active": ("False", "NoTriggerActive")}


def row(name: str, **conditions: tuple[str, str]) -> dict[str, Any]:
    told = {
        kind: {"status": status, "reason": reason, "message": f"{kind} of {name}"}
        for kind, (status, reason) in {**PRESENT, **conditions}.items()
    }
    return {"namespace": "shop", "name": name, "replicas": 0, "min": 0, "max": 5, "conditions": told}


INVALID = row("zoo", Ready=("False", "RuleInvalid"))
FAILING = row("mails", Ready=("False", "TriggerFailing"))
ACTIVE = row("orders", Active=("True", "TriggerActive"))
REST = row("idle")


def names(rows: list[dict[str, Any]], query: Query) -> list[str]:
    return [each.row["name"] for each in listing(ordered(rows), query).rules]


def test_the_worst_come_first_then_by_name() -> None:
    rows = [ACTIVE, FAILING, INVALID, row("aaa"), REST]
    assert names(rows, Query()) == ["zoo", "mails", "orders", "aaa", "idle"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (Query("ORD"), ["orders"]),
        (Query("shop/id"), ["idle"]),
        (Query("hop/o"), ["orders"]),
        (Query("nothing"), []),
        (Query(standing=Standing.FAILING), ["mails"]),
        (Query("zoo", Standing.FAILING), []),
    ],
)
def test_what_is_asked_for_is_shown_and_all_are_counted(query: Query, found: list[str]) -> None:
    rules = ordered([INVALID, FAILING, ACTIVE, REST])
    page = listing(rules, query)
    assert [each.row["name"] for each in page.rules] == found
    assert (page.total, page.found) == (4, len(found))
    assert page.counts == {Standing.INVALID: 1, Standing.FAILING: 1, Standing.ACTIVE: 1, Standing.REST: 1}
    assert page.summary == "4 rules: 1 invalid, 1 failing"


def test_pages_are_without_gaps_and_the_last_one_stands_for_those_after_it() -> None:
    rows = [row(f"worker-{number:04}") for number in range(2 * ROWS + 7)]
    pages = [names(rows, Query(page=number)) for number in (1, 2, 3)]
    assert [len(each) for each in pages] == [ROWS, ROWS, 7]
    assert [name for page in pages for name in page] == [each["name"] for each in rows]
    assert names(rows, Query(page=9)) == pages[2]
    assert listing(ordered(rows), Query(page=9)).first == 2 * ROWS + 1
    assert listing([], Query(page=9)).pages == 1


def test_what_is_wrong_is_said_in_the_list() -> None:
    rules = {
        each.name: each.why
        for each in ordered([INVALID, FAILING, ACTIVE, row("x" * 500, Ready=("False", "TriggerFailing"))])
    }
    assert rules["shop/zoo"] == "Ready of zoo"
    assert rules["shop/orders"] == ""
    assert max(map(len, rules.values())) <= 240


@pytest.mark.parametrize(
    "query", [Query(), Query("a&b=c <d>", Standing.AT_MAX, 7, False), Query("ü/%20", None, 2), Query(live=False)]
)
def test_a_link_leads_back_to_the_same(query: Query) -> None:
    assert Query.of(dict(parse_qsl(query.url(page=query.page)[1:]))) == query
    assert Query.of(dict(parse_qsl(query.url()[1:]))) == query._replace(page=1)


def test_what_cannot_be_understood_is_not_asked_for() -> None:
    generator = random.Random(7)
    for page in (
        "-1",
        "0",
        "x",
        "1e9",
        "٣",
        "9" * 400,
        "",
        " 2",
        *(chr(generator.randrange(0x10000)) for _ in range(200)),
    ):
        query = Query.of({"page": page, "state": page, "live": page, "q": page * 2})
        assert 1 <= query.page <= 999_999
        assert query.standing is None
        assert len(query.text) <= 300
