"""The triggers of a rule, read as far as they can be: what is wrong is told, what has not been read yet is named."""

from collections.abc import Iterable, Iterator, Mapping, Set
from typing import Any, Final

from pydantic import ValidationError

from scaler.authentication import AllUnread, Credentials, identity, origins
from scaler.complaint import echo
from scaler.environment import Environment
from scaler.grants import within
from scaler.reference import Reference
from scaler.rule import ShownTrigger
from scaler.schema import TRIGGERS, AuthenticationSchema
from scaler.surroundings import Surroundings
from scalers import known, load
from scalers.parameters import Parameters, Unread
from scalers.problem import MOST, Invalid, Problem, nearest
from scalers.source import Texts

_RESOURCES: Final = ("cpu", "memory")


class Triggers:
    """The triggers of one rule: `parsed` and `names` go together; `references` is what they refer to."""

    def __init__(self, surroundings: Surroundings) -> None:
        self.references: set[Reference] = set()
        self.names: list[str] = []
        self.parsed: list[Parameters[Any, Any] | Unread] = []
        self._types: list[str] = []
        self._surroundings = surroundings
        self._environment = Environment()

    @property
    def on_paper(self) -> bool:
        return self._surroundings.on_paper

    @property
    def unread(self) -> bool:
        return any(isinstance(each, Unread) for each in self.parsed)

    def shown(self) -> Iterator[ShownTrigger]:
        for kind, name, parameters in zip(self._types, self.names, self.parsed, strict=True):
            yield ShownTrigger(kind, name, parameters.shown if isinstance(parameters, Unread) else parameters.shown())

    def read(self, data: dict[str, Any], problems: list[Problem]) -> None:
        """What is wrong goes to `problems`."""
        listed = data.get("triggers")
        entries = {
            f"triggers[{index}]": entry
            for index, entry in enumerate(listed[:TRIGGERS] if isinstance(listed, list) else ())
            if isinstance(entry, dict) and isinstance(entry.get("type"), str)
        }
        self.names = _names(entries, problems)
        self._read_environment(data, entries.values(), problems)
        for path, entry in entries.items():
            if len(problems) > MOST:
                return
            try:
                self.parsed.append(self._parameters(entry, path))
                self._types.append(entry["type"])
            except Invalid as error:
                problems += error.problems

    def _read_environment(
        self, data: dict[str, Any], entries: Iterable[dict[str, Any]], problems: list[Problem]
    ) -> None:
        name = data.get("envSourceContainerName")
        containers = self._surroundings.containers
        if name is not None and containers and name not in [each["name"] for each in containers]:
            hint = nearest(str(name), (str(each["name"]) for each in containers))
            problems.append(Problem("envSourceContainerName", f"no container {echo(name)}; {hint}"))
            return
        if self._surroundings.on_paper:
            self._environment = Environment(unread=True)
        elif any(map(_asks_for_variables, entries)):
            chosen = next((each for each in containers if name in (None, each["name"])), {})
            namespace, objects = self._surroundings.namespace, self._surroundings.objects
            self._environment = Environment.of(chosen, namespace, objects)
            self.references |= self._environment.references

    def _parameters(self, entry: dict[str, Any], path: str) -> Parameters[Any, Any] | Unread:
        kind, metadata = entry["type"], entry.get("metadata", {})
        if kind in _RESOURCES:
            cure = "use an HPA on a Deployment of its own for that"
            raise Invalid([Problem(f"{path}.type", f"{kind} is no queue: {cure}")])
        if kind not in known():
            raise Invalid([Problem(f"{path}.type", f"unknown type {echo(kind)}; {nearest(kind, known())}")])
        if not isinstance(metadata, dict):
            raise Invalid([])
        refused = [key for key, value in metadata.items() if not isinstance(value, str)]
        if refused:
            said = "must be a single value, not a list or mapping"
            raise Invalid([Problem(f"{path}.metadata.{key}", said) for key in refused])
        model = load(kind).Parameters
        try:
            return self._judged(model, metadata, self._authentication(entry, model, metadata))
        except Unread as unread:
            return unread
        except Invalid as error:
            raise Invalid([problem.under(path) for problem in error.problems]) from None

    def _authentication(
        self, entry: dict[str, Any], model: type[Parameters[Any, Any]], metadata: dict[str, str]
    ) -> AuthenticationSchema:
        written = entry.get("authentication")
        try:
            schema = AuthenticationSchema.model_validate(written or {})
        except ValidationError:
            # The schema of the whole rule tells what is wrong with it.
            raise Invalid(self._whatever_is_given(model, metadata)) from None
        if problems := origins(written or {}):
            found = [problem.under("authentication") for problem in problems]
            raise Invalid([*found, *self._whatever_is_given(model, metadata)])
        return schema

    def _whatever_is_given(self, model: type[Parameters[Any, Any]], metadata: dict[str, str]) -> Iterable[Problem]:
        """What is wrong with metadata by itself."""
        try:
            model.parse(metadata, AllUnread(), self._variables(metadata))
        except Invalid as error:
            return error.problems
        except Unread:
            pass
        return ()

    def _judged(
        self, model: type[Parameters[Any, Any]], metadata: dict[str, str], schema: AuthenticationSchema
    ) -> Parameters[Any, Any]:
        namespace, objects = self._surroundings.namespace, self._surroundings.objects
        credentials = Credentials.of(schema, model, namespace, objects, self._environment)
        self.references |= credentials.references
        problems = [problem.under("authentication") for problem in credentials.problems]
        try:
            parameters = model.parse(metadata, credentials.texts, self._variables(metadata), identity(schema))
            problems += self._refused(parameters, credentials)
        except Invalid as error:
            problems += (*error.problems, *(hint.under("authentication") for hint in credentials.hints))
        except Unread:
            if not problems:
                raise
        if problems:
            raise Invalid(problems)
        return parameters

    def _variables(self, metadata: Mapping[str, str]) -> Texts:
        """The variables that it names."""
        named = (text.strip() for key, text in metadata.items() if key.endswith("FromEnv"))
        return {name: self._environment.get(name) for name in named}

    def _refused(self, parameters: Parameters[Any, Any], credentials: Credentials) -> Iterator[Problem]:
        """What the operator does not allow."""
        hosts, asked = parameters.hosts(), parameters.identity
        grants, namespace = self._surroundings.grants, self._surroundings.namespace
        if asked is not None and (refusal := grants.refusal(namespace, asked, hosts)):
            yield Problem("authentication.podIdentity", refusal)
        if credentials.hosts is not None:
            for host in hosts:
                if not within(host, credentials.hosts):
                    yield Problem("authentication.shared", f"may not be sent to the host {host!r}")


def _asks_for_variables(entry: Mapping[str, Any]) -> bool:
    metadata, written = entry.get("metadata"), entry.get("authentication")
    parameters = written.get("parameters") if isinstance(written, dict) else None
    named = isinstance(metadata, dict) and any(str(key).endswith("FromEnv") for key in metadata)
    values = parameters.values() if isinstance(parameters, dict) else ()
    return named or any(isinstance(each, dict) and "env" in each for each in values)


def _names(entries: dict[str, dict[str, Any]], problems: list[Problem]) -> list[str]:
    """The names that are written; else the types, numbered so that they meet no name before or after them."""
    written = {name for entry in entries.values() if isinstance(name := entry.get("name"), str)}
    names: list[str] = []
    for path, entry in entries.items():
        name = entry.get("name")
        if not isinstance(name, str):
            name = _numbered(entry["type"], written.union(names))
        elif name in names:
            problems.append(Problem(f"{path}.name", f"{echo(name)} is the name of another trigger: names are unique"))
        names.append(name)
    return names


def _numbered(kind: str, taken: Set[str]) -> str:
    candidates = (kind, *(f"{kind}-{number}" for number in range(2, len(taken) + 2)))
    return next(name for name in candidates if name not in taken)
