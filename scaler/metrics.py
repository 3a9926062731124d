"""The metrics of the contract, in one registry."""

import math
from collections.abc import Sequence
from importlib.metadata import version

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

from scaler.series import Series

_READ_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_REACTION_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """Everything that `/metrics` shows."""

    def __init__(self) -> None:
        # A `_created` series beside each counter would double them, and nothing here asks for it.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.series = Series()
        self.registry.register(self.series)
        self._source_metrics()
        self._loop_metrics()

    def _source_metrics(self) -> None:
        self.read_seconds = Histogram(
            "scaler_source_read_seconds",
            "Duration of one read of one broker",
            ["type"],
            buckets=_READ_SECONDS,
            registry=self.registry,
        )
        self.reads = Counter(
            "scaler_source_reads", "Reads of brokers: ok or error", ["type", "outcome"], registry=self.registry
        )
        self.open = Gauge("scaler_source_connections", "Open connections to brokers", ["type"], registry=self.registry)

    def _loop_metrics(self) -> None:
        self.scale_errors = Counter(
            "scaler_scale_errors",
            "Counts that could not be set, by HTTP status or unreachable",
            ["reason"],
            registry=self.registry,
        )
        self.lag = self._histogram(
            "scaler_loop_lag_seconds", "Seconds from when a poll was due until its rules were decided on"
        )
        self.reaction = self._histogram(
            "scaler_reaction_seconds", "Seconds from when a poll was due until the count was patched"
        )
        self.requests = Counter(
            "scaler_kubernetes_requests",
            "Answers of the API server; code 0 is none",
            ["verb", "resource", "code"],
            registry=self.registry,
        )
        self.reviews = Counter(
            "scaler_webhook_reviews",
            "Answers of the webhook: allowed, refused, unreadable or late",
            ["outcome"],
            registry=self.registry,
        )
        self.expiry = Gauge(
            "scaler_webhook_certificate_expiry_seconds",
            "When the certificate that is served ends, in seconds since 1970; NaN without one",
            registry=self.registry,
        )
        self.expiry.set(math.nan)
        self.leader = Gauge("scaler_leader", "1 for a shard whose rules are ours", ["shard"], registry=self.registry)
        self.build = Gauge("scaler_build_info", "1, labelled with the version", ["version"], registry=self.registry)
        self.build.labels(version("scalerule")).set(1)

    def _histogram(self, name: str, text: str) -> Histogram:
        return Histogram(name, text, buckets=_REACTION_SECONDS, registry=self.registry)

    def leads(self, shards: Sequence[bool]) -> None:
        """Which shards are ours."""
        for number, held in enumerate(shards):
            self.leader.labels(str(number)).set(held)

    def reviewed(self, outcome: str) -> None:
        """The webhook answered."""
        self.reviews.labels(outcome).inc()

    def page(self) -> bytes:
        """The text format."""
        return generate_latest(self.registry)

    def read(self, trigger_type: str, seconds: float, outcome: str) -> None:
        """A read of one broker ended."""
        self.read_seconds.labels(trigger_type).observe(seconds)
        self.reads.labels(trigger_type, outcome).inc()

    def connections(self, trigger_type: str, count: int) -> None:
        """How many connections are open to brokers of a type."""
        self.open.labels(trigger_type).set(count)

    def request(self, verb: str, resource: str, code: int) -> None:
        """The API server answered, or (code 0) did not."""
        self.requests.labels(verb, resource, str(code)).inc()
