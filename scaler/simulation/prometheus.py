"""A trace out of a Prometheus: what was recorded of a queue, asked for by `query_range`."""

import asyncio
import json
import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import aiohttp
from yarl import URL

from scaler.answer import Answer
from scaler.simulation.trace import ARRIVALS, DEPARTURES, EMPTY, ERROR, Trace, TraceError, iso
from scalers import Reading
from scalers.parameters import hide_credentials

#: Prometheus answers with at most 11,000 points of a series.
POINTS: Final = 10_000
#: The label that names a trigger.
LABEL: Final = "trigger"

_TIMEOUT: Final = aiohttp.ClientTimeout(total=60, sock_connect=10)
_SHOWN_SERIES: Final = 5
_LONGEST_ERROR: Final = 300

Samples: TypeAlias = dict[float, float]


@dataclass(frozen=True, slots=True)
class Range:
    """What to ask, and for which times (seconds of the Unix epoch)."""

    url: str
    query: str
    start: float
    end: float
    step: float


async def fetch(asked: Range, triggers: Collection[str], *, flows: bool) -> Trace:
    """The answer as a trace for rules with these triggers. Raises TraceError.

    A series with a label `trigger` feeds the trigger of that name; without it the only series feeds the only trigger,
    or with `flows` is the column `arrivals`. NaN and what else is no length is a failed reading; no sample, none.
    """
    place = hide_credentials(asked.url)
    try:
        async with aiohttp.ClientSession(timeout=_TIMEOUT, trust_env=False) as session:
            series = await _Prometheus(session, asked, place).series()
    except TimeoutError as error:
        raise TraceError(f"{place}: no answer within {_TIMEOUT.total:g} s; a larger --step asks for less") from error
    except (aiohttp.ClientConnectionError, aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError) as error:
        raise TraceError(f"cannot reach Prometheus at {place}: {error}") from error
    except aiohttp.ClientError as error:
        raise TraceError(f"{place} does not answer as Prometheus does ({type(error).__name__})") from error
    return _trace(_by_column(series, triggers, flows), flows, f"{place}: the query")


class _Prometheus:
    def __init__(self, session: aiohttp.ClientSession, asked: Range, place: str) -> None:
        self._session, self._asked, self._place = session, asked, place

    async def series(self) -> dict[tuple[tuple[str, str], ...], Samples]:
        """All samples by the labels of their series."""
        found: dict[tuple[tuple[str, str], ...], Samples] = {}
        for start, end in self._chunks():
            for each in await self._ask(start, end):
                labels = tuple(sorted(each["metric"].items()))
                samples = ((float(at), float(value)) for at, value in each["values"])
                found.setdefault(labels, {}).update(samples)
        if not found:
            asked = self._asked
            raise TraceError(
                f"{self._place}: the query has no data from {iso(asked.start)} to {iso(asked.end)}: {asked.query}"
            )
        return found

    def _chunks(self) -> Iterator[tuple[float, float]]:
        asked = self._asked
        for first in range(0, math.floor((asked.end - asked.start) / asked.step) + 1, POINTS):
            start = asked.start + first * asked.step
            yield start, min(asked.end, start + (POINTS - 1) * asked.step)

    async def _ask(self, start: float, end: float) -> list[Any]:
        url = URL(self._asked.url) / "api/v1/query_range"
        form = {"query": self._asked.query, "start": f"{start:.3f}", "end": f"{end:.3f}", "step": f"{self._asked.step}"}
        async with self._session.post(url, data=form, allow_redirects=False) as answer:
            body = await answer.read()
        try:
            said = json.loads(body)
            if answer.status == 200:
                return list(said["data"]["result"])
        except (ValueError, KeyError, TypeError):
            said = {}
        reason = said.get("error") if isinstance(said, Mapping) else None
        told = str(reason or answer.reason or "no Prometheus")[:_LONGEST_ERROR]
        raise TraceError(f"{self._place}: HTTP {answer.status}: {told}")


def _by_column(
    series: Mapping[tuple[tuple[str, str], ...], Samples], triggers: Collection[str], flows: bool
) -> dict[str, Samples]:
    names = {*triggers, *((ARRIVALS, DEPARTURES) if flows else ())}
    named: dict[str, Samples] = {}
    for labels, samples in series.items():
        name = dict(labels).get(LABEL)
        if name is not None and name in names and name not in named:
            named[name] = samples
    if len(named) == len(series):
        return named
    if len(series) == 1:
        (samples,) = series.values()
        if flows:
            return {ARRIVALS: samples}
        if len(triggers) == 1:
            return dict.fromkeys(triggers, samples)
    raise TraceError(_ambiguous(series, sorted(names)))


def _ambiguous(series: Mapping[tuple[tuple[str, str], ...], Samples], names: list[str]) -> str:
    shown = ["{" + ", ".join(f'{name}="{value}"' for name, value in labels) + "}" for labels in series]
    more = len(shown) - _SHOWN_SERIES
    told = [f"  {each}" for each in shown[:_SHOWN_SERIES]] + ([f"  and {more} more"] if more > 0 else [])
    cure = f"each must have its own label {LABEL!r}, one of {', '.join(names)} (label_replace), or there is one (sum)"
    return "\n".join([f"the query has {len(series)} series; {cure}:", *told])


def _trace(columns: Mapping[str, Samples], flows: bool, place: str) -> Trace:
    messages = {name: columns.get(name, {}) for name in (ARRIVALS, DEPARTURES) if flows}
    readings = {name: samples for name, samples in columns.items() if name not in messages}
    times = sorted({at for samples in columns.values() for at in samples})
    arrivals = messages.get(ARRIVALS, {})
    # A count that is not known is none at all: what arrived until the next one is in that.
    times = [at for at in times if not flows or _is_length(arrivals.get(at, math.nan))]
    if len(times) < 2:
        raise TraceError(f"{place} has fewer than two samples")
    departures = messages.get(DEPARTURES) or {}
    return Trace(
        times,
        {name: [_answer(samples.get(at)) for at in times] for name, samples in readings.items()},
        [arrivals[at] for at in times] if flows else [],
        [_count(departures.get(at, 0.0)) for at in times] if departures else [],
        dated=True,
    )


def _answer(value: float | None) -> Answer:
    if value is None:
        return EMPTY
    return Reading(value, value) if _is_length(value) else ERROR


def _is_length(value: float) -> bool:
    return 0 <= value < math.inf


def _count(value: float) -> float:
    return value if _is_length(value) else 0.0


def ask(asked: Range, triggers: Collection[str], *, flows: bool) -> Trace:
    """`fetch`, waited for."""
    return asyncio.run(fetch(asked, triggers, flows=flows))
