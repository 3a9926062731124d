"""Nothing that stands in a file makes `scaler migrate` fail, and nothing that it prints is broken."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as some

from scaler.migration.command import BadUsage, Options, perform
from scaler.migration.report import printed, report
from scaler.migration.source import SourceError
from tests.migrating import RABBIT, check


def _words(text: str) -> list[str]:
    return text.split()


FIELDS = _words("""
apiVersion kind metadata name namespace annotations labels spec items scaleTargetRef envSourceContainerName
pollingInterval cooldownPeriod initialCooldownPeriod minReplicaCount maxReplicaCount idleReplicaCount fallback
failureThreshold replicas behavior advanced restoreToOriginalReplicaCount horizontalPodAutoscalerConfig scalingModifiers
formula target activationTarget metricType triggers type useCachedMetrics authenticationRef secretTargetRef
configMapTargetRef env podIdentity provider parameter key filePath hashiCorpVault secrets metrics external metric
selector matchLabels minReplicas maxReplicas scaleUp scaleDown tolerance policies bindings queueName connection version
extensions autoscaling.keda.sh/paused autoscaling.keda.sh/paused-replicas host value mode roleArn disabled
""")
WORDS = _words("""
keda.sh/v1alpha1 autoscaling/v2 ScaledObject TriggerAuthentication ClusterTriggerAuthentication List Deployment
HorizontalPodAutoscaler ScaledJob rabbitmq aws-sqs-queue azure-servicebus kubemq cpu serviceBusTrigger rabbitMQTrigger
External AverageValue aws azure-workload shop worker orders true null ~ no 12:30 0123 1e3 - # | *a &a << {}
""")

scalars = (
    some.none()
    | some.booleans()
    | some.integers(-5, 200)
    | some.floats()
    | some.sampled_from(WORDS)
    | some.text(max_size=12)
    | some.integers()
)
keys = some.sampled_from(FIELDS) | some.text(max_size=6)
trees: some.SearchStrategy[Any] = some.recursive(
    scalars, lambda inner: some.lists(inner, max_size=3) | some.dictionaries(keys, inner, max_size=3), max_leaves=8
)


def of(*names: str) -> some.SearchStrategy[dict[str, Any]]:
    """A mapping that may have these keys, each with anything."""
    return some.fixed_dictionaries({}, optional=dict.fromkeys(names, trees))


def rather(good: some.SearchStrategy[Any]) -> some.SearchStrategy[Any]:
    """Mostly what is good, at times anything."""
    return some.integers(0, 7).flatmap(lambda number: good if number else trees)


triggers = some.fixed_dictionaries(
    {
        "type": rather(some.sampled_from(["rabbitmq", "rabbitmq", "aws-sqs-queue", "cpu", "kafka"])),
        "metadata": rather(
            some.just(RABBIT) | some.dictionaries(keys, scalars, max_size=3).map(lambda more: RABBIT | more)
        ),
    },
    optional={
        "name": rather(some.sampled_from(["orders", "a", "b"])),
        "metricType": rather(some.sampled_from(["AverageValue", "Value"])),
        "useCachedMetrics": scalars,
        "authenticationRef": rather(some.just({"name": "auth"})),
        "x": trees,
    },
)
counts = rather(some.integers(0, 9))
specs = some.fixed_dictionaries(
    {"scaleTargetRef": rather(some.just({"name": "worker"})), "triggers": rather(some.lists(triggers, max_size=4))},
    optional={
        **dict.fromkeys(("pollingInterval", "cooldownPeriod", "minReplicaCount", "idleReplicaCount"), counts),
        "maxReplicaCount": counts,
        "fallback": rather(
            some.fixed_dictionaries({"failureThreshold": counts, "replicas": counts}, optional={"x": trees})
        ),
        "advanced": rather(
            of("restoreToOriginalReplicaCount", "horizontalPodAutoscalerConfig", "scalingModifiers", "x")
        ),
        "x": trees,
    },
)
scaled_objects = some.fixed_dictionaries(
    {
        "apiVersion": some.just("keda.sh/v1alpha1"),
        "kind": some.just("ScaledObject"),
        "metadata": rather(
            some.fixed_dictionaries(
                {"name": some.just("orders"), "namespace": some.sampled_from(["shop", "bills"])},
                optional={"annotations": some.dictionaries(keys, scalars, max_size=3)},
            )
        ),
        "spec": rather(specs),
    }
)
authentications = some.fixed_dictionaries(
    {
        "apiVersion": some.just("keda.sh/v1alpha1"),
        "kind": some.sampled_from(["TriggerAuthentication", "ClusterTriggerAuthentication"]),
        "metadata": some.just({"name": "auth", "namespace": "shop"}),
        "spec": of("secretTargetRef", "env", "podIdentity", "hashiCorpVault", "oauth2", "filePath") | trees,
    }
)
hpas = some.fixed_dictionaries(
    {
        "apiVersion": some.just("autoscaling/v2"),
        "kind": some.just("HorizontalPodAutoscaler"),
        "metadata": trees,
        "spec": of("scaleTargetRef", "minReplicas", "maxReplicas", "metrics", "behavior") | trees,
    }
)
documents = some.lists(scaled_objects | authentications | hpas | trees, min_size=1, max_size=4)


def tried(text: str, folder: Path) -> bool:
    """Whether it could be read; then everything that is printed holds."""
    path = folder / "in.yaml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        found = perform(Options(files=(str(path),), deployment="functions"))
    except (SourceError, BadUsage):
        return False
    for each in found:
        check(each)
    every = [each for each in yaml.safe_load_all(printed(found, [], "yaml")) if each is not None]
    assert len(every) == sum(each.patches for each in found)
    assert [json.loads(line) for line in printed(found, [], "json").split("\n") if line] == [
        each.as_json() for each in found
    ]
    assert all("\n" not in line for line in report(found))
    return True


@settings(max_examples=400)
@given(documents)
def test_objects_that_hold_anything(tmp_path_factory: pytest.TempPathFactory, objects: list[Any]) -> None:
    folder = tmp_path_factory.getbasetemp()
    tried(yaml.safe_dump_all(objects, allow_unicode=True), folder)


@settings(max_examples=150)
@given(
    some.text(max_size=200)
    | some.lists(some.sampled_from([*FIELDS, *WORDS, ": ", "\n", "  ", "- ", "[", "}"])).map("".join)
)
def test_any_text(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    tried(text, tmp_path_factory.getbasetemp())


BOMB = "a: &a [x, x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)}, *{chr(97 + n)}]\n" for n in range(24)
)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "{a: " * 5_000,
        BOMB,
        "&a [*a]",
        "a: &a {b: *a}",
        "1" * 5_000,
        "!!timestamp x",
        "!!int x",
        "!!bool x",
        "!!python/object:os.system x",
        "\x00",
        "a: [",
        "<<: 1",
        "%YAML 9",
        "\ud800",
        '"\\ud83d"',
    ],
    ids=lambda text: repr(text[:12]),
)
def test_texts_that_do_harm(text: str, tmp_path: Path) -> None:
    assert not tried(text, tmp_path)


@pytest.mark.parametrize("text", ["", "---\n---", "# nothing", "null", "5", '{"a": "\\ud83d"}', "2024-13-45", "? a"])
def test_texts_with_nothing_in_them(text: str, tmp_path: Path) -> None:
    (tmp_path / "in.yaml").write_text(text)
    assert perform(Options(files=(str(tmp_path / "in.yaml"),))) == []
