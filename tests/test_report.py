"""What is told of rules while an API server takes nothing."""

import logging

import pytest

from scaler.kube import Kube
from scaler.metrics import Metrics
from scaler.outbox import Outbox, Urgency
from scaler.report import MOST_EVENTS, Report, lost
from scaler.shard import Alone
from scaler.target import Key, Target
from tests.board import START


def test_no_more_events_wait_than_memory_is_there_for(caplog: pytest.LogCaptureFixture) -> None:
    outbox = Outbox(1, lost)
    unsent: Kube = None  # type: ignore[assignment]
    report = Report(unsent, outbox, Alone(), Metrics(), lambda: START, "scaler-a")
    with caplog.at_level(logging.WARNING):
        for number in range(MOST_EVENTS + 500):
            target = Target(Key("shop", f"worker-{number}"), "uid", "1", 3, 3, {}, "kubectl", False)
            report.restored(target, 5)
    assert outbox.waiting(Urgency.EVENT) == MOST_EVENTS
    assert [record.message for record in caplog.records] == ["the API server is behind: events are left out"]
