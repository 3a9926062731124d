"""Rules as nobody should write them, for Hypothesis: parts of good ones in odd places, and texts that are none."""

import json
from pathlib import Path
from typing import Any

import yaml
from hypothesis import strategies as st

from scaler.document import document
from scaler.pause import NAMES
from scaler.schema import RuleSchema
from scalers import known, load
from tests.rules import annotations, trigger

RULE = "scalerule.dev/rule"

_EXAMPLES = Path(__file__).parents[1] / "manifests" / "examples"
_GOOD = [
    annotations(trigger(), trigger("other", target=1), marks=None, minReplicaCount=1, pollingInterval="5s")[RULE],
    annotations(
        trigger("a"),
        behavior={"scaleDown": {"policies": [{"type": "Pods", "value": 1, "periodSeconds": 15}]}},
        fallback={"failureThreshold": 3, "replicas": 6, "behavior": "static"},
        scalingModifiers={"formula": "max([a, 3]) * 2", "target": 5},
    )[RULE],
    *(
        each["metadata"]["annotations"][RULE]
        for path in sorted(_EXAMPLES.glob("*.yaml"))
        for each in yaml.safe_load_all(path.read_text())
        if each["kind"] == "Deployment"
    ),
]
_PARAMETERS = {
    kind: sorted(str(field.alias) for field in load(kind).Parameters.model_fields.values()) for kind in known()
}
_FIELDS = sorted(str(field.alias) for field in RuleSchema.model_fields.values())
_WORDS = (
    *("", "0", "1", "-1", "5s", "1e999", ".nan", "no", "true", "null", "~", "9" * 40, "0x1F", "12:30", "2026-11-25"),
    *("amqp://a:b@h:5672/v", "http://h:15672", "AverageValue", "Value", "a + b", "max([a])", "QueueLength", "(a+)+$"),
    *("&a ", "*a", "!!python/object:os.system ", "<<: *a", "---\n", "? ", "- ", ": ", "{", "}", "[", "]", ",", "\n  "),
    *(
        '"',
        "'",
        "#",
        "|\n",
        ">\n",
        "\t",
        "\0",
        "\x7f",
        "\u2028",
        "\ufeff",
        "\ud800",
        "é",
        "😀",
        "%YAML 1.1\n",
        "\\u0000",
    ),
    *_FIELDS,
    *("metadata", "type", "name", "authentication", "parameters", "secret", "podIdentity", "shared", "metricType"),
)

_words = st.sampled_from(_WORDS)
_scalars = st.one_of(_words, st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8))
_junk = st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_words | st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def _metadata(kind: str) -> st.SearchStrategy[Any]:
    names = st.sampled_from([name + end for name in _PARAMETERS[kind] for end in ("", "FromEnv")]) | _words
    return st.dictionaries(names, _scalars, max_size=6) | _junk


def _origin() -> st.SearchStrategy[Any]:
    by_key = st.fixed_dictionaries({"name": _scalars, "key": _scalars}) | _junk
    return st.fixed_dictionaries({}, optional={"secret": by_key, "configMap": by_key, "env": _words, "file": _words})


def _entry(kind: str) -> st.SearchStrategy[Any]:
    names = st.sampled_from(_PARAMETERS[kind]) | _words
    identity = st.fixed_dictionaries({"provider": st.sampled_from(["aws", "azure-workload"]) | _words})
    authentication = st.fixed_dictionaries(
        {},
        optional={
            "secret": _scalars,
            "shared": _scalars,
            "parameters": st.dictionaries(names, _origin() | _junk, max_size=4) | _junk,
            "podIdentity": identity | _junk,
        },
    )
    optional = {"name": _scalars, "metricType": _words, "authentication": authentication | _junk}
    return st.fixed_dictionaries({"type": st.just(kind), "metadata": _metadata(kind)}, optional=optional)


_triggers = st.lists(st.sampled_from(known()).flatmap(_entry) | _junk, max_size=3)
_structured = st.builds(
    lambda triggers, fields: {"triggers": triggers, **fields},
    _triggers,
    st.dictionaries(st.sampled_from(_FIELDS) | _words, _junk, max_size=4),
)


def _edited(text: str, edits: list[tuple[float, int, str]]) -> str:
    """At each place some characters are replaced by a piece."""
    for place, removed, piece in edits:
        start = int(place * len(text))
        text = text[:start] + piece + text[start + removed :]
    return text


_edit = st.tuples(st.floats(0, 1), st.integers(0, 12), _words | st.text(max_size=4))
_edits = st.lists(_edit, max_size=6)
_slip = st.tuples(st.floats(0, 1), st.integers(0, 1), st.sampled_from(" 0159abxé-."))
_numbers = st.integers(0, 200) | st.sampled_from([0.5, 1, "5s", "2m"])
_fields = st.dictionaries(st.sampled_from([name for name in _FIELDS if name != "triggers"]), _numbers, max_size=2)


def texts() -> st.SearchStrategy[str]:
    """Of a rule: built of known parts, good ones with slips of the pen, and anything at all."""
    return st.one_of(
        _structured.map(json.dumps),
        _structured.map(lambda data: yaml.safe_dump(json.loads(json.dumps(data)))),
        st.builds(_edited, st.sampled_from(_GOOD), _edits),
        st.builds(_edited, st.sampled_from(_GOOD), st.lists(_slip, max_size=2)),
        st.builds(lambda text, fields: json.dumps({**document(text), **fields}), st.sampled_from(_GOOD), _fields),
        st.text(max_size=200),
        st.lists(_words, max_size=30).map("".join),
        st.binary(max_size=200).map(lambda raw: raw.decode("utf-8", "surrogateescape")),
    )


def annotated() -> st.SearchStrategy[dict[str, str]]:
    """The annotations of a Deployment with such a rule."""
    names = st.sampled_from([f"scalerule.dev/{name}" for name in (*NAMES, "status", "pausd")])
    marks = st.dictionaries(names, _words | st.text(max_size=10), max_size=2)
    return st.builds(lambda text, found: {RULE: text, **found}, texts(), marks)


def containers() -> st.SearchStrategy[Any]:
    """Of a pod template, odd ones among them."""
    variable = st.fixed_dictionaries({"name": _words}, optional={"value": _words, "valueFrom": _junk}) | _junk
    container = st.fixed_dictionaries(
        {"name": _words}, optional={"env": st.lists(variable, max_size=3), "envFrom": _junk}
    )
    return st.lists(container | _junk, max_size=2) | _junk


def reviews(good: bytes) -> st.SearchStrategy[bytes]:
    """Bodies: this one with slips, JSON of odd shapes, and anything at all."""
    slips = st.builds(_edited, st.just(good.decode()), _edits).map(lambda text: text.encode("utf-8", "replace"))
    version = st.fixed_dictionaries({"apiVersion": st.just("admission.k8s.io/v1"), "kind": st.just("AdmissionReview")})
    names = ("uid", "operation", "namespace", "object", "oldObject", "kind")
    request = st.fixed_dictionaries({}, optional=dict.fromkeys(names, _junk))
    odd = st.builds(lambda head, body: json.dumps({**head, "request": body}).encode(), version, request | _junk)
    return st.one_of(slips, odd, st.binary(max_size=200))
