"""Traces out of a real Prometheus, whose past is written by the test."""

import asyncio
import itertools
import math
from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest
from aiohttp import web

from scaler.simulation import prometheus as asking
from scaler.simulation.prometheus import Range, fetch
from scaler.simulation.trace import EMPTY, ERROR, TraceError
from scalers import Reading
from tests.ports import free_ports
from tests.prometheus_server import PrometheusServer

START = 1_767_225_600
STEP = 15
ROWS = 241


def past() -> Iterator[str]:
    """An hour of two queues, one metric with holes, and a counter."""
    for name, factor in (("orders", 1), ("invoices", 2)):
        for row in range(ROWS):
            yield f'depth{{queue="{name}"}} {row * factor} {START + row * STEP}'
    for row in range(0, ROWS, 80):
        yield f"sparse {row} {START + row * STEP}"
    for row, value in enumerate([5, math.nan, 7, math.inf, -3, 9]):
        yield f"odd {'NaN' if math.isnan(value) else '+Inf' if value == math.inf else value} {START + row * STEP}"
    for row in range(ROWS):
        yield f"sent_total {row * 30} {START + row * STEP}"


@pytest.fixture(scope="module")
def url(prometheus: PrometheusServer) -> str:
    prometheus.start(past())
    return prometheus.url


def asked(url: str, query: str, *, rows: int = 5, step: float = STEP) -> Range:
    return Range(url, query, START, START + (rows - 1) * step, step)


async def test_one_series_feeds_the_only_trigger(url: str) -> None:
    trace = await fetch(asked(url, 'depth{queue="orders"}'), ["orders"], flows=False)
    assert trace.times == [START + row * STEP for row in range(5)]
    assert trace.readings == {"orders": [Reading(row, row) for row in range(5)]}
    assert trace.dated


async def test_a_label_names_the_trigger(url: str) -> None:
    query = 'label_replace(depth, "trigger", "$1", "queue", "(.*)")'
    trace = await fetch(asked(url, query), ["orders", "invoices"], flows=False)
    assert [answer.value for answer in trace.readings["invoices"]] == [0, 2, 4, 6, 8]  # type: ignore[union-attr]
    assert [answer.value for answer in trace.readings["orders"]] == [0, 1, 2, 3, 4]  # type: ignore[union-attr]


async def test_a_series_of_arrivals(url: str) -> None:
    trace = await fetch(asked(url, "increase(sent_total[30s])", rows=9), ["orders"], flows=True)
    assert trace.readings == {}
    assert trace.arrivals[3:] == pytest.approx([60] * (len(trace.arrivals) - 3))


async def test_what_is_no_length_is_a_failed_reading(url: str) -> None:
    trace = await fetch(asked(url, "odd", rows=6), ["orders"], flows=False)
    assert trace.readings["orders"] == [Reading(5, 5), ERROR, Reading(7, 7), ERROR, ERROR, Reading(9, 9)]


async def test_a_series_without_samples_is_a_missing_reading(url: str) -> None:
    query = 'label_replace(depth unless (depth{queue="invoices"} > 3), "trigger", "$1", "queue", "(.*)")'
    trace = await fetch(asked(url, query), ["orders", "invoices"], flows=False)
    assert trace.readings["invoices"] == [Reading(0, 0), Reading(2, 2), EMPTY, EMPTY, EMPTY]


async def test_where_prometheus_knows_nothing_there_is_no_row(url: str) -> None:
    """It takes a sample for valid for five minutes; after that there is nothing."""
    trace = await fetch(asked(url, "sparse", rows=ROWS), ["orders"], flows=False)
    assert {after - before for before, after in itertools.pairwise(trace.times)} == {STEP, 1200 - 300}


