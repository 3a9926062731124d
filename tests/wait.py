"""Waiting for something outside this process: quickly noticed, and told what was waited for when it never came.

The seconds are those of a quiet machine; one with neighbours has `PATIENCE` times as many. They are no assertion: what
must come soon is counted in readings or requests.
"""

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

PATIENCE = 3.0
_EVERY = 0.02


def wait(predicate: Callable[[], T], timeout: float = 10.0, what: str | Callable[[], str] = "") -> T:
    """Its first true answer. AssertionError after `timeout` seconds, with `what` and the last answer."""
    end = time.monotonic() + PATIENCE * timeout
    while not (answer := predicate()):
        if time.monotonic() >= end:
            said = what() if callable(what) else what or getattr(predicate, "__qualname__", repr(predicate))
            raise AssertionError(f"not within {PATIENCE * timeout:g} s: {said} (last answer: {answer!r})")
        time.sleep(_EVERY)
    return answer


async def until(holds: Callable[[], bool]) -> None:
    """The same beside other tasks of this process. AssertionError after 5 seconds."""
    end = time.monotonic() + PATIENCE * 5
    while not holds():
        assert time.monotonic() < end
        await asyncio.sleep(_EVERY)
