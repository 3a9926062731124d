"""The environment of the target's container, as Kubernetes would set it: `env`, `envFrom`, `$(NAME)`.

Source of the rules: the API reference of EnvVar and EnvFromSource.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from scaler.reference import Found, Kind, Objects, Reference
from scalers.problem import nearest
from scalers.source import UNREAD, Absent, Hidden

_EXPANSION: Final = re.compile(r"\$\$|\$\(([^()\s]+)\)")
_FROM: Final[tuple[tuple[str, str, Kind], ...]] = (
    ("secretRef", "secretKeyRef", "secret"),
    ("configMapRef", "configMapKeyRef", "configMap"),
)


@dataclass
class Environment:
    """Variables by name: their text, UNREAD where an object has not been read yet, or why there is none.

    `references` are the objects that they come from.
    """

    variables: dict[str, str | Absent] = field(default_factory=dict)
    references: set[Reference] = field(default_factory=set)
    unread: bool = False
    """Whether an `envFrom` has not been read yet, so that any variable may still appear."""
    missing: Absent | None = None
    """An `envFrom` that is not there."""

    @classmethod
    def of(cls, container: Mapping[str, Any], namespace: str, objects: Objects) -> "Environment":
        """Of one container of a pod template."""
        made = cls()
        reader = _Reader(made, namespace, objects)
        for source in _mappings(container.get("envFrom")):
            reader.take_all(source)
        for variable in _mappings(container.get("env")):
            made.variables[str(variable.get("name"))] = reader.value(variable)
        return made

    def get(self, name: str) -> str | Absent:
        """The text of a variable, UNREAD, or why there is none."""
        if name in self.variables:
            return self.variables[name]
        if self.unread:
            return UNREAD
        if self.missing is not None:
            return self.missing
        hint = f"; {nearest(name, self.variables)}" if self.variables else ""
        return Absent(f"the target's container sets no variable {name!r}{hint}")


@dataclass
class _Reader:
    environment: Environment
    namespace: str
    objects: Objects

    def take_all(self, source: Mapping[str, Any]) -> None:
        """All keys of an object, later ones winning."""
        for name, _, kind in _FROM:
            if isinstance(source.get(name), Mapping):
                found = self._object(kind, source[name])
                prefix = str(source.get("prefix") or "")
                if found is None:
                    self.environment.unread = True
                elif isinstance(found, Absent):
                    self.environment.missing = found
                else:
                    self.environment.variables.update({prefix + key: text for key, text in found.values.items()})

    def value(self, variable: Mapping[str, Any]) -> str | Absent:
        """What an entry of `env` says."""
        source = variable.get("valueFrom")
        if not isinstance(source, Mapping):
            return self._expanded(str(variable.get("value") or ""))
        for _, name, kind in _FROM:
            if isinstance(source.get(name), Mapping):
                return self._by_key(kind, source[name])
        return Absent(f"{variable.get('name')} comes from {', '.join(source)}, which only the pod itself can tell")

    def _by_key(self, kind: Kind, source: Mapping[str, Any]) -> str | Absent:
        found = self._object(kind, source)
        if found is None:
            return UNREAD
        if isinstance(found, Absent):
            return found
        key = str(source.get("key"))
        return found.values.get(key) or absent(self._reference(kind, source), key)

    def _object(self, kind: Kind, source: Mapping[str, Any]) -> Found | Absent | None:
        reference = self._reference(kind, source)
        self.environment.references.add(reference)
        return self.objects.get(reference)

    def _reference(self, kind: Kind, source: Mapping[str, Any]) -> Reference:
        return Reference(kind, self.namespace, str(source.get("name") or ""))

    def _expanded(self, text: str) -> str | Absent:
        """`$(NAME)` is an earlier variable, `$$` a dollar; what is not defined stays as it is written."""
        names = [match[1] for match in _EXPANSION.finditer(text) if match[1]]
        used = {name: self.environment.variables[name] for name in names if name in self.environment.variables}
        if UNREAD in used.values() or (self.environment.unread and set(names) - used.keys()):
            return UNREAD

        def replaced(match: re.Match[str]) -> str:
            value = used.get(match[1], match[0]) if match[1] else "$"
            return value if isinstance(value, str) else match[0]

        expanded = _EXPANSION.sub(replaced, text)
        return Hidden(expanded) if any(isinstance(value, Hidden) for value in used.values()) else expanded


def absent(reference: Reference, key: object) -> Absent:
    """The sentence for a key that an object does not have."""
    return Absent(f"{reference} has no key {str(key)!r}, or nothing in it")


def _mappings(listed: Any) -> list[Mapping[str, Any]]:
    return [each for each in listed if isinstance(each, Mapping)] if isinstance(listed, list) else []


def containers(template: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The containers of a pod template, those that start first at the end: name, `env` and `envFrom` of each."""
    spec = template.get("spec")
    listed = (spec.get("containers"), spec.get("initContainers")) if isinstance(spec, Mapping) else ()
    for container in (each for kind in listed for each in _mappings(kind)):
        if "name" in container:
            yield {name: container[name] for name in ("name", "env", "envFrom") if name in container}
