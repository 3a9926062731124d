"""What a rule is given to log in with: from where, in which order, and what is said where it is missing."""

from typing import Any

import pytest

from scaler.grants import Grant, Granted
from scaler.parse import parse
from scaler.reference import Found, Objects, Reference
from scaler.rule import InvalidRule, Rule
from scaler.surroundings import Surroundings
from scalers.source import Absent
from tests.rules import annotations

SECRET = Reference("secret", "shop", "rabbit")
SHARED = Reference("shared", "shop", "team")
OBJECTS: Objects = {
    SECRET: Found({"host": "amqp://secret", "uri": "amqp://uri", "username": "u", "password": "p", "other": "x"}),
    Reference("configMap", "shop", "settings"): Found({"host": "amqp://config"}),
    Reference("file", "shop", "/rabbit/host"): Found({"": "amqp://file\n"}),
    SHARED: Found({"host": "amqp://a.example.com"}, (".example.com",)),
    # The same names elsewhere.
    Reference("secret", "bank", "rabbit"): Found({"host": "amqp://bank"}),
    Reference("secret", "scalerule-system", "rabbit"): Found({"host": "amqp://system"}),
}
CONTAINERS = (
    {"name": "app", "env": [{"name": "URL", "value": "amqp://env"}]},
    {"name": "side", "env": [{"name": "URL", "value": "amqp://side"}]},
)


def read(
    metadata: dict[str, str] | None = None, objects: Objects = OBJECTS, grants: Any = None, **fields: Any
) -> Rule | InvalidRule:
    top = {name: fields.pop(name) for name in ("envSourceContainerName",) if name in fields}
    written = {"queueName": "q", **(metadata or {})}
    around = Surroundings("shop", CONTAINERS, objects, grants or Granted())
    return parse(annotations({"type": "rabbitmq", "metadata": written, **fields}, **top), around)


def host(found: Rule | InvalidRule) -> str:
    assert isinstance(found, Rule), found
    connection: Any = found.triggers[0].connection
    return str(connection.host)


def origin(**said: Any) -> dict[str, Any]:
    return {"parameters": {"host": said}}


URI = {"secret": {"name": "rabbit", "key": "uri"}}


@pytest.mark.parametrize(
    ("authentication", "metadata", "expected"),
    [
        ({"secret": "rabbit"}, {}, "secret"),
        (origin(**URI), {}, "uri"),
        ({"secret": "rabbit", **origin(**URI)}, {}, "uri"),
        (origin(configMap={"name": "settings", "key": "host"}), {}, "config"),
        (origin(file="/rabbit/host"), {}, "file"),
        (origin(env="URL"), {}, "env"),
        ({"shared": "team"}, {}, "a.example.com"),
        ({"secret": "rabbit"}, {"host": "amqp://metadata"}, "metadata"),
        ({"secret": "rabbit"}, {"hostFromEnv": "URL"}, "secret"),
        (None, {"hostFromEnv": "URL"}, "env"),
    ],
)
def test_where_a_parameter_comes_from(
    authentication: dict[str, Any] | None, metadata: dict[str, str], expected: str
) -> None:
    fields = {} if authentication is None else {"authentication": authentication}
    assert host(read(metadata, **fields)) == expected


def test_the_container_may_be_named() -> None:
    assert host(read({"hostFromEnv": "URL"}, envSourceContainerName="side")) == "side"


def test_a_whole_secret_gives_all_that_is_a_parameter() -> None:
    found = read(authentication={"secret": "rabbit"})
    assert isinstance(found, Rule)
    connection: Any = found.triggers[0].connection
    assert (connection.username, connection.password.get_secret_value()) == ("u", "p")
    assert found.references == {SECRET}


