"""What the management API says about the queues of one vhost: how to ask for it, and what may be believed."""

import json
import re
from collections.abc import Collection, Mapping
from typing import Any, Final
from urllib.parse import quote

from scalers import Reading, ScalerError
from scalers.rabbitmq.connection import Queue

__all__ = ["Listing", "Refused", "listing_path"]

_COLUMNS: Final = "columns=name,messages,messages_ready"
# Without these flags the counts are 2 to 10 s old, and cost the broker five times as much.
_FRESH: Final = "disable_stats=true&enable_queue_totals=true"
# A broker filters by walking all queues of the vhost and trying each alternative on each, so naming queues saves it
# nothing and only keeps the answer short. From about 50 names on, the filter costs more than the whole listing.
_MOST_NAMES: Final = 50
# The broker's limit for a request line is 8,000 bytes.
_LONGEST_NAMES: Final = 6000


def listing_path(base: str, vhost: str, names: Collection[str], fresh: bool) -> str:
    """The path and query that ask for these queues, and maybe more."""
    flags = f"{_FRESH}&{_COLUMNS}" if fresh else _COLUMNS
    return f"{base}/api/queues/{quote(vhost, safe='')}?{flags}{_by_name(names)}"


def _by_name(names: Collection[str]) -> str:
    pattern = quote(f"^(?:{'|'.join(map(re.escape, names))})$", safe="")
    if len(names) >= _MOST_NAMES or len(pattern) > _LONGEST_NAMES:
        return ""
    return f"&page=1&page_size={_MOST_NAMES}&use_regex=true&name={pattern}"


class Refused(ScalerError):
    """The API answered, but not with queues. That concerns one vhost; the others may be readable."""


class Listing:
    """The queues of an answer, by name."""

    def __init__(self, body: bytes) -> None:
        """Raises Refused for anything but a listing; its text holds nothing of the body."""
        try:
            answer = json.loads(body)
            rows = answer["items"] if isinstance(answer, dict) else answer
            self._rows: Mapping[str, Mapping[str, Any]] = {row["name"]: row for row in rows}
        except (ValueError, KeyError, TypeError, RecursionError):
            raise Refused("the answer is not a list of queues; is this RabbitMQ's management API?") from None

    def uncounted(self) -> bool:
        """Whether there are queues, but none with a count: so answers a broker that knows half of the flags."""
        return bool(self._rows) and not any("messages" in row for row in self._rows.values())

    def reading(self, queue: Queue) -> Reading | ScalerError:
        """The length of a queue."""
        row = self._rows.get(queue.name)
        if row is None:
            return ScalerError(f"{queue} not found")
        count = row.get("messages_ready" if queue.ready_only else "messages")
        if type(count) is not int or count < 0:
            return ScalerError(f"{queue}: the broker gives no count; is the queue's node down?")
        return Reading(count, count)
