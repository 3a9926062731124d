"""What a trigger's `authentication` gives: texts by parameter, from objects of the rule's own namespace."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from scaler.environment import Environment, absent
from scaler.reference import Found, Kind, Objects, Reference
from scaler.schema import AuthenticationSchema, OriginSchema
from scalers import Identity
from scalers.parameters import Parameters
from scalers.problem import MOST, Problem
from scalers.source import UNREAD, Absent


class AllUnread(dict[str, str]):
    """Texts of which any may still come from an object that has not been read."""

    def get(self, key: str, default: Any = None) -> Any:
        return super().get(key, UNREAD)


@dataclass
class Credentials:
    """`texts` by parameter, the objects that they come from, and what is wrong, with paths below `authentication`.

    `hosts` are those that a shared credential may be sent to, None where there is none. `hints` are worth a word only
    where something is wrong.
    """

    texts: dict[str, str] = field(default_factory=dict)
    references: set[Reference] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)
    hosts: tuple[str, ...] | None = None
    hints: list[Problem] = field(default_factory=list)

    @classmethod
    def of(
        cls,
        schema: AuthenticationSchema,
        model: type[Parameters[Any, Any]],
        namespace: str,
        objects: Objects,
        env: Environment,
    ) -> "Credentials":
        """What a trigger with these parameters is given."""
        made, known = cls(), model.secrets()
        collector = _Collector(made, namespace, objects, env)
        if schema.shared is not None:
            collector.take_all("shared", schema.shared, known)
        if schema.secret is not None:
            collector.take_all("secret", schema.secret, known)
        for name, origin in schema.parameters.items():
            if name in known:
                collector.take(name, origin)
            elif len(made.problems) <= MOST:
                made.problems.append(Problem(f"parameters.{name}", f"unknown; {model.cure(name, known)}"))
        return made


@dataclass
class _Collector:
    credentials: Credentials
    namespace: str
    objects: Objects
    env: Environment

    def take_all(self, kind: Kind, name: str, known: frozenset[str]) -> None:
        """Every key of a whole object that is a parameter; others are ignored, as in KEDA."""
        found = self._object(kind, name)
        if isinstance(found, Absent):
            self.credentials.problems.append(Problem(kind, found.why))
        if not isinstance(found, Found):
            # What it would give is not missed a second time.
            self.credentials.texts = AllUnread(self.credentials.texts)
        else:
            taken = {key: text for key, text in found.values.items() if key in known}
            self.credentials.texts.update(taken)
            if not taken:
                why = f"has none of the keys that are parameters here: {', '.join(sorted(known))}"
                self.credentials.hints.append(Problem(kind, f"{Reference(kind, self.namespace, name)} {why}"))
            if kind == "shared":
                self.credentials.hosts = found.hosts

    def take(self, name: str, origin: OriginSchema) -> None:
        """One parameter."""
        text = self._text(origin)
        if isinstance(text, Absent):
            self.credentials.problems.append(Problem(f"parameters.{name}", text.why))
        self.credentials.texts[name] = text if isinstance(text, str) else UNREAD

    def _text(self, origin: OriginSchema) -> str | Absent:
        if origin.env is not None:
            return self.env.get(origin.env)
        if origin.file is not None:
            return self._by_key("file", origin.file, "")
        by_key = origin.secret or origin.config_map
        assert by_key is not None
        return self._by_key("secret" if origin.secret else "configMap", by_key.name, by_key.key)

    def _by_key(self, kind: Kind, name: str, key: str) -> str | Absent:
        found = self._object(kind, name)
        if found is None:
            return UNREAD
        if isinstance(found, Absent):
            return found
        return found.values.get(key) or absent(Reference(kind, self.namespace, name), key)

    def _object(self, kind: Kind, name: str) -> Found | Absent | None:
        reference = Reference(kind, self.namespace, name)
        self.credentials.references.add(reference)
        return self.objects.get(reference)


def identity(schema: AuthenticationSchema) -> Identity | None:
    """The pod identity that a trigger names."""
    pod = schema.pod_identity
    return None if pod is None else Identity(**{name: value for name, value in pod if value is not None})


def origins(entry: Mapping[str, Any]) -> list[Problem]:
    """What is wrong between the fields of an `authentication` that are good by themselves."""
    parameters = entry.get("parameters")
    found = []
    for name, origin in parameters.items() if isinstance(parameters, dict) else ():
        kinds = [kind for kind in ("secret", "configMap", "env", "file") if isinstance(origin, dict) and kind in origin]
        if isinstance(origin, dict) and len(kinds) != 1:
            written = f", not {' and '.join(kinds)}" if kinds else ""
            found.append(Problem(f"parameters.{name}", f"must be one of secret, configMap, env or file{written}"))
    return found
