"""What is read of an object that may be scaled, whatever its kind."""

from typing import Any

import pytest

from scaler.resource import DEPLOYMENTS, Resource
from scaler.target import RULE, STATUS, Key, target

GADGETS = Resource("gadgets", "v1", "example.com")


def body(spec: Any = None, status: Any = None, **metadata: Any) -> dict[str, Any]:
    about = {"namespace": "shop", "name": "orders", "uid": "uid", "resourceVersion": "7", "generation": 2, **metadata}
    given = {"spec": spec, "status": status}
    return {"kind": "Gadget", "metadata": about, **{name: each for name, each in given.items() if each is not None}}


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param(body(), id="nothing but metadata"),
        pytest.param(body("text", "text"), id="a spec that is a text"),
        pytest.param(body([1], [1]), id="a spec that is a list"),
        pytest.param(body({"replicas": "3", "template": "text"}, {"readyReplicas": "3"}), id="numbers as text"),
        pytest.param(body({"replicas": None, "template": None}, {"readyReplicas": None}), id="nulls"),
        pytest.param(body({"template": {"spec": {"containers": [1]}}}), id="odd containers"),
        pytest.param(body({}, annotations={"scalerule.dev/rule": "{}"}, managedFields=[{}]), id="odd managed fields"),
    ],
)
def test_no_custom_resource_ends_the_watch_of_all(odd: dict[str, Any]) -> None:
    seen = target(odd, GADGETS)
    assert (seen.key, seen.kind) == (Key("shop", "gadgets.v1.example.com/orders"), "Gadget")
    assert seen.ready in (0, None)


def test_one_of_the_whole_cluster() -> None:
    of_all = body({"replicas": 3})
    del of_all["metadata"]["namespace"]
    assert str(target(of_all, GADGETS).key) == "/gadgets.v1.example.com/orders"


@pytest.mark.parametrize(
    ("status", "ready"),
    [
        ({"readyReplicas": 3, "observedGeneration": 2}, 3),
        ({"readyReplicas": 3, "observedGeneration": 1}, None),
        ({"readyReplicas": 3, "observedGeneration": "1"}, None),
        ({"readyReplicas": 3, "observedGeneration": "2"}, 3),
        ({"readyReplicas": 3, "observedGeneration": "5d8f7"}, 3),
        ({"readyReplicas": 3}, 3),
        ({"observedGeneration": 2}, 0),
        ({}, None),
        (None, None),
    ],
    ids=str,
)
def test_ready_where_the_status_is_about_this_spec(status: dict[str, Any] | None, ready: int | None) -> None:
    assert target(body({"replicas": 3}, status), DEPLOYMENTS).ready == ready


def test_what_a_user_writes_and_what_the_scaler_writes() -> None:
    seen = target(body({}, annotations={RULE: "{}", STATUS: "told", "example.com/rule": "other"}), DEPLOYMENTS)
    assert (seen.annotations, seen.status) == ({RULE: "{}"}, "told")


def test_versions_share_what_is_written_alike() -> None:
    first, second, edited = (
        target(body({"replicas": 3}, resourceVersion=version, annotations={RULE: rule, STATUS: version}), DEPLOYMENTS)
        for version, rule in (("7", "{}"), ("8", "{}"), ("9", "{} "))
    )
    assert second.annotations is not first.annotations
    shared = second.like(first)
    assert shared == second
    assert shared.annotations is first.annotations
    assert shared.containers is first.containers
    assert edited.like(shared) is edited
