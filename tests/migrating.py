"""What people have before they migrate, and what `scaler migrate` makes of it."""

import json
from pathlib import Path
from typing import Any

import yaml
from click.testing import CliRunner, Result

from scaler.command.group import main
from scaler.migration.command import Options, perform
from scaler.migration.outcome import Outcome
from scaler.migration.report import printed
from scaler.parse import parse
from scaler.rule import InvalidRule
from scaler.surroundings import ON_PAPER

RULE = "scalerule.dev/rule"
RABBIT = {"host": "amqp://guest:guest@rabbit:5672/", "queueName": "orders", "mode": "QueueLength", "value": "20"}

Object = dict[str, Any]


def rabbit(name: str | None = "orders", metadata: Object | None = None, **fields: Any) -> Object:
    """A trigger of KEDA's."""
    return {"type": "rabbitmq", **({"name": name} if name else {}), "metadata": metadata or RABBIT, **fields}


def scaled_object(*triggers: Object, marks: dict[str, Any] | None = None, **spec: Any) -> Object:
    """A ScaledObject for the Deployment shop/worker; `marks` are its annotations."""
    metadata = {"name": "orders", "namespace": "shop", "annotations": marks or {}}
    body = {"scaleTargetRef": {"name": "worker"}, **spec, "triggers": list(triggers) or [rabbit()]}
    return {"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "metadata": metadata, "spec": body}


def authentication(name: str = "auth", cluster: bool = False, **spec: Any) -> Object:
    """A TriggerAuthentication."""
    kind = "ClusterTriggerAuthentication" if cluster else "TriggerAuthentication"
    metadata = {"name": name} | ({} if cluster else {"namespace": "shop"})
    return {"apiVersion": "keda.sh/v1alpha1", "kind": kind, "metadata": metadata, "spec": spec}


def outcomes(folder: Path, *objects: Any, **options: Any) -> list[Outcome]:
    """Of objects in one file."""
    path = folder / "in.yaml"
    path.write_text(yaml.safe_dump_all(objects, sort_keys=False))
    found = perform(Options(files=(str(path),), **options))
    for each in found:
        check(each)
    return found


def outcome(folder: Path, *objects: Any) -> Outcome:
    """The only one."""
    (found,) = outcomes(folder, *objects)
    return found


def check(found: Outcome) -> None:
    """What holds for each: the rule is valid, and the patch is YAML that holds the annotations and nothing else."""
    if RULE in found.annotations:
        rule = parse(found.annotations, ON_PAPER)
        assert not isinstance(rule, InvalidRule), rule.problems
        assert not rule.pause.problems
    written = [each for each in yaml.safe_load_all(printed([found], [], "yaml")) if each is not None]
    if not found.patches:
        assert not written
        return
    (document,) = written
    assert document.keys() == {"apiVersion", "kind", "metadata"}
    assert document["metadata"].keys() <= {"name", "namespace", "annotations"}
    assert document["metadata"]["annotations"] == found.annotations


def rule_of(found: Outcome) -> Object:
    """The rule as data."""
    data: Object = yaml.safe_load(found.annotations[RULE])
    return data


def notes(found: Outcome, severity: str) -> dict[str, str]:
    """Messages by path."""
    return {note.path: note.message for note in found.notes if note.severity == severity}


def migrate(*arguments: object, given: str | None = None) -> Result:
    """As a user types it."""
    return CliRunner().invoke(main, ["migrate", *map(str, arguments)], input=given)


def given(*objects: Any) -> str:
    """As one file."""
    return "".join(f"---\n{json.dumps(each)}\n" for each in objects)
