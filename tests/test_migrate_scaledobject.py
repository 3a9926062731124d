"""ScaledObjects, field by field: what a rule says instead, and what a person is told."""

import json
from pathlib import Path
from typing import Any

import pytest

from scaler.migration.command import Options, perform
from tests.migrating import RABBIT, notes, outcome, rabbit, rule_of, scaled_object

FORMULA = {"formula": "orders + 1", "target": "10", "activationTarget": "2", "metricType": "Value"}
BEHAVIOR = {
    "scaleUp": {"stabilizationWindowSeconds": 0, "policies": [{"type": "Pods", "value": 4, "periodSeconds": 15}]},
    "scaleDown": {"selectPolicy": "Disabled"},
}
HPA = "spec.advanced.horizontalPodAutoscalerConfig"


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({}, {}),
        ({"pollingInterval": 10}, {"pollingInterval": 10}),
        ({"cooldownPeriod": 0}, {"cooldownPeriod": 0}),
        ({"initialCooldownPeriod": 0}, {"initialCooldownPeriod": 0}),
        ({"minReplicaCount": 2, "maxReplicaCount": 7}, {"minReplicaCount": 2, "maxReplicaCount": 7}),
        ({"idleReplicaCount": 0, "minReplicaCount": 2}, {"idleReplicaCount": 0, "minReplicaCount": 2}),
        ({"idleReplicaCount": 0, "minReplicaCount": 0}, {"minReplicaCount": 0}),
        ({"idleReplicaCount": 0}, {}),
        ({"minReplicaCount": None}, {}),
        ({"fallback": {"failureThreshold": 3, "replicas": 6}}, {"fallback": {"failureThreshold": 3, "replicas": 6}}),
        ({"fallback": {"failureThreshold": 0, "replicas": 0}}, {"fallback": {"failureThreshold": 1, "replicas": 0}}),
        (
            {"fallback": {"failureThreshold": 3, "replicas": 6, "behavior": "currentReplicasIfHigher"}},
            {"fallback": {"failureThreshold": 3, "replicas": 6, "behavior": "currentReplicasIfHigher"}},
        ),
        ({"advanced": {"scalingModifiers": FORMULA}}, {"scalingModifiers": FORMULA}),
        ({"advanced": {"scalingModifiers": {}}}, {}),
        ({"advanced": {"restoreToOriginalReplicaCount": False}}, {}),
        ({"advanced": {"horizontalPodAutoscalerConfig": {"behavior": BEHAVIOR}}}, {"behavior": BEHAVIOR}),
        (
            {"advanced": {"horizontalPodAutoscalerConfig": {"behavior": {"scaleUp": {"tolerance": "50m"}}}}},
            {"behavior": {"scaleUp": {"tolerance": 0.05}}},
        ),
        (
            {"advanced": {"horizontalPodAutoscalerConfig": {"behavior": {"scaleUp": {"tolerance": "0.2"}}}}},
            {"behavior": {"scaleUp": {"tolerance": 0.2}}},
        ),
        (
            {"scaleTargetRef": {"name": "worker", "envSourceContainerName": "main"}},
            {"envSourceContainerName": "main"},
        ),
    ],
    ids=lambda value: ",".join(map(str, value)) if isinstance(value, dict) else None,
)
def test_fields(spec: dict[str, Any], expected: dict[str, Any], tmp_path: Path) -> None:
    found = outcome(tmp_path, scaled_object(**spec))
    assert rule_of(found) == {**expected, "triggers": [rabbit()]}
    assert (found.where.key, found.where.kind, found.mapped) == (("shop", "worker"), "Deployment", True)
    assert not notes(found, "warning")


def test_the_order_of_the_source_is_kept(tmp_path: Path) -> None:
    found = outcome(tmp_path, scaled_object(maxReplicaCount=3, pollingInterval=5, cooldownPeriod=6))
    assert list(rule_of(found)) == ["maxReplicaCount", "pollingInterval", "cooldownPeriod", "triggers"]


