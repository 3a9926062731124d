"""Who else scales a Deployment, as HorizontalPodAutoscalers come, change and go."""

from typing import Any

import pytest

from scaler.rival import Rivals
from scaler.target import Key

ORDERS, OTHERS = Key("shop", "orders"), Key("shop", "others")


def autoscaler(name: str = "hpa", target: str = "orders", owner: str = "", **ref: str) -> dict[str, Any]:
    metadata: dict[str, Any] = {"namespace": "shop", "name": name}
    if owner:
        metadata["ownerReferences"] = [{"kind": "ScaledObject", "name": owner}]
    ref = {"apiVersion": "apps/v1", "kind": "Deployment", "name": target, **ref}
    return {"metadata": metadata, "spec": {"scaleTargetRef": ref}}


@pytest.fixture
def told() -> list[Key]:
    return []


@pytest.fixture
def rivals(told: list[Key]) -> Rivals:
    made = Rivals()
    made.changed = told.append
    return made


def test_one_comes_and_goes(rivals: Rivals, told: list[Key]) -> None:
    assert rivals.of(ORDERS) is None
    rivals.take(autoscaler())
    assert rivals.of(ORDERS) == "the HorizontalPodAutoscaler 'hpa'"
    rivals.take(autoscaler())
    assert told == [ORDERS]
    rivals.lose(autoscaler())
    assert (rivals.of(ORDERS), told) == (None, [ORDERS, ORDERS])


def test_keda_is_named(rivals: Rivals) -> None:
    rivals.take(autoscaler("keda-hpa-orders", owner="orders"))
    assert rivals.of(ORDERS) == "the KEDA ScaledObject 'orders'"


def test_one_that_is_pointed_elsewhere(rivals: Rivals, told: list[Key]) -> None:
    rivals.take(autoscaler())
    rivals.take(autoscaler(target="others"))
    assert (rivals.of(ORDERS), rivals.of(OTHERS)) == (None, "the HorizontalPodAutoscaler 'hpa'")
    assert told == [ORDERS, ORDERS, OTHERS]


def test_two_on_one_target(rivals: Rivals) -> None:
    rivals.take(autoscaler("a"))
    rivals.take(autoscaler("b"))
    rivals.lose(autoscaler("a"))
    assert rivals.of(ORDERS) == "the HorizontalPodAutoscaler 'b'"


@pytest.mark.parametrize("ref", [{"kind": "StatefulSet"}, {"apiVersion": "example.com/v1"}], ids=str)
def test_what_scales_something_else_is_no_rival(rivals: Rivals, ref: dict[str, str]) -> None:
    rivals.take(autoscaler(**ref))
    assert rivals.of(ORDERS) is None


def test_a_list_is_all_there_is(rivals: Rivals) -> None:
    rivals.take(autoscaler("a"))
    rivals.listed([autoscaler("b", "others")], None)
    assert (rivals.of(ORDERS), rivals.of(OTHERS)) == (None, "the HorizontalPodAutoscaler 'b'")


def test_what_was_never_seen_may_go(rivals: Rivals, told: list[Key]) -> None:
    rivals.lose(autoscaler())
    assert told == []
