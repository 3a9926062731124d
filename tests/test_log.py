"""Log lines for people and for machines."""

import json
import logging
import sys

import pytest

from scaler.log import JsonFormatter, TextFormatter


def record(message: str, **fields: object) -> logging.LogRecord:
    made = logging.LogRecord("scaler", logging.INFO, __file__, 1, message, (), None)
    made.created = 0.25
    vars(made).update(fields)
    return made


def test_text() -> None:
    line = TextFormatter().format(record("scaled", rule="shop/orders", why='5 "at" once', empty=""))
    assert line == '1970-01-01T00:00:00.250Z info    scaled rule=shop/orders why="5 \\"at\\" once" empty=""'


def test_json() -> None:
    line = json.loads(JsonFormatter().format(record("scaled", rule="shop/orders")))
    assert line == {"time": "1970-01-01T00:00:00.250Z", "level": "info", "message": "scaled", "rule": "shop/orders"}


@pytest.mark.parametrize("formatter", [TextFormatter(), JsonFormatter()], ids=["text", "json"])
def test_a_newline_in_a_value_makes_no_second_line(formatter: logging.Formatter) -> None:
    assert "\n" not in formatter.format(record("scaled", why="one\ntwo"))


def test_an_exception_is_told() -> None:
    try:
        raise ZeroDivisionError("why")
    except ZeroDivisionError:
        made = record("failed")
        made.exc_info = sys.exc_info()
    assert "ZeroDivisionError: why" in TextFormatter().format(made)
    assert "ZeroDivisionError: why" in json.loads(JsonFormatter().format(made))["exception"]
