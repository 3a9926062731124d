"""How an object that a rule refers to is read: from the API server, or from a file that the operator allows."""

import asyncio
import logging
import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

from scaler.kube import Kube, KubeError
from scaler.reference import Found, Reference
from scaler.resource import CONFIG_MAPS, SECRETS
from scalers.source import Absent, Hidden

_log = logging.getLogger("scaler")

#: On the Secret of a shared credential, written by the operator: who may use it, and where it may be sent.
NAMESPACES: Final = "scalerule.dev/allow-namespaces"
HOSTS: Final = "scalerule.dev/allow-hosts"
_NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
_LARGEST_FILE: Final = 64 * 1024
_RESOURCES: Final = {"secret": SECRETS, "shared": SECRETS, "configMap": CONFIG_MAPS}


class Fetcher:
    """`own_namespace` is the scaler's, where shared credentials are kept; below `file_root` each namespace has a folder
    of files; None allows none.
    """

    def __init__(self, kube: Kube, own_namespace: str, file_root: Path | None) -> None:
        self._kube = kube
        self._own_namespace = own_namespace
        self._file_root = file_root

    async def fetch(self, reference: Reference) -> Found | Absent | None:
        """The object, why there is none, or None where the API server does not tell."""
        if reference.kind == "file":
            return await asyncio.to_thread(read_file, self._file_root, reference)
        if not _NAME.fullmatch(reference.name):
            # It would be another path of the API server.
            return Absent(f"{reference}: no object can have this name")
        namespace = self._own_namespace if reference.kind == "shared" else reference.namespace
        try:
            body = await self._kube.get(_RESOURCES[reference.kind], namespace, reference.name)
        except KubeError as error:
            return _absent(reference, namespace, error)
        return shared(reference, body) if reference.kind == "shared" else Found.of(body)


def shared(reference: Reference, body: Mapping[str, Any]) -> Found | Absent:
    """A Secret of the scaler's namespace, for those that its annotations name. Who may not use it is not told more."""
    annotations = body["metadata"].get("annotations") or {}
    namespaces = annotations.get(NAMESPACES, "").split()
    if not any(fnmatchcase(reference.namespace, pattern) for pattern in namespaces):
        return Absent(f"{reference} is not there, or not shared with namespace {reference.namespace!r}")
    return Found(Found.of(body).values, tuple(annotations.get(HOSTS, "").split()))


def read_file(root: Path | None, reference: Reference) -> Found | Absent:
    """A file below root/namespace, links resolved first."""
    if root is None:
        return Absent(f"{reference}: the operator allows no files (--file-root)")
    folder = (root / reference.namespace).resolve()
    try:
        path = (folder / reference.name.lstrip("/")).resolve()
        if not path.is_relative_to(folder) or not path.is_file():
            return Absent(f"{reference}: no such file below the folder of namespace {reference.namespace!r}")
        with path.open("rb") as file:
            return Found({"": Hidden(file.read(_LARGEST_FILE).decode())})
    except (OSError, ValueError) as error:
        return Absent(f"{reference} cannot be read: {type(error).__name__}")


def _absent(reference: Reference, namespace: str, error: KubeError) -> Absent | None:
    if reference.kind == "shared" and error.status in (403, 404):
        return Absent(f"{reference} is not there, or not shared with namespace {reference.namespace!r}")
    if error.status == 404:
        return Absent(f"{reference} not found in namespace {namespace!r}")
    if error.status == 403:
        return Absent(f"the scaler may not read {reference} in namespace {namespace!r}: its role lacks `get`")
    _log.warning("an object could not be read; what was read last holds", extra={"error": str(error)})
    return None
