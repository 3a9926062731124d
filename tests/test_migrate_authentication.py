"""KEDA's authentications: where secrets come from, and what an operator has to do."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from scaler.migration.report import printed
from tests.migrating import RABBIT, authentication, notes, outcome, outcomes, rabbit, rule_of, scaled_object

BARE = {name: text for name, text in RABBIT.items() if name != "host"}
HOST = {"parameter": "host", "name": "rabbit", "key": "uri"}
SECRET = {"secret": {"name": "rabbit", "key": "uri"}}
SQS = {"type": "aws-sqs-queue", "metadata": {"queueURL": "q", "awsRegion": "eu-west-1"}}
BUS = {"type": "azure-servicebus", "metadata": {"queueName": "q", "namespace": "n"}}
ARN = "arn:aws:iam::111122223333:role/r"


def with_reference(trigger: dict[str, Any], name: str = "auth", cluster: bool = False) -> dict[str, Any]:
    kind = {"kind": "ClusterTriggerAuthentication"} if cluster else {}
    return scaled_object({**trigger, "authenticationRef": {"name": name, **kind}})


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"secretTargetRef": [HOST]}, {"host": SECRET}),
        ({"configMapTargetRef": [HOST]}, {"host": {"configMap": {"name": "rabbit", "key": "uri"}}}),
        ({"env": [{"parameter": "host", "name": "URL"}]}, {"host": {"env": "URL"}}),
        ({"env": [{"parameter": "host", "name": "URL"}], "secretTargetRef": [HOST]}, {"host": SECRET}),
        ({"secretTargetRef": [HOST], "podIdentity": {"provider": "none"}}, {"host": SECRET}),
        ({"secretTargetRef": [HOST, {"parameter": "queue", "name": "x", "key": "y"}]}, {"host": SECRET}),
    ],
    ids=lambda value: ",".join(value),
)
def test_parameters(spec: dict[str, Any], expected: dict[str, Any], tmp_path: Path) -> None:
    found = outcome(tmp_path, with_reference(rabbit(metadata=BARE)), authentication(**spec))
    assert rule_of(found)["triggers"] == [{**rabbit(metadata=BARE), "authentication": {"parameters": expected}}]
    assert found.mapped


@pytest.mark.parametrize(
    ("trigger", "identity", "expected"),
    [
        (SQS, {"provider": "aws"}, {"provider": "aws"}),
        (
            SQS,
            {"provider": "aws", "roleArn": ARN, "externalID": "x"},
            {"provider": "aws", "roleArn": ARN, "externalID": "x"},
        ),
        (BUS, {"provider": "azure-workload"}, {"provider": "azure-workload"}),
        (
            BUS,
            {
                "provider": "azure-workload",
                "identityId": "i",
                "identityTenantId": "t",
                "identityAuthorityHost": "https://h",
            },
            {"provider": "azure-workload", "identityId": "i", "tenantId": "t", "authorityHost": "https://h"},
        ),
    ],
    ids=str,
)
@pytest.mark.parametrize("cluster", [False, True])
def test_pod_identities(
    trigger: dict[str, Any], identity: dict[str, str], expected: dict[str, str], cluster: bool, tmp_path: Path
) -> None:
    auth = authentication(cluster=cluster, podIdentity=identity)
    found = outcome(tmp_path, with_reference(trigger, cluster=cluster), auth)
    assert rule_of(found)["triggers"][0]["authentication"] == {"podIdentity": expected}
    assert found.mapped
    assert any("--identities" in message for message in notes(found, "warning").values())


@pytest.mark.parametrize(
    ("spec", "section", "words"),
    [
        ({"podIdentity": {"provider": "aws-eks"}}, "podIdentity.provider", "provider aws with roleArn"),
        ({"podIdentity": {"provider": "gcp"}}, "podIdentity.provider", "'gcp' has no equal"),
        (
            {"podIdentity": {"provider": "aws", "identityOwner": "workload"}},
            "podIdentity.identityOwner",
            "write roleArn",
        ),
        ({"filePath": "a.json"}, "filePath", "{file: PATH}"),
        ({"boundServiceAccountToken": [{"parameter": "password"}]}, "boundServiceAccountToken", "Secret"),
        ({"oauth2": {"type": "clientCredentials"}}, "oauth2", "oauthTokenURI"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_what_has_no_equal(spec: dict[str, Any], section: str, words: str, tmp_path: Path) -> None:
    found = outcome(
        tmp_path,
        with_reference(SQS | {"metadata": SQS["metadata"] | {"identityOwner": "operator"}}),
        authentication(**spec),
    )
    assert words in notes(found, "error")[f"TriggerAuthentication auth: spec.{section}"]
    assert f"# error: TriggerAuthentication auth: spec.{section}" in found.annotations["scalerule.dev/rule"]


@pytest.mark.parametrize("store", ["hashiCorpVault", "azureKeyVault", "gcpSecretManager", "awsSecretManager"])
def test_other_stores_become_a_secret_that_somebody_fills(store: str, tmp_path: Path) -> None:
    """While it is not there, the scaler says so and holds the count."""
    auth = authentication(**{store: {"secrets": [{"parameter": "host", "name": "x"}]}})
    found = outcome(tmp_path, with_reference(rabbit(metadata=BARE)), auth)
    assert rule_of(found)["triggers"][0]["authentication"] == {
        "parameters": {"host": {"secret": {"name": "auth", "key": "host"}}}
    }
    assert (
        "have key 'host' of Secret 'auth' filled" in notes(found, "error")[f"TriggerAuthentication auth: spec.{store}"]
    )
    assert "scalerule.dev/paused" not in found.annotations


def test_a_reference_to_nothing(tmp_path: Path) -> None:
    found = outcome(tmp_path, with_reference(rabbit()), authentication("other"))
    assert "kubectl get triggerauthentication auth" in notes(found, "error")["spec.triggers[0].authenticationRef"]
    assert "authentication" not in rule_of(found)["triggers"][0]


def test_one_of_another_namespace_is_another(tmp_path: Path) -> None:
    auth = authentication(secretTargetRef=[HOST])
    auth["metadata"]["namespace"] = "elsewhere"
    assert not outcome(tmp_path, with_reference(rabbit(metadata=BARE)), auth).mapped


@pytest.mark.parametrize(
    ("target", "container", "words"),
    [
        ({}, "side", "write envSourceContainerName: side"),
        ({"envSourceContainerName": "main"}, None, "leave envSourceContainerName out"),
        ({"envSourceContainerName": "side"}, "side", None),
        ({}, None, None),
    ],
)
def test_whose_variables(target: dict[str, str], container: str | None, words: str | None, tmp_path: Path) -> None:
    entry = {"parameter": "host", "name": "URL"} | ({"containerName": container} if container else {})
    source = with_reference(rabbit(metadata=BARE))
    source["spec"]["scaleTargetRef"] |= target
    told = notes(outcome(tmp_path, source, authentication(env=[entry])), "warning")
    assert bool(told) == bool(words)
    assert all((words or "") in message for message in told.values())


def test_a_cluster_wide_one_is_shared(tmp_path: Path) -> None:
    auth = authentication(
        "bus",
        cluster=True,
        secretTargetRef=[{"parameter": "connection", "name": "servicebus", "key": "c"}],
        env=[{"parameter": "connection", "name": "X"}],
    )
    trigger = {"type": "azure-servicebus", "metadata": {"queueName": "q"}}
    first, second = with_reference(trigger, "bus", cluster=True), with_reference(trigger, "bus", cluster=True)
    second["metadata"]["namespace"] = "other"
    found = outcomes(tmp_path, first, second, auth)
    assert all(rule_of(each)["triggers"][0]["authentication"] == {"shared": "bus"} for each in found)
    assert "Secret 'bus' in scalerule-system" in notes(found[0], "warning")["spec.triggers[0].authenticationRef"]
    text = printed(found, [], "yaml")
    _, _, comment = text.partition("# ---\n")
    secret = yaml.safe_load("\n".join(line.removeprefix("# ") for line in comment.splitlines()))
    assert secret == {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": "bus",
            "namespace": "scalerule-system",
            "annotations": {
                "scalerule.dev/allow-hosts": ".servicebus.windows.net",
                "scalerule.dev/allow-namespaces": "shop other",
            },
        },
        "stringData": {"connection": ""},
    }
    assert "# # Secret servicebus, key c, of KEDA's namespace".replace("# #", "#   #") in text
