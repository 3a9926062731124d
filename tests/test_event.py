"""Events: new, repeated, combined."""

from scaler.event import AGGREGATE, DISTINCT, EventBook
from scaler.target import Key, Target

TARGET = Target(Key("shop", "orders"), "uid-1", "7", 3, 3, {}, "kubectl", False)


def test_a_new_event_names_its_deployment() -> None:
    write = EventBook("pod-1").event(TARGET, "Scaled", "from 1 to 3", False, 0.0)
    assert not write.again
    assert write.body()["involvedObject"]["uid"] == "uid-1"
    assert (write.body()["reason"], write.body()["type"], write.body()["count"]) == ("Scaled", "Normal", 1)
    assert write.body()["firstTimestamp"] == "1970-01-01T00:00:00Z"


def test_a_repeated_one_is_counted_up() -> None:
    book = EventBook("pod-1")
    first = book.event(TARGET, "TriggerFailed", "away", True, 0.0)
    again = book.event(TARGET, "TriggerFailed", "away", True, 60.0)
    assert (again.name, again.again) == (first.name, True)
    assert again.body() == {**first.body(), "count": 2, "lastTimestamp": "1970-01-01T00:01:00Z"}


def test_later_it_is_new_again() -> None:
    book = EventBook("pod-1")
    book.event(TARGET, "TriggerFailed", "away", True, 0.0)
    assert not book.event(TARGET, "TriggerFailed", "away", True, AGGREGATE + 1).again


def test_many_different_ones_are_combined() -> None:
    book = EventBook("pod-1")
    new = [book.event(TARGET, "Scaled", f"to {count}", False, 1.0) for count in range(DISTINCT)]
    more = book.event(TARGET, "Scaled", "to 99", False, 2.0)
    assert not any(write.again for write in new)
    assert (more.name, more.again) == (new[-1].name, True)
    assert more.body()["message"].startswith("(combined from similar events)")


def test_a_long_message_is_cut() -> None:
    write = EventBook("pod-1").event(TARGET, "ScaleRuleInvalid", "x" * 5000, True, 0.0)
    assert len(write.body()["message"]) <= 1024


def test_a_deployment_that_is_gone_leaves_nothing() -> None:
    book = EventBook("pod-1")
    book.event(TARGET, "Scaled", "up", False, 0.0)
    book.forget(TARGET.key)
    assert not book.event(TARGET, "Scaled", "up", False, 1.0).again