@pytest.mark.parametrize(
    ("authentication", "path", "message"),
    [
        ({"secret": "none"}, "authentication.secret", "Secret 'none' not found in namespace 'shop'"),
        (origin(secret={"name": "none", "key": "k"}), "authentication.parameters.host", "Secret 'none' not found"),
        (origin(secret={"name": "rabbit", "key": "k"}), "authentication.parameters.host", "has no key 'k'"),
        (origin(env="URI"), "authentication.parameters.host", "no variable 'URI'; did you mean 'URL'?"),
        ({"secret": "rabbit", "parameters": {"hots": URI}}, "authentication.parameters.hots", "did you mean 'host'?"),
        ({"host": URI}, "authentication.host", "unknown; write it below parameters: host: {secret: {name: …, key: …}}"),
        ({"mode": URI}, "authentication.mode", "unknown; write mode in metadata"),
        ({"parameters": {"mode": URI}}, "authentication.parameters.mode", "unknown; write mode in metadata"),
        (origin(**URI, env="URL"), "authentication.parameters.host", "one of secret, configMap, env or file, not sec"),
        (origin(), "authentication.parameters.host", "must be one of secret, configMap, env or file"),
        (origin(secrets="x"), "authentication.parameters.host.secrets", "did you mean 'secret'?"),
        (origin(secret="rabbit"), "authentication.parameters.host.secret", "must be a mapping, not 'rabbit'"),
        ({"secret": 5}, "authentication.secret", "must be a text"),
        ({"podIdentity": {"provider": "gcp"}}, "authentication.podIdentity.provider", "aws, azure-workload"),
        ({"secret": "rabbit", "podIdentity": {"provider": "aws"}}, "authentication.podIdentity.provider", "not 'aws'"),
    ],
)
def test_what_is_wrong_is_told_once(authentication: dict[str, Any], path: str, message: str) -> None:
    missing = Reference("secret", "shop", "none")
    objects = {**OBJECTS, missing: Absent("Secret 'none' not found in namespace 'shop'")}
    found = read(objects=objects, authentication=authentication)
    assert isinstance(found, InvalidRule)
    problems = [problem for problem in found.problems if problem.path == f"triggers[0].{path}"]
    assert len(problems) == 1, found.problems
    assert message in problems[0].message


@pytest.mark.parametrize(
    "authentication", [{"podIdentity": {"provider": "gcp"}}, {"host": URI}, origin(**URI, env="URL"), origin()]
)
def test_metadata_is_judged_beside_it(authentication: dict[str, Any]) -> None:
    found = read({"mode": "Rate", "vlaue": "5"}, authentication=authentication)
    assert isinstance(found, InvalidRule)
    paths = [problem.path.removeprefix("triggers[0].") for problem in found.problems]
    assert len(paths) == 3
    assert paths[0].startswith("authentication")
    # What it would give is not missed.
    assert sorted(paths[1:]) == ["metadata.mode", "metadata.vlaue"]


def test_a_secret_with_other_keys_is_told_where_something_is_missing() -> None:
    objects = {SECRET: Found({"uri": "amqp://h"})}
    found = read(objects=objects, authentication={"secret": "rabbit"})
    assert isinstance(found, InvalidRule)
    host, secret = map(str, found.problems)
    assert host.startswith("triggers[0].metadata.host: required")
    assert secret.startswith("triggers[0].authentication.secret: Secret 'rabbit' has none of the keys that are")
    assert " host, " in secret
    assert isinstance(read({"host": "amqp://h"}, objects, authentication={"secret": "rabbit"}), Rule)


@pytest.mark.parametrize(
    ("name", "cure"),
    [
        ("queueName", "write queueName in metadata"),
        ("hostFromEnv", "write host in metadata or authentication or metadata.hostFromEnv"),
        ("nam", "did you mean 'name'?"),
    ],
)
def test_a_parameter_beside_metadata_is_sent_there(name: str, cure: str) -> None:
    found = read({"host": "amqp://h"}, **{name: "x"})
    assert isinstance(found, InvalidRule)
    assert [str(problem) for problem in found.problems] == [f"triggers[0].{name}: unknown; {cure}"]


def test_kedas_reference_is_sent_to_migrate() -> None:
    found = read({"host": "amqp://h"}, authenticationRef={"name": "rabbit"})
    assert isinstance(found, InvalidRule)
    (problem,) = found.problems
    assert problem.path == "triggers[0].authenticationRef"
    assert "write `authentication` instead (`scaler migrate` turns" in problem.message


def test_a_missing_secret_is_the_only_problem() -> None:
    found = read(objects={SECRET: Absent("gone")}, authentication={"secret": "rabbit"})
    assert isinstance(found, InvalidRule)
    assert [problem.path for problem in found.problems] == ["triggers[0].authentication.secret"]
    assert found.references == {SECRET}


def test_a_container_that_is_not_there() -> None:
    found = read({"hostFromEnv": "URL"}, envSourceContainerName="sied")
    assert isinstance(found, InvalidRule)
    assert any("no container 'sied'; did you mean 'side'?" in problem.message for problem in found.problems)


def test_an_unset_variable_is_named() -> None:
    found = read({"hostFromEnv": "URI"})
    assert isinstance(found, InvalidRule)
    assert str(found.problems[0]).startswith(
        "triggers[0].metadata.hostFromEnv: the target's container sets no variable"
    )


@pytest.mark.parametrize("authentication", [{"secret": "rabbit"}, origin(**URI), {"shared": "team"}])
def test_what_is_not_read_yet_is_waited_for(authentication: dict[str, Any]) -> None:
    found = read(objects={}, authentication=authentication)
    assert isinstance(found, InvalidRule)
    assert found.unread
    assert len(found.references) == 1
    (trigger,) = found.shown
    assert trigger.shown["queueName"] == "q"
    assert trigger.shown["host"] == "***"