@pytest.mark.parametrize(
    ("spec", "path", "words"),
    [
        ({}, "spec.initialCooldownPeriod", "`initialCooldownPeriod: 0` for KEDA's"),
        ({"minReplicaCount": 2, "idleReplicaCount": 1}, "spec.initialCooldownPeriod", "at first sight"),
        ({}, f"{HPA}.behavior", "write `behavior: {scaleUp: {}}`"),
        ({"advanced": {"horizontalPodAutoscalerConfig": {"name": "mine"}}}, f"{HPA}.name", "there is no HPA"),
        ({"idleReplicaCount": 0}, "spec.idleReplicaCount", "minReplicaCount 0 says already"),
        (
            {"fallback": {"failureThreshold": 3, "replicas": 6}},
            "spec.fallback.failureThreshold",
            "KEDA begins with failure 4, polls and the HPA's reads counted together; here it begins with failed poll 3",
        ),
    ],
)
def test_what_works_differently(spec: dict[str, Any], path: str, words: str, tmp_path: Path) -> None:
    found = outcome(tmp_path, scaled_object(**spec))
    assert words in notes(found, "info")[path]
    assert found.mapped


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        ({"initialCooldownPeriod": 0}, "spec.initialCooldownPeriod"),
        ({"minReplicaCount": 1}, "spec.initialCooldownPeriod"),
        ({"advanced": {"horizontalPodAutoscalerConfig": {"behavior": {}}}}, f"{HPA}.behavior"),
    ],
)
def test_what_works_as_before_is_not_told(spec: dict[str, Any], path: str, tmp_path: Path) -> None:
    assert path not in notes(outcome(tmp_path, scaled_object(**spec)), "info")


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        ({"minReplicas": 1}, "spec.minReplicas"),
        ({"fallback": {"failureThreshold": 3, "replicas": 6, "x": 1}}, "spec.fallback.x"),
        ({"advanced": {"x": 1}}, "spec.advanced.x"),
        ({"advanced": {"scalingModifiers": {**FORMULA, "x": 1}}}, "spec.advanced.scalingModifiers.x"),
        ({"advanced": {"horizontalPodAutoscalerConfig": {"x": 1}}}, f"{HPA}.x"),
    ],
)
def test_keys_that_keda_does_not_know(spec: dict[str, Any], path: str, tmp_path: Path) -> None:
    found = outcome(tmp_path, scaled_object(**spec))
    assert notes(found, "warning") == {path: "unknown there too, so it was without effect: left out"}
    assert found.mapped


@pytest.mark.parametrize(
    ("spec", "path", "words"),
    [
        ({"minReplicaCount": "2"}, "spec.minReplicaCount", "must be a whole number of at least 0 (without quotes)"),
        ({"minReplicaCount": 9, "maxReplicaCount": 3}, "spec.minReplicaCount", "at most maxReplicaCount (3)"),
        ({"pollingInterval": "soon"}, "spec.pollingInterval", "must be a duration"),
        ({"fallback": {"replicas": 1}}, "spec.fallback.failureThreshold", "required"),
        ({"fallback": 5}, "spec.fallback", "must be a mapping"),
        (
            {"advanced": {"scalingModifiers": {"formula": "nobody + 1", "target": "1"}}},
            "spec.advanced.scalingModifiers.formula",
            "unknown name 'nobody'",
        ),
        (
            {"advanced": {"horizontalPodAutoscalerConfig": {"behavior": {"scaleUp": {"selectPolicy": "Most"}}}}},
            f"{HPA}.behavior.scaleUp.selectPolicy",
            "must be one of Max, Min, Disabled",
        ),
    ],
)
def test_what_the_parser_refuses_is_told_in_its_words(
    spec: dict[str, Any], path: str, words: str, tmp_path: Path
) -> None:
    found = outcome(tmp_path, scaled_object(**spec))
    assert words in notes(found, "error")[path]
    assert found.annotations["scalerule.dev/paused"] == "true"
    assert "# error: " in found.annotations["scalerule.dev/rule"]


