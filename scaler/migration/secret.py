"""The Secrets that an operator has to make where a cluster-wide authentication was used."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from scaler.fetch import HOSTS, NAMESPACES
from scaler.migration.text import Remark, rendered

#: Where manifests/base puts the scaler.
HOME: Final = "scalerule-system"
_HOSTS: Final = {"aws-sqs-queue": ".amazonaws.com", "azure-servicebus": ".servicebus.windows.net"}


@dataclass(frozen=True, slots=True)
class Shared:
    """One use of a shared credential: `keys` are its parameters, each with the place that KEDA has it from."""

    name: str
    namespace: str
    trigger_type: str
    keys: tuple[tuple[str, str], ...]


def secrets(uses: Iterable[Shared]) -> str:
    """What to make, as comments: the values are not known, and nothing of it may be applied as it is."""
    by_name: dict[str, list[Shared]] = {}
    for use in uses:
        by_name.setdefault(use.name, []).append(use)
    documents = (Remark(*_secret(name, found)).lines for name, found in by_name.items())
    return "".join("".join(f"# {line}".rstrip() + "\n" for line in lines) for lines in documents)


def _secret(name: str, uses: list[Shared]) -> list[str]:
    namespaces = " ".join(dict.fromkeys(use.namespace for use in uses))
    hosts = " ".join(dict.fromkeys(_HOSTS.get(use.trigger_type, "") for use in uses)).strip()
    keys = {parameter: place for use in uses for parameter, place in use.keys}
    data: dict[Any, Any] = {}
    for parameter, place in keys.items():
        data |= {Remark(place): None, parameter: ""}
    annotations = {Remark("suffixes of the hosts that it may be sent to"): None, HOSTS: hosts, NAMESPACES: namespaces}
    metadata = {"name": name, Remark("the scaler's own"): None, "namespace": HOME, "annotations": annotations}
    document = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": data}
    return ["For the operator of the scaler, to be filled in:", "---", *rendered(document).splitlines()]
