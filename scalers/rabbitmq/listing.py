"""What the management API says about the queues of one vhost: how to ask for it, and what may be believed."""

import json
import re
from collections.abc import Collection, Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from scalers import LoginRefused, Reading, ScalerError
from scalers.rabbitmq.connection import Queue
from scalers.rabbitmq.stats import RATES, Stats, Uncounted

__all__ = ["Ask", "Listing", "Refused", "RefusedLogin"]

_COUNTS: Final = "columns=name,messages,messages_ready"
# Without these flags the counts are 2 to 10 s old, and cost the broker five times as much.
_FRESH: Final = f"disable_stats=true&enable_queue_totals=true&{_COUNTS}"
_RATES: Final = f"{_COUNTS},message_stats.publish_details.rate,message_stats.deliver_get_details.rate"
# A broker filters by walking all queues of the vhost and trying each alternative on each, so naming queues saves it
# nothing and only keeps the answer short. From about 50 names on, the filter costs more than the whole listing.
_MOST_NAMES: Final = 50
# The broker's limit for a request line is 8,000 bytes.
_LONGEST_NAMES: Final = 6000
# It refuses more with 400.
_LARGEST_PAGE: Final = 500


class Refused(ScalerError):
    """The API answered, but not with queues. That concerns one request; others may be answered."""


class RefusedLogin(Refused, LoginRefused):
    """The API does not take our login, or not for this vhost."""


class Ask(NamedTuple):
    """Queues that one listing, or the pages of one pattern, can answer."""

    vhost: str
    rates: bool
    pattern: str = ""
    page_size: int = 0

    @classmethod
    def of(cls, queue: Queue) -> "Ask":
        """What a queue is read from."""
        rates = queue.mode in RATES
        if not queue.pattern:
            return cls(queue.vhost, rates)
        return cls(queue.vhost, rates, queue.name, min(queue.page_size, _LARGEST_PAGE))

    def path(self, base: str, names: Collection[str], *, fresh: bool, page: int = 1) -> str:
        """The path and query. `names` are all that is wanted, unless a pattern says it; more may be answered."""
        flags = _RATES if self.rates else _FRESH if fresh else _COUNTS
        return f"{base}/api/queues/{quote(self.vhost, safe='')}?{flags}{self._filter(names, page)}"

    def _filter(self, names: Collection[str], page: int) -> str:
        if self.pattern:
            return _by_pattern(self.pattern, self.page_size, page)
        if len(names) >= _MOST_NAMES:
            return ""
        pattern = f"^(?:{'|'.join(map(re.escape, names))})$"
        return "" if len(pattern.encode()) > _LONGEST_NAMES // 3 else _by_pattern(pattern, _MOST_NAMES, 1)


def _by_pattern(pattern: str, size: int, page: int) -> str:
    return f"&page={page}&page_size={size}&use_regex=true&name={quote(pattern, safe='')}"


class Listing:
    """The queues of an answer, or of several pages, by name."""

    def __init__(self, body: bytes) -> None:
        """Raises Refused for anything but a listing; its text holds nothing of the body."""
        self._rows: dict[str, Mapping[str, Any]] = {}
        self.pages = 0
        self.add(body)

    def add(self, body: bytes) -> None:
        """One page more."""
        try:
            answer = json.loads(body)
            rows = answer["items"] if isinstance(answer, dict) else answer
            self.pages = int(answer["page_count"]) if isinstance(answer, dict) else 1
            self._rows.update((row["name"], row) for row in rows)
        except (ValueError, KeyError, TypeError, RecursionError, AttributeError):
            raise Refused("the answer is not a list of queues; is this RabbitMQ's management API?") from None

    def uncounted(self) -> bool:
        """Whether there are queues, but none with a count: so answers a broker that knows half of the flags."""
        return bool(self._rows) and not any("messages" in row for row in self._rows.values())

    def reading(self, queue: Queue) -> Reading | ScalerError:
        """What a queue, or all that a pattern matched, is doing."""
        rates = queue.mode in RATES
        try:
            if queue.pattern:
                several = [Stats.of(row, queue.ready_only, rates) for row in self._rows.values()]
                stats = Stats.together(several, queue.operation)
            elif queue.name in self._rows:
                stats = Stats.of(self._rows[queue.name], queue.ready_only, rates)
            else:
                return ScalerError(f"{queue} not found")
        except Uncounted:
            return ScalerError(f"{queue}: the broker gives no count; is the queue's node down?")
        return stats.reading(queue.mode, queue.activation)