async def test_long_ranges_are_asked_for_in_parts(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = await fetch(asked(url, 'depth{queue="orders"}', rows=ROWS), ["orders"], flows=False)
    monkeypatch.setattr(asking, "POINTS", 7)
    assert await fetch(asked(url, 'depth{queue="orders"}', rows=ROWS), ["orders"], flows=False) == whole
    assert len(whole.times) == ROWS


async def test_more_points_than_prometheus_gives_at_once(url: str) -> None:
    trace = await fetch(asked(url, 'depth{queue="orders"}', rows=12_001, step=0.3), ["orders"], flows=False)
    assert len(trace.times) == 12_001


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("depth{", "HTTP 400: 1:7: parse error: unexpected end of input inside braces"),
        ("nothing", "the query has no data from 2026-01-01T00:00:00Z to 2026-01-01T00:01:00Z: nothing"),
        (
            "depth",
            "the query has 2 series; each must have its own label 'trigger', one of orders (label_replace), "
            'or there is one (sum):\n  {__name__="depth", queue="invoices"}\n  {__name__="depth", queue="orders"}',
        ),
    ],
)
async def test_questions_without_a_good_answer(url: str, query: str, told: str) -> None:
    with pytest.raises(TraceError) as caught:
        await fetch(asked(url, query), ["orders"], flows=False)
    assert told in str(caught.value)


async def test_one_series_for_two_triggers(url: str) -> None:
    with pytest.raises(TraceError, match="the query has 1 series; each must have its own label 'trigger'"):
        await fetch(asked(url, 'depth{queue="orders"}'), ["orders", "invoices"], flows=False)


async def test_a_single_sample_is_too_few(url: str) -> None:
    with pytest.raises(TraceError, match="the query has fewer than two samples"):
        await fetch(asked(url, 'depth{queue="orders"}', rows=1), ["orders"], flows=False)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("http://127.0.0.1:1", "cannot reach Prometheus at http://127.0.0.1:1: "),
        ("http://me:hunter2@127.0.0.1:1/prom", "cannot reach Prometheus at http://***@127.0.0.1:1/prom: "),
        ("ftp://127.0.0.1/", "cannot reach Prometheus at ftp://127.0.0.1/"),
        ("nowhere", "cannot reach Prometheus at nowhere: "),
    ],
)
async def test_no_prometheus_is_said(wrong: str, told: str) -> None:
    with pytest.raises(TraceError) as caught:
        await fetch(asked(wrong, "depth"), ["orders"], flows=False)
    assert str(caught.value).startswith(told)
    assert "hunter2" not in str(caught.value)


@pytest.fixture
async def other() -> AsyncIterator[str]:
    """A server that is no Prometheus."""

    async def answer(request: web.Request) -> web.Response:
        kind = request.path.split("/")[1]
        if kind == "slow":
            await asyncio.sleep(30)
        statuses = {"error": 500, "moved": 302, "denied": 401}
        return web.Response(status=statuses.get(kind, 200), text="<html>secret</html>", headers={"Location": "/"})

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    (port,) = free_ports(1)
    await web.TCPSite(runner, "127.0.0.1", port).start()
    yield f"http://127.0.0.1:{port}"
    await runner.cleanup()


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("error", "HTTP 500: Internal Server Error"),
        ("moved", "HTTP 302: Found"),
        ("denied", "HTTP 401: Unauthorized"),
        ("page", "HTTP 200: "),
    ],
)
async def test_servers_that_are_no_prometheus(other: str, path: str, told: str) -> None:
    with pytest.raises(TraceError) as caught:
        await fetch(asked(f"{other}/{path}/", "depth"), ["orders"], flows=False)
    assert told in str(caught.value)
    assert "secret" not in str(caught.value)


async def test_no_answer_in_time(other: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "_TIMEOUT", aiohttp.ClientTimeout(total=0.2))
    with pytest.raises(TraceError, match=r"no answer within 0.2 s; a larger --step asks for less"):
        await fetch(asked(f"{other}/slow", "depth"), ["orders"], flows=False)
