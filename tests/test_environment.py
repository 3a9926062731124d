"""The environment of a container, by the documented rules of Kubernetes: there is no kubelet here."""

from typing import Any

import pytest

from scaler.environment import Environment
from scaler.reference import Found, Objects, Reference
from scalers.source import UNREAD, Absent

SECRET = Reference("secret", "shop", "rabbit")
CONFIG = Reference("configMap", "shop", "settings")
OBJECTS: Objects = {SECRET: Found({"uri": "amqp://s", "A": "secret"}), CONFIG: Found({"A": "config", "B": "b"})}


def environment(objects: Objects = OBJECTS, **container: Any) -> Environment:
    return Environment.of(container, "shop", objects)


def by_key(kind: str, name: str, key: str) -> dict[str, Any]:
    return {"name": "V", "valueFrom": {f"{kind}KeyRef": {"name": name, "key": key}}}


ALL_OF_BOTH = [{"secretRef": {"name": "rabbit"}}, {"configMapRef": {"name": "settings"}}]


@pytest.mark.parametrize(
    ("container", "value"),
    [
        ({"env": [{"name": "V", "value": "plain"}]}, "plain"),
        ({"env": [{"name": "V"}]}, ""),
        ({"env": [by_key("secret", "rabbit", "uri")]}, "amqp://s"),
        ({"env": [by_key("configMap", "settings", "B")]}, "b"),
        ({"env": [{"name": "V", "value": "1"}, {"name": "V", "value": "2"}]}, "2"),
        ({"env": [{"name": "A", "value": "x"}, {"name": "V", "value": "$(A)-$(A)"}]}, "x-x"),
        ({"env": [{"name": "V", "value": "$(LATER)"}, {"name": "LATER", "value": "x"}]}, "$(LATER)"),
        ({"env": [{"name": "A", "value": "x"}, {"name": "V", "value": "$$(A) $$ $A"}]}, "$(A) $ $A"),
        ({"env": [{"name": "V", "value": "$(A)"}], "envFrom": ALL_OF_BOTH}, "config"),
        ({"env": [{"name": "V", "value": "mine"}], "envFrom": [{"prefix": "", **ALL_OF_BOTH[0]}]}, "mine"),
        (
            {
                "envFrom": [{"prefix": "V", "configMapRef": {"name": "settings"}}],
                "env": [{"name": "V", "value": "$(VB)"}],
            },
            "b",
        ),
    ],
)
def test_a_variable(container: dict[str, Any], value: str) -> None:
    assert environment(**container).get("V") == value


def test_later_objects_win() -> None:
    assert environment(envFrom=ALL_OF_BOTH).get("A") == "config"
    assert environment(envFrom=ALL_OF_BOTH[::-1]).get("A") == "secret"


@pytest.mark.parametrize(
    ("container", "objects", "why"),
    [
        ({"env": [{"name": "VV", "value": "x"}]}, OBJECTS, "sets no variable 'V'; did you mean 'VV'?"),
        ({}, OBJECTS, "sets no variable 'V'"),
        ({"env": [by_key("secret", "rabbit", "url")]}, OBJECTS, "Secret 'rabbit' has no key 'url'"),
        ({"env": [by_key("secret", "rabbit", "url")]}, {SECRET: Absent("gone")}, "gone"),
        ({"envFrom": ALL_OF_BOTH[:1]}, {SECRET: Absent("gone")}, "gone"),
        ({"env": [{"name": "V", "valueFrom": {"fieldRef": {"fieldPath": "x"}}}]}, OBJECTS, "only the pod itself"),
    ],
)
def test_why_there_is_none(container: dict[str, Any], objects: Objects, why: str) -> None:
    found = environment(objects, **container).get("V")
    assert isinstance(found, Absent)
    assert why in found.why


@pytest.mark.parametrize(
    "container",
    [
        {"env": [by_key("secret", "rabbit", "uri")]},
        {"envFrom": ALL_OF_BOTH},
        {"envFrom": ALL_OF_BOTH, "env": [{"name": "V", "value": "$(A)"}]},
        {"env": [{**by_key("secret", "rabbit", "uri"), "name": "A"}, {"name": "V", "value": "$(A)"}]},
    ],
)
def test_what_is_not_read_yet(container: dict[str, Any]) -> None:
    found = environment({}, **container)
    assert found.get("V") == UNREAD
    assert found.references <= {SECRET, CONFIG}
    assert found.references


@pytest.mark.parametrize("junk", [{"env": "x"}, {"env": [1]}, {"envFrom": [{}]}, {"env": [{"valueFrom": {"x": 1}}]}])
def test_what_no_api_server_takes_harms_nobody(junk: dict[str, Any]) -> None:
    assert isinstance(environment(**junk).get("V"), Absent)
