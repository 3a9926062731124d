"""What several scalers say becomes one answer."""

from typing import Any

import pytest

from scaler.explain import Unknown, remembered
from scaler.overview import overview
from scaler.server import Told, Unreachable
from scaler.target import Key

KEY = Key("shop", "orders")


class Said:
    """Scalers that say this."""

    def __init__(self, *answers: Any, silent: tuple[str, ...] = ()) -> None:
        self._told = Told(list(answers), list(silent))

    async def ask(self, path: str) -> Told:
        return self._told


def row(namespace: str, name: str) -> dict[str, Any]:
    return {"namespace": namespace, "name": name}


def memory(now: float, since: float = 0.0) -> dict[str, Any]:
    return {"memorySince": since, "decisions": [{"since": now - 5, "state": {"now": now}}]}


async def test_rows_of_all_in_one_order() -> None:
    found = await overview(Said([row("shop", "b"), row("bank", "z")], [row("shop", "a")]), None, None)
    assert [(each["namespace"], each["name"]) for each in found.rows] == [("bank", "z"), ("shop", "a"), ("shop", "b")]
    assert found.note == ""


async def test_a_rule_that_two_tell_of_is_one() -> None:
    assert len((await overview(Said([row("shop", "a")], [row("shop", "a")]), None, None)).rows) == 1


async def test_of_one_namespace() -> None:
    said = Said([row("shop", "a"), row("bank", "a")])
    assert (await overview(said, None, "bank")).rows == [row("bank", "a")]


@pytest.mark.parametrize("answer", [None, {"kind": "Status"}, "hello"])
async def test_what_is_no_scaler(answer: Any) -> None:
    with pytest.raises(Unreachable, match="is no scaler"):
        await overview(Said(answer), None, None)


async def test_what_is_new() -> None:
    before = await overview(Said([row("shop", "a"), row("shop", "b")]), None, None)
    after = await overview(Said([row("shop", "a"), row("shop", "b") | {"replicas": 3}]), None, None)
    assert after.since(before).rows == [row("shop", "b") | {"replicas": 3}]


async def test_who_decided_last_is_believed() -> None:
    (told,) = await remembered(Said(memory(90.0), None, memory(100.0), memory(80.0)), KEY, None)
    assert told["state"]["now"] == 100.0


@pytest.mark.parametrize(
    ("said", "error", "message"),
    [
        (Said(None, None), Unknown, "no running scaler knows a rule of shop/orders: is the annotation"),
        (Said(None, silent=("b hangs",)), Unknown, "shop/orders: is the annotation scalerule.dev/rule there.; b hangs"),
        (Said(silent=("a hangs", "b hangs")), Unreachable, "^a hangs; b hangs$"),
    ],
    ids=["not known", "not known by those who answer", "nobody answers"],
)
async def test_nothing_to_explain(said: Said, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        await remembered(said, KEY, None)
