"""Waiting for something outside this process: quickly noticed, and told what was waited for when it never came."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_EVERY = 0.02


def wait(predicate: Callable[[], T], timeout: float = 10.0, what: str | Callable[[], str] = "") -> T:
    """Its first true answer. AssertionError after `timeout` seconds, with `what` and the last answer."""
    end = time.monotonic() + timeout
    while not (answer := predicate()):
        if time.monotonic() >= end:
            said = what() if callable(what) else what or getattr(predicate, "__qualname__", repr(predicate))
            raise AssertionError(f"not within {timeout:g} s: {said} (last answer: {answer!r})")
        time.sleep(_EVERY)
    return answer