def test_restoring_the_count(tmp_path: Path) -> None:
    """KEDA would set the count back when its object goes."""
    found = outcome(tmp_path, scaled_object(advanced={"restoreToOriginalReplicaCount": True}))
    assert rule_of(found)["restoreToOriginalReplicaCount"] is True
    (told,) = notes(found, "warning").values()
    assert "make it false in the ScaledObject before you delete that" in told
    assert found.mapped


@pytest.mark.parametrize(
    ("trigger", "expected"),
    [
        (rabbit(name=None), rabbit(name=None)),
        (rabbit(metricType="Value"), rabbit(metricType="Value")),
        (rabbit(useCachedMetrics=True), rabbit()),
        (rabbit(metadata=RABBIT | {"value": 20}), rabbit()),
        (
            rabbit(metadata=RABBIT | {"excludeUnacknowledged": False}),
            rabbit(metadata=RABBIT | {"excludeUnacknowledged": "false"}),
        ),
        (rabbit(metadata=RABBIT | {"value": "1e3"}), rabbit(metadata=RABBIT | {"value": "1e3"})),
        (rabbit(metadata=RABBIT | {"queueName": "0123"}), rabbit(metadata=RABBIT | {"queueName": "0123"})),
        (rabbit(metadata=RABBIT | {"queueName": "no"}), rabbit(metadata=RABBIT | {"queueName": "no"})),
        (rabbit(metadata=RABBIT | {"queueName": "a: b # c"}), rabbit(metadata=RABBIT | {"queueName": "a: b # c"})),
        (
            rabbit(metadata=RABBIT | {"queueName": "é\u2028\x85\n☃😀"}),
            rabbit(metadata=RABBIT | {"queueName": "é\u2028\x85\n☃😀"}),
        ),
    ],
)
def test_triggers(trigger: dict[str, Any], expected: dict[str, Any], tmp_path: Path) -> None:
    found = outcome(tmp_path, scaled_object(trigger))
    assert rule_of(found)["triggers"] == [expected]
    assert found.mapped


@pytest.mark.parametrize("text", ["12:30", "no", "2026-01-31", "0123", "1_000", "0o7"])
def test_a_plain_word_is_the_text_that_was_written(text: str, tmp_path: Path) -> None:
    (tmp_path / "in.json").write_text(json.dumps(scaled_object()).replace('"orders", "mode"', f"{text}, mode"))
    (found,) = perform(Options(files=(str(tmp_path / "in.json"),)))
    assert rule_of(found)["triggers"][0]["metadata"]["queueName"] == text


@pytest.mark.parametrize(
    ("trigger", "path", "words"),
    [
        ({"type": "cpu", "metricType": "Utilization", "metadata": {"value": "60"}}, "", "a Deployment of its own"),
        ({"type": "memory", "metadata": {"value": "60"}}, "", "no queue"),
        ({"type": "cron", "metadata": {}}, "", "a CronJob that sets minReplicaCount"),
        ({"type": "kafka", "metadata": {}}, "", "leave the whole target to what scales it now"),
        ({"metadata": {}}, "", "no type"),
        ({"type": "rabbitmq", "metadata": {"queueName": "q"}}, ".metadata.host", "required"),
        (rabbit(metadata=RABBIT | {"mode": "Most"}), ".metadata.mode", "'Most'"),
        (rabbit(metricType="Utilization"), ".metricType", "AverageValue, Value"),
        (rabbit(metadata=RABBIT | {"value": {"a": 1}}), ".metadata.value", "must be a single value"),
    ],
)
def test_triggers_without_an_equal(trigger: dict[str, Any], path: str, words: str, tmp_path: Path) -> None:
    found = outcome(tmp_path, scaled_object(trigger, rabbit(name="kept")))
    assert words in notes(found, "error")[f"spec.triggers[0]{path}"]
    assert rule_of(found)["triggers"] == [rabbit(name="kept")]
    # Half a rule must not lower anything.
    assert found.annotations["scalerule.dev/paused"] == "true"
    assert "# error: " in found.annotations["scalerule.dev/rule"]


