"""Kinds as an operator writes them."""

import pytest

from scaler.resource import DEPLOYMENTS, STATEFUL_SETS, Resource, all_parsed, parsed
from scaler.target import Key

ROLLOUTS = Resource("rollouts", "v1alpha1", "argoproj.io")


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("deployments", (DEPLOYMENTS,)),
        ("deployments,statefulsets", (DEPLOYMENTS, STATEFUL_SETS)),
        ("statefulsets.v1.apps, deployments", (STATEFUL_SETS, DEPLOYMENTS)),
        ("rollouts.v1alpha1.argoproj.io", (ROLLOUTS,)),
        ("replicationcontrollers.v1", (Resource("replicationcontrollers"),)),
    ],
)
def test_kinds(text: str, kinds: tuple[Resource, ...]) -> None:
    assert all_parsed(text) == kinds


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("statefulset", "did you mean statefulsets?"),
        ("", "'' is no kind: write deployments, statefulsets or PLURAL.VERSION.GROUP"),
        ("rollouts.argoproj.io", "'rollouts.argoproj.io' is no kind"),
        ("deployments,", "'' is no kind"),
        ("../secrets", "'../secrets' is no kind"),
        ("deployments,deployments.v1.apps", "has a kind twice"),
        ("a.v1.example.com,a.v2.example.com", "has a kind twice"),
    ],
)
def test_what_is_no_kind(text: str, said: str) -> None:
    with pytest.raises(ValueError, match="kind") as caught:
        all_parsed(text)
    assert said in str(caught.value)


@pytest.mark.parametrize("kind", [DEPLOYMENTS, STATEFUL_SETS, ROLLOUTS, Resource("replicationcontrollers")], ids=str)
def test_what_is_written_can_be_read(kind: Resource) -> None:
    assert parsed(str(kind)) == kind
    key = Key.of(kind, "shop", "orders")
    assert (parsed(key.place[0]), key.place[1]) == (kind, "orders")


@pytest.mark.parametrize(
    ("resource", "place", "path"),
    [
        (DEPLOYMENTS, ("shop", "orders", "scale"), "/apis/apps/v1/namespaces/shop/deployments/orders/scale"),
        (DEPLOYMENTS, (None,), "/apis/apps/v1/deployments"),
        (Resource("secrets"), ("shop", "a/../b"), "/api/v1/namespaces/shop/secrets/a%2F..%2Fb"),
        (ROLLOUTS, ("shop",), "/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts"),
    ],
)
def test_paths(resource: Resource, place: tuple[str, ...], path: str) -> None:
    assert resource.path(*place) == path
