"""The status annotation: for people, written on change only and never too often, never read back."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from scaler.condition import Conditions
from scaler.target import Key

#: Seconds between two writes of one rule: for what people wait for, and for the rest.
SOON, LATER = 5.0, 30.0
MAX_BYTES = 4096


def timestamp(seconds: float) -> str:
    """Kubernetes' form of a wall-clock time."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def render(conditions: Conditions, since: dict[str, float], last: dict[str, Any] | None) -> str:
    """JSON of at most 4 KiB: long messages are cut until it fits. `since` is when each condition became so."""
    for limit in (1024, 256, 64, 16):
        rows = [
            {
                "type": name,
                "status": condition.status,
                "reason": condition.reason,
                "message": _cut(condition.message, limit),
                "lastTransitionTime": timestamp(since[name]),
            }
            for name, condition in conditions.items()
        ]
        shown = None if last is None else {name: _cut(value, limit) for name, value in last.items()}
        text = json.dumps({"conditions": rows, "lastDecision": shown}, ensure_ascii=False, separators=(",", ":"))
        if len(text.encode()) <= MAX_BYTES:
            break
    return text


def _cut(value: Any, limit: int) -> Any:
    if isinstance(value, str) and len(value) > limit:
        return value[: limit - 1] + "…"
    return value


@dataclass
class _Pace:
    written_at: float = -LATER
    timer: asyncio.TimerHandle | None = None


@dataclass
class StatusBook:
    """Paces the writes: `write(key)` at most once in SOON or LATER seconds per rule, whatever changed until then."""

    write: Callable[[Key], None]
    _paces: dict[Key, _Pace] = field(default_factory=dict)

    def changed(self, key: Key, soon: bool) -> None:
        """Have it written when its time comes; `soon` for a change of Ready, Fallback, Paused or the count."""
        now = asyncio.get_running_loop().time()
        pace = self._paces.setdefault(key, _Pace())
        at = pace.written_at + (SOON if soon else LATER)
        if pace.timer is not None:
            if pace.timer.when() <= at:
                return
            pace.timer.cancel()
        if at <= now:
            self._flush(key)
        else:
            pace.timer = asyncio.get_running_loop().call_at(at, self._flush, key)

    def forget(self, key: Key) -> None:
        """Write nothing more for this rule."""
        pace = self._paces.pop(key, None)
        if pace is not None and pace.timer is not None:
            pace.timer.cancel()

    def _flush(self, key: Key) -> None:
        pace = self._paces[key]
        pace.timer = None
        pace.written_at = asyncio.get_running_loop().time()
        self.write(key)