def test_without_a_trigger_there_is_no_rule(tmp_path: Path) -> None:
    found = outcome(tmp_path, scaled_object({"type": "cpu"}))
    assert not found.annotations
    assert "#   - type: cpu" in found.skeleton
    assert list(notes(found, "error")) == ["spec.triggers[0]"]


def test_metadata_that_keda_ignores_is_left_out(tmp_path: Path) -> None:
    found = outcome(tmp_path, scaled_object(rabbit(metadata=RABBIT | {"protocl": "amqp", "username": "me"})))
    assert rule_of(found)["triggers"] == [rabbit()]
    told = notes(found, "warning")
    assert "did you mean 'protocol'?" in told["spec.triggers[0].metadata.protocl"]
    assert "write username in authentication" in told["spec.triggers[0].metadata.username"]
    assert found.mapped
    assert "paused" not in str(found.annotations)


@pytest.mark.parametrize(
    ("marks", "expected", "severity"),
    [
        ({"paused": "true"}, {"paused": "true"}, "warning"),
        ({"paused": "1"}, {"paused": "true"}, "warning"),
        ({"paused": "false"}, {}, None),
        ({"paused": "F"}, {}, None),
        ({"paused": "yes"}, {"paused": "true"}, "warning"),
        ({"paused": ""}, {"paused": "true"}, "warning"),
        ({"paused-replicas": "4"}, {"paused-replicas": "4"}, "warning"),
        ({"paused-replicas": "0", "paused": "true"}, {"paused": "true", "paused-replicas": "0"}, "warning"),
        ({"paused-replicas": "many"}, {"paused": "true"}, "error"),
        ({"paused-replicas": "-1"}, {"paused": "true"}, "error"),
        ({"paused-scale-in": "true"}, {"paused-scale-in": "true"}, "warning"),
        ({"paused-scale-out": "no"}, {"paused-scale-out": "true"}, "warning"),
        ({"force-activation": "true"}, {"force-activation": "true"}, None),
        ({"force-activation": "0"}, {}, None),
    ],
    ids=str,
)
def test_annotations(marks: dict[str, str], expected: dict[str, str], severity: str | None, tmp_path: Path) -> None:
    keda = {f"autoscaling.keda.sh/{name}": text for name, text in marks.items()}
    found = outcome(tmp_path, scaled_object(marks=keda | {"other": "x"}))
    ours = {name.removeprefix("scalerule.dev/"): text for name, text in found.annotations.items()}
    assert ours.pop("rule")
    assert ours == expected
    assert {note.severity for note in found.notes} - {"info"} == (
        {severity, "warning"} if severity == "error" and len(marks) > 1 else {severity} - {None}
    )


def test_another_kind_has_the_same_annotation(tmp_path: Path) -> None:
    reference = {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "worker"}
    found = outcome(tmp_path, scaled_object(scaleTargetRef=reference))
    assert found.where.kind == "StatefulSet"
    assert "--kinds" in notes(found, "warning")["spec.scaleTargetRef.kind"]
    assert rule_of(found)["triggers"] == [rabbit()]


@pytest.mark.parametrize("name", ["", "Upper", "a/b", "../up", "x" * 300])
def test_a_target_that_cannot_be_there(name: str, tmp_path: Path) -> None:
    found = outcome(tmp_path, scaled_object(scaleTargetRef={"name": name}))
    assert not found.annotations
    assert not found.mapped
    assert "is no name of a workload" in notes(found, "error")[""]
