"""Who else scales a Deployment, as HorizontalPodAutoscalers come, change and go."""

from typing import Any

import pytest

from scaler.resource import DEPLOYMENTS, STATEFUL_SETS, Resource
from scaler.rival import Ref, Rival, Rivals
from scaler.target import Key, Target


def scaled(name: str, resource: Resource = DEPLOYMENTS, kind: str = "Deployment") -> Target:
    key = Key.of(resource, "shop", name)
    return Target(key, "uid", "1", 1, 1, {}, None, False, resource=resource, kind=kind)


ORDERS, OTHERS = scaled("orders"), scaled("others")


def autoscaler(name: str = "hpa", target: str = "orders", owner: str = "", **ref: str) -> Rival:
    metadata: dict[str, Any] = {"namespace": "shop", "name": name}
    if owner:
        metadata["ownerReferences"] = [{"kind": "ScaledObject", "name": owner}]
    ref = {"apiVersion": "apps/v1", "kind": "Deployment", "name": target, **ref}
    return Rivals().read({"metadata": metadata, "spec": {"scaleTargetRef": ref}})


@pytest.fixture
def told() -> list[Ref]:
    return []


@pytest.fixture
def rivals(told: list[Ref]) -> Rivals:
    made = Rivals()
    made.changed = told.append
    return made


def test_one_comes_and_goes(rivals: Rivals, told: list[Ref]) -> None:
    assert rivals.of(ORDERS) is None
    rivals.take(autoscaler())
    assert rivals.of(ORDERS) == "the HorizontalPodAutoscaler 'hpa'"
    rivals.take(autoscaler())
    assert told == [Ref.of(ORDERS)]
    rivals.lose(autoscaler())
    assert (rivals.of(ORDERS), told) == (None, [Ref.of(ORDERS)] * 2)


def test_keda_is_named(rivals: Rivals) -> None:
    rivals.take(autoscaler("keda-hpa-orders", owner="orders"))
    assert rivals.of(ORDERS) == "the KEDA ScaledObject 'orders'"


def test_one_that_is_pointed_elsewhere(rivals: Rivals, told: list[Ref]) -> None:
    rivals.take(autoscaler())
    rivals.take(autoscaler(target="others"))
    assert (rivals.of(ORDERS), rivals.of(OTHERS)) == (None, "the HorizontalPodAutoscaler 'hpa'")
    assert told == [Ref.of(ORDERS), Ref.of(ORDERS), Ref.of(OTHERS)]


def test_two_on_one_target(rivals: Rivals) -> None:
    rivals.take(autoscaler("a"))
    rivals.take(autoscaler("b"))
    rivals.lose(autoscaler("a"))
    assert rivals.of(ORDERS) == "the HorizontalPodAutoscaler 'b'"


@pytest.mark.parametrize(
    "ref", [{"kind": "StatefulSet"}, {"apiVersion": "example.com/v1"}, {"apiVersion": ""}], ids=str
)
def test_what_scales_something_else_is_no_rival(rivals: Rivals, ref: dict[str, str]) -> None:
    rivals.take(autoscaler(**ref))
    assert rivals.of(ORDERS) is None


@pytest.mark.parametrize(
    ("other", "ref"),
    [
        (scaled("orders", STATEFUL_SETS, "StatefulSet"), {"kind": "StatefulSet"}),
        (
            scaled("orders", Resource("rollouts", "v1alpha1", "argoproj.io"), "Rollout"),
            {"kind": "Rollout", "apiVersion": "argoproj.io/v1beta1"},
        ),
    ],
    ids=["StatefulSet", "Rollout"],
)
def test_another_kind_of_the_same_name(rivals: Rivals, other: Target, ref: dict[str, str]) -> None:
    rivals.take(autoscaler(**ref))
    assert (rivals.of(ORDERS), rivals.of(other)) == (None, "the HorizontalPodAutoscaler 'hpa'")


async def test_a_list_is_all_there_is(rivals: Rivals) -> None:
    rivals.take(autoscaler("a"))
    await rivals.listed([autoscaler("b", "others")], None)
    assert (rivals.of(ORDERS), rivals.of(OTHERS)) == (None, "the HorizontalPodAutoscaler 'b'")


def test_what_was_never_seen_may_go(rivals: Rivals, told: list[Ref]) -> None:
    rivals.lose(autoscaler())
    assert told == []
