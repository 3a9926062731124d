"""Deployments in files, as a user keeps them: any YAML or JSON documents, several a file, lists included."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from scaler.target import PREFIX, RULE


class ManifestError(Exception):
    """A file that cannot be read, with its name and the reason."""


@dataclass(frozen=True)
class Manifest:
    """A Deployment with a rule. `sets_replicas` tells whether spec.replicas is written in it."""

    namespace: str
    name: str
    annotations: dict[str, str]
    sets_replicas: bool


def manifests(path: str, namespace: str) -> Iterator[Manifest]:
    """The Deployments with a rule in a file (`-`: standard input). Raises ManifestError."""
    for document in _documents(path):
        for item in _items(document):
            found = _manifest(item, namespace)
            if found is not None:
                yield found


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


def _manifest(item: dict[str, Any], namespace: str) -> Manifest | None:
    metadata = item.get("metadata")
    if item.get("kind") != "Deployment" or not isinstance(metadata, dict):
        return None
    annotations = metadata.get("annotations")
    if not isinstance(annotations, dict) or RULE not in annotations:
        return None
    ours = {name: _text(value) for name, value in annotations.items() if str(name).startswith(PREFIX)}
    spec = item.get("spec")
    sets_replicas = isinstance(spec, dict) and "replicas" in spec
    return Manifest(str(metadata.get("namespace") or namespace), str(metadata.get("name", "")), ours, sets_replicas)


def _text(value: Any) -> str:
    """The API server takes only strings; what YAML made of an unquoted true or 3 is what the user meant."""
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else "" if value is None else str(value)
