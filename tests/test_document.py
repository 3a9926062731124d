"""What the text of an annotation becomes: every scalar, every refusal, and no text that takes long."""

import contextlib
import json
import math
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaler.document import MAX_BYTES, MAX_DEPTH, document
from scalers.problem import Invalid


def refused(text: str) -> tuple[str, str]:
    with pytest.raises(Invalid) as caught:
        document(text)
    (problem,) = caught.value.problems
    return problem.path, problem.message


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("Null", None),
        ("NULL", None),
        ("nULL", "nULL"),
        ("true", True),
        ("True", True),
        ("TRUE", True),
        ("tRUE", "tRUE"),
        ("false", False),
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("5", 5),
        ("+5", 5),
        ("-5", -5),
        ("0", 0),
        ("0123", "0123"),
        ("00", "00"),
        ("0123.5", "0123.5"),
        ("0x1f", "0x1f"),
        ("0o17", "0o17"),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        ("2001-01-01", "2001-01-01"),
        ("1.5", 1.5),
        ("1.", 1.0),
        (".5", 0.5),
        ("1e3", 1000.0),
        (".", "."),
        ("9" * 19, int("9" * 19)),
        ("1e999", "1e999"),
        (".nan", ".nan"),
        (".inf", ".inf"),
        ("=", "="),
        ('"5"', "5"),
        ("'true'", "true"),
        ('"null"', "null"),
        ('""', ""),
        ("|\n  5", "5"),
    ],
    ids=repr,
)
def test_scalars(written: str, value: Any) -> None:
    read = document(f"a: {written}")["a"]
    assert (type(read), read) == (type(value), value)


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("0123", "0123"),
        ("12:30", "12:30"),
        ("no", "no"),
        ("TRUE", "TRUE"),
        ("1e3", "1e3"),
        ("1.50", "1.50"),
        ("0x1f", "0x1f"),
        (".nan", ".nan"),
        ("null", ""),
        ("~", ""),
        ("", ""),
        ('"null"', "null"),
        ("'~'", "~"),
    ],
    ids=repr,
)
def test_metadata_keeps_its_source_text(written: str, text: str) -> None:
    assert document(f"triggers: [{{metadata: {{a: {written}}}}}]") == {"triggers": [{"metadata": {"a": text}}]}


def test_only_metadata_of_triggers_keeps_its_source_text() -> None:
    read = document("metadata: {a: 5}\ntriggers: [{other: {a: 5}}]\nother: [{metadata: {a: 5}}]")
    assert read == {"metadata": {"a": 5}, "triggers": [{"other": {"a": 5}}], "other": [{"metadata": {"a": 5}}]}


@pytest.mark.parametrize(
    ("text", "path", "message"),
    [
        pytest.param("a: [1, *x]", "a[1]", "the alias *x is not allowed", id="alias"),
        pytest.param("a:\n  <<: *x", "a.<<", "the alias *x is not allowed", id="merged alias"),
        pytest.param("a: &x {b: 1}", "a", "the anchor &x is not allowed", id="anchor of a mapping"),
        pytest.param("a: {&x b: 1}", "a", "the anchor &x is not allowed", id="anchor of a key"),
        pytest.param("a: !!int '5'", "a", "the tag tag:yaml.org,2002:int is not allowed", id="tag"),
        pytest.param('a: ! "5"', "a", "the tag ! is not allowed", id="the tag that says nothing"),
        pytest.param("a: ! [1]", "a", "the tag ! is not allowed", id="the tag that says nothing, on a list"),
        pytest.param("!!str a: 1", "", "the tag tag:yaml.org,2002:str is not allowed", id="tag of a key"),
        pytest.param("a: {b: 1, b: 2}", "a.b", "written twice: keep one", id="duplicate key"),
        pytest.param('1: 2\n"1": 3', "1", "written twice: keep one", id="the same key in quotes"),
        pytest.param("{a: 1}: 2", "", "a key must be a word", id="a mapping as key"),
        pytest.param("a: {'': 2}", "a", "a key must be a word", id="no word as key"),
        pytest.param(f"a: {{{'k' * 257}: 2}}", "a", "a key longer than 256 characters", id="long key"),
        pytest.param(f"a: {[1] * 4000}", "", "more than 4000 keys and values", id="too many values"),
        pytest.param("a: 1\n---\nb: 1", "", "more than one document", id="two documents"),
        pytest.param("a: 1\n  b: 2", "", "not YAML: line 2, column 4: mapping values are not allowed", id="indented"),
        pytest.param("\ta: 1", "", "not YAML: line 1, column 1: ", id="tab"),
        pytest.param("a: \ud800", "", "not YAML: ", id="half a character"),
        pytest.param("é" * (MAX_BYTES // 2 + 1), "", "longer than 64 KiB", id="too many bytes"),
    ],
)
def test_refusals(text: str, path: str, message: str) -> None:
    found, said = refused(text)
    assert found == path
    assert said.startswith(message)


def test_the_last_allowed_size_and_depth() -> None:
    assert document("é" * (MAX_BYTES // 2))
    assert document("[" * MAX_DEPTH + "5" + "]" * MAX_DEPTH)
    assert "deeper than 20" in refused("[" * (MAX_DEPTH + 1) + "5" + "]" * (MAX_DEPTH + 1))[1]


@pytest.mark.parametrize("unit", ["[", "{", "{a: ", "- ", "? ", "[{", "a,", "[],", "&a ", "*a ", "!"])
@pytest.mark.parametrize("start", ["", "a: ", "["])
def test_no_text_takes_long(start: str, unit: str) -> None:
    text = (start + unit * MAX_BYTES)[:MAX_BYTES]
    began = time.process_time()
    with contextlib.suppress(Invalid):
        document(text)
    assert time.process_time() - began < 1  # libyaml alone would take five seconds of "["


_SCALARS = st.none() | st.booleans() | st.integers(-(10**18), 10**18) | st.floats(allow_nan=False, allow_infinity=False)
_TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=20)
_JSON = st.recursive(
    _SCALARS | _TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXTS.filter(bool), inner, max_size=4),
    max_leaves=12,
)


@given(_JSON)
def test_json_is_read_as_json(data: Any) -> None:
    assert document(json.dumps({"data": data}, ensure_ascii=False)) == {"data": data}


@given(st.text(max_size=200))
def test_any_text_is_data_or_invalid(text: str) -> None:
    with contextlib.suppress(Invalid):
        data = document(text)
        assert not isinstance(data, float) or math.isfinite(data)
