"""Scale targets in files, as a user keeps them: any YAML or JSON documents, several a file, lists included."""

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from scaler.environment import containers
from scaler.reference import Found, Kind, Objects, Reference
from scaler.surroundings import Surroundings
from scaler.target import PREFIX, RULE

DEPLOYMENT: Final = "Deployment"


class ManifestError(Exception):
    """A file that cannot be read, with its name and the reason."""


@dataclass(frozen=True)
class Manifest:
    """A Deployment, or another object, with a rule.

    `sets_replicas` tells whether spec.replicas is written in it, `replicas` the count.
    """

    namespace: str
    name: str
    annotations: dict[str, str]
    sets_replicas: bool
    containers: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)
    replicas: int | None = None
    kind: str = DEPLOYMENT


@dataclass(frozen=True)
class Files:
    """What is in some files: objects with a rule, in their order, and the objects that rules may refer to."""

    manifests: tuple[Manifest, ...]
    objects: Objects = field(repr=False)

    def surroundings(self, manifest: Manifest) -> Surroundings:
        """Where a rule stands, for a person who is trusted."""
        return Surroundings(manifest.namespace, manifest.containers, self.objects)


def files(paths: Iterable[str], namespace: str) -> Files:
    """Read files (`-`: standard input); `namespace` is that of manifests without one. Raises ManifestError."""
    items = [item for path in paths for document in _documents(path) for item in _items(document)]
    found = (manifest(item, namespace) for item in items)
    objects = dict(each for item in items if (each := _object(item, namespace)) is not None)
    return Files(tuple(each for each in found if each is not None), objects)


def _documents(path: str) -> list[Any]:
    try:
        text = sys.stdin.read() if path == "-" else Path(path).read_text()
        return list(yaml.safe_load_all(text))
    except OSError as error:
        raise ManifestError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ManifestError(f"{path}: not text in UTF-8") from error
    except yaml.YAMLError as error:
        raise ManifestError(f"{path}: not YAML: {' '.join(str(error).split())}") from error


def _items(document: Any) -> Iterator[dict[str, Any]]:
    if not isinstance(document, dict):
        return
    if str(document.get("kind", "")).endswith("List") and isinstance(document.get("items"), list):
        for item in document["items"]:
            yield from _items(item)
    else:
        yield document


def _object(item: dict[str, Any], namespace: str) -> tuple[Reference, Found] | None:
    kinds: dict[str, Kind] = {"Secret": "secret", "ConfigMap": "configMap"}
    kind, metadata = kinds.get(str(item.get("kind"))), item.get("metadata")
    if kind is None or not isinstance(metadata, dict):
        return None
    reference = Reference(kind, str(metadata.get("namespace") or namespace), str(metadata.get("name", "")))
    try:
        return reference, Found.of(item)
    except (TypeError, ValueError, AttributeError):
        return reference, Found({})


def manifest(item: Mapping[str, Any], namespace: str) -> Manifest | None:
    """An object with a rule, as JSON or YAML has it; None for one without."""
    metadata = item.get("metadata")
    if not isinstance(metadata, dict):
        return None
    annotations = metadata.get("annotations")
    if not isinstance(annotations, dict) or RULE not in annotations:
        return None
    ours = {name: _text(value) for name, value in annotations.items() if str(name).startswith(PREFIX)}
    spec = item["spec"] if isinstance(item.get("spec"), dict) else {}
    template = spec["template"] if isinstance(spec.get("template"), dict) else {}
    return Manifest(
        str(metadata.get("namespace") or namespace),
        str(metadata.get("name", "")),
        ours,
        "replicas" in spec,
        tuple(containers(template)),
        spec["replicas"] if type(spec.get("replicas")) is int and spec["replicas"] >= 0 else None,
        str(item.get("kind", "")),
    )


def _text(value: Any) -> str:
    """The API server takes only strings; what YAML made of an unquoted true or 3 is what the user meant."""
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else "" if value is None else str(value)