def test_what_is_wrong_beside_it_is_told_at_once() -> None:
    found = read({"mode": "Rate"}, {}, authentication={"secret": "rabbit"})
    assert isinstance(found, InvalidRule)
    assert [problem.path for problem in found.problems] == ["triggers[0].metadata.mode"]


def test_no_rule_names_another_namespace() -> None:
    for authentication in ({"secret": "bank/rabbit"}, origin(secret={"name": "../bank/rabbit", "key": "host"})):
        found = read(authentication=authentication)
        assert not isinstance(found, Rule)
        assert all(reference.namespace == "shop" for reference in found.references)
    found = read(authentication=origin(secret={"name": "rabbit", "key": "host", "namespace": "bank"}))
    assert isinstance(found, InvalidRule)
    assert any("namespace" in problem.path for problem in found.problems)


def test_a_shared_credential_goes_to_its_hosts_alone() -> None:
    found = read({"host": "amqp://evil.com"}, authentication={"shared": "team"})
    assert isinstance(found, InvalidRule)
    assert str(found.problems[0]) == "triggers[0].authentication.shared: may not be sent to the host 'evil.com'"
    assert not isinstance(read({"host": "amqp://evilexample.com"}, authentication={"shared": "team"}), Rule)


def test_a_shared_credential_without_hosts_goes_nowhere() -> None:
    objects = {SHARED: Found({"host": "amqp://a.example.com"})}
    assert not isinstance(read(objects=objects, authentication={"shared": "team"}), Rule)


WORKLOAD = {"podIdentity": {"provider": "azure-workload", "identityId": "i"}}
GRANT = Grant(
    provider="azure-workload", namespaces=["sh*"], hosts=[".example.com"], identityIds=["i"], audiences=["api://q"]
)


def identity_rule(grants: Any, broker: str = "https://b.example.com", **written: Any) -> Rule | InvalidRule:
    objects = {SECRET: Found({"workloadIdentityResource": "api://q"})}
    authentication = {"secret": "rabbit", "podIdentity": {**WORKLOAD["podIdentity"], **written}}
    return read({"host": broker}, objects, grants, authentication=authentication)


def test_a_pod_identity_is_off_until_it_is_allowed() -> None:
    found = identity_rule(Granted())
    assert isinstance(found, InvalidRule)
    assert str(found.problems[0]).startswith("triggers[0].authentication.podIdentity: not allowed by the operator")
    assert isinstance(identity_rule(Granted((GRANT,))), Rule)


@pytest.mark.parametrize(
    ("change", "broker", "written", "why"),
    [
        ({"namespaces": ["bank"]}, None, {}, "namespace 'shop'"),
        ({"provider": "aws"}, None, {}, "azure-workload in namespace"),
        ({"identity_ids": []}, None, {}, "identityId 'i'"),
        ({"audiences": ["api://x"]}, None, {}, "audience 'api://q'"),
        ({}, "https://evil.com", {}, "the host 'evil.com'"),
        ({}, None, {"tenantId": "t"}, "tenantId 't'"),
        ({}, None, {"authorityHost": "https://evil"}, "authorityHost 'https://evil'"),
        ({}, None, {"roleArn": "r"}, "roleArn 'r'"),
    ],
)
def test_what_is_not_allowed_is_named(
    change: dict[str, Any], broker: str | None, written: dict[str, str], why: str
) -> None:
    grants = Granted((GRANT.model_copy(update=change),))
    found = identity_rule(grants, broker or "https://b.example.com", **written)
    assert isinstance(found, InvalidRule)
    assert why in str(found.problems[0])


def test_no_secret_is_shown() -> None:
    canary = "canary-1"
    names = ("password", "username", "key", "ca", "cert", "vhostName", "scopes", "endpointParams")
    values = dict.fromkeys(names, canary) | {"host": f"amqp://u:{canary}@h"}
    objects = {SECRET: Found.of({"kind": "Secret", "stringData": values})}
    for metadata in ({}, {"mode": "Rate"}, {"protocol": "http"}):
        found = read(metadata, objects, authentication={"secret": "rabbit"})
        triggers = [trigger.shown for trigger in (found.triggers if isinstance(found, Rule) else found.shown)]
        assert canary not in f"{found!r} {found} {found.warnings} {triggers}"


def test_what_is_no_secret_is_shown() -> None:
    found = read({"hostFromEnv": "URL"}, authentication={"parameters": {"vhostName": {"env": "URL"}}})
    assert isinstance(found, Rule)
    assert found.triggers[0].shown["host"] == "amqp://env"
    assert found.triggers[0].shown["vhostName"] == "amqp://env"
