"""HPAs, Azure Functions, and what cannot be migrated at all."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from scaler.migration.command import BadUsage, Options, perform
from scaler.migration.outcome import Outcome
from tests.migrating import check, notes, outcome, outcomes, rule_of, scaled_object

EXTERNAL = {
    "type": "External",
    "external": {
        "metric": {"name": "queue_messages", "selector": {"matchLabels": {"queue": "orders"}}},
        "target": {"type": "AverageValue", "averageValue": "30"},
    },
}


def hpa(
    *metrics: dict[str, Any], api: str = "autoscaling/v2", labels: dict[str, str] | None = None, **spec: Any
) -> Any:
    metadata = {"name": "worker", "namespace": "shop", "labels": labels or {}}
    reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "worker"}
    body = {"scaleTargetRef": reference, "maxReplicas": 9, "metrics": list(metrics), **spec}
    return {"apiVersion": api, "kind": "HorizontalPodAutoscaler", "metadata": metadata, "spec": body}


def test_an_external_metric_is_a_skeleton(tmp_path: Path) -> None:
    found = outcome(tmp_path, hpa(EXTERNAL, behavior={"scaleDown": {"tolerance": "10m"}}))
    assert not found.annotations
    skeleton = yaml.safe_load(found.skeleton)
    assert skeleton == {
        "minReplicaCount": 1,
        "maxReplicaCount": 9,
        "behavior": {"scaleDown": {"tolerance": 0.01}},
        "triggers": [],
    }
    (told,) = notes(found, "error").values()
    assert "'queue_messages' with queue=orders, target AverageValue 30" in told


@pytest.mark.parametrize(
    ("source", "path", "words"),
    [
        (hpa({"type": "Resource", "resource": {"name": "cpu"}}), "spec.metrics[0]", "keep this HPA"),
        (hpa({"type": "Pods"}), "spec.metrics[0]", "Pods: no queue"),
        (hpa(api="autoscaling/v1"), "apiVersion", "the CPU only"),
        (hpa(labels={"scaledobject.keda.sh/name": "orders"}), "metadata.labels", "migrate ScaledObject 'orders'"),
        (hpa(), "spec.metrics", "no trigger"),
    ],
)
def test_what_an_hpa_does_that_a_rule_does_not(source: Any, path: str, words: str, tmp_path: Path) -> None:
    found = outcome(tmp_path, source)
    assert words in notes(found, "error")[path]
    assert not found.annotations


def test_the_hpa_of_a_scaledobject_goes_with_it(tmp_path: Path) -> None:
    made = hpa(labels={"scaledobject.keda.sh/name": "orders"})
    assert outcome(tmp_path, scaled_object(), made).mapped


def test_a_second_one_for_a_target_is_refused(tmp_path: Path) -> None:
    first, second = outcomes(tmp_path, scaled_object(), hpa(EXTERNAL))
    assert first.mapped
    assert "a Deployment has one rule" in notes(second, "error")[""]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ({"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledJob", "metadata": {"name": "j"}}, "a Job per message"),
        ({"apiVersion": "keda.k8s.io/v1alpha1", "kind": "ScaledObject", "metadata": {"name": "o"}}, "of KEDA 1"),
    ],
)
def test_what_has_no_equal_at_all(source: Any, words: str, tmp_path: Path) -> None:
    found = outcome(tmp_path, source)
    assert not found.patches
    assert words in found.notes[0].message


def app(folder: Path, *bindings: dict[str, Any], host: Any = None, options: Any = None, **more: Any) -> Outcome:
    """An app of one function."""
    (folder / "shop-app" / "handle").mkdir(parents=True)
    function = folder / "shop-app" / "handle" / "function.json"
    function.write_text(json.dumps({"bindings": list(bindings), **more}))
    paths = [str(function)]
    if host is not None:
        (folder / "shop-app" / "host.json").write_text(json.dumps({"version": "2.0", **host}))
        paths.append(str(folder / "shop-app" / "host.json"))
    (found,) = perform(Options(files=tuple(paths), namespace="shop", **(options or {})))
    check(found)
    return found


CALLS = {
    "extensions": {"serviceBus": {"maxConcurrentCalls": 32, "maxConcurrentSessions": 4}, "queues": {"batchSize": 8}}
}
QUEUE = {"type": "serviceBusTrigger", "direction": "in", "name": "m", "queueName": "q", "connection": "BUS"}


@pytest.mark.parametrize(
    ("binding", "host", "expected"),
    [
        (QUEUE, None, {"queueName": "q", "connectionFromEnv": "BUS"}),
        (QUEUE, CALLS, {"queueName": "q", "connectionFromEnv": "BUS", "messageCount": "32"}),
        (
            QUEUE | {"isSessionsEnabled": True},
            CALLS,
            {"queueName": "q", "connectionFromEnv": "BUS", "messageCount": "4"},
        ),
        (
            {"type": "ServiceBusTrigger", "topicName": "t", "subscriptionName": "s"},
            {"extensions": {"serviceBus": {"messageHandlerOptions": {"maxConcurrentCalls": 3}}}},
            {
                "topicName": "t",
                "subscriptionName": "s",
                "connectionFromEnv": "AzureWebJobsServiceBus",
                "messageCount": "3",
            },
        ),
        (
            {"type": "rabbitMQTrigger", "queueName": "q", "connectionStringSetting": "RABBIT"},
            CALLS,
            {"queueName": "q", "hostFromEnv": "RABBIT"},
        ),
    ],
)
def test_functions(binding: dict[str, Any], host: Any, expected: dict[str, str], tmp_path: Path) -> None:
    found = app(tmp_path, binding, {"type": "http", "direction": "out"}, host=host)
    kind = "rabbitmq" if "rabbit" in binding["type"] else "azure-servicebus"
    assert rule_of(found) == {"triggers": [{"type": kind, "name": "handle", "metadata": expected}]}
    assert (found.where.key, found.mapped) == (("shop", "shop-app" if host else "handle"), True)


@pytest.mark.parametrize(
    ("binding", "path", "words"),
    [
        ({"type": "queueTrigger", "queueName": "q"}, "handle/bindings[0]", "queueTrigger (azure-queue): has no equal"),
        ({"type": "httpTrigger"}, "handle/bindings[0]", "HTTP functions in a Deployment of their own"),
        ({"type": "timerTrigger"}, "handle/bindings[0]", "CronJob"),
        ({"type": "kafkaTrigger"}, "handle/bindings[0]", "kafkaTrigger: has no equal"),
        (QUEUE | {"queueName": "%orders%"}, "handle/bindings[0].queueName", "app setting"),
        ({"type": "rabbitMQTrigger", "queueName": "q"}, "handle/bindings[0].metadata.host", "required"),
    ],
)
def test_functions_without_an_equal(binding: dict[str, Any], path: str, words: str, tmp_path: Path) -> None:
    found = app(tmp_path, binding, host=CALLS)
    assert words in notes(found, "error")[path]
    assert not found.annotations


def test_what_would_be_asked_of_a_storage_queue_is_kept_as_comment(tmp_path: Path) -> None:
    assert '#       queueLength: "8"' in app(tmp_path, {"type": "queueTrigger", "queueName": "q"}, host=CALLS).skeleton


def test_a_disabled_function_asks_for_nothing(tmp_path: Path) -> None:
    found = app(tmp_path, QUEUE, disabled=True)
    assert "disabled" in notes(found, "info")["handle/bindings[0]"]
    assert not found.annotations


def test_functions_of_an_app_are_one_deployment(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / "bills" / name).mkdir(parents=True)
        (tmp_path / "bills" / name / "function.json").write_text(
            json.dumps({"bindings": [QUEUE | {"queueName": name}]})
        )
    (tmp_path / "bills" / "host.json").write_text("{}")
    files = tuple(str(path) for path in sorted(tmp_path.glob("bills/*/function.json")))
    (found,) = perform(Options(files=files))
    assert [each["name"] for each in rule_of(found)["triggers"]] == ["one", "two"]
    assert found.where.key == ("default", "bills")
    (renamed,) = perform(Options(files=files, deployment="other"))
    assert renamed.where.key.name == "other"


def test_apps_need_names_of_their_own(tmp_path: Path) -> None:
    paths = []
    for place in ("a", "b"):
        (tmp_path / place / "app").mkdir(parents=True)
        path = tmp_path / place / "app" / "function.json"
        path.write_text(json.dumps({"bindings": [QUEUE]}))
        paths.append(str(path))
    with pytest.raises(BadUsage, match="two apps are in folders of one name"):
        perform(Options(files=tuple(paths)))
    with pytest.raises(BadUsage, match="there are 2 apps"):
        perform(Options(files=tuple(paths), deployment="x"))
