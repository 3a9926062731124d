"""TriggerAuthentications: where a trigger's secrets come from, as `authentication` of ours."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from scaler.migration.identity import PodIdentity
from scaler.migration.note import Note, error, ignored, warning
from scaler.migration.secret import HOME, Shared
from scaler.migration.source import Item, entries, section, word

KINDS: Final = ("TriggerAuthentication", "ClusterTriggerAuthentication")

#: Sections that name values in another store, and how each calls the list of them.
_STORES: Final = {
    "hashiCorpVault": ("secrets", "HashiCorp Vault"),
    "azureKeyVault": ("secrets", "Azure Key Vault"),
    "gcpSecretManager": ("secrets", "Google Secret Manager"),
    "awsSecretManager": ("secrets", "AWS Secrets Manager"),
}
_LOST: Final = {
    "filePath": "has no equal: write each parameter as {file: PATH}, below `scaler run --file-root`",
    "boundServiceAccountToken": "has no equal: put a token into a Secret, and write it as parameter",
    "oauth2": "has no equal: put tokenUrl, clientId and clientSecret into a Secret as oauthTokenURI, clientID and "
    "clientSecret, and write `authentication: {secret: NAME}`",
}
#: KEDA reads in this order, and what is read later wins.
_ORDER: Final = (("env", "env"), ("configMapTargetRef", "configMap"), ("secretTargetRef", "secret"))
KNOWN: Final = frozenset({"podIdentity", *(name for name, _ in _ORDER), *_STORES, *_LOST})


@dataclass(frozen=True, slots=True)
class Use:
    """Who refers to an authentication: a trigger of a type, in a namespace; `container` is what feeds its variables."""

    namespace: str
    trigger_type: str
    container: str
    path: str


@dataclass
class Credential:
    """`authentication` is ours; `shared` is what an operator has to make for it."""

    authentication: dict[str, Any] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    shared: Shared | None = None


class Credentials:
    """The authentications of some files; `namespace` is that of objects which name none."""

    def __init__(self, items: list[Item], namespace: str) -> None:
        self._found: dict[tuple[str, str, str], Item] = {}
        for item in items:
            if item.kind in KINDS and item.group == "keda.sh":
                home = "" if item.kind == KINDS[1] else word(item.metadata.get("namespace")) or namespace
                self._found[item.kind, home, item.name] = item

    def of(self, reference: dict[str, Any], use: Use) -> Credential:
        """What an `authenticationRef` stands for."""
        kind, name = word(reference.get("kind")) or KINDS[0], word(reference.get("name"))
        item = self._found.get((kind, "" if kind == KINDS[1] else use.namespace, name))
        if item is None:
            cure = f"add it, `kubectl get {kind.lower()} {name} -o yaml`, or write `authentication` by hand"
            return Credential(notes=[error(use.path, f"{kind} {name!r} is not in these files: {cure}")])
        return _Translation(item, use).credential()


class _Translation:
    def __init__(self, item: Item, use: Use) -> None:
        self._item, self._use = item, use
        self._path = f"{item.kind} {item.name}: spec"
        self._wide = item.kind == KINDS[1]
        self._parameters: dict[str, Any] = {}
        self._keys: dict[str, str] = {}
        self._notes: list[Note] = ignored(item.spec, KNOWN, self._path)

    def credential(self) -> Credential:
        spec = self._item.spec
        identity = PodIdentity.of(section(spec.get("podIdentity")), f"{self._path}.podIdentity")
        self._notes += identity.notes
        for name, kind in _ORDER:
            for index, entry in enumerate(entries(spec.get(name))):
                self._take(kind, section(entry), f"{self._path}.{name}[{index}]")
        for name, (listed, store) in _STORES.items():
            for entry in entries(section(spec.get(name)).get(listed)):
                self._store(word(section(entry).get("parameter")), store, name)
        self._notes += (error(f"{self._path}.{name}", why) for name, why in _LOST.items() if name in spec)
        authentication: dict[str, Any] = dict(self._made())
        if identity.entry:
            authentication["podIdentity"] = identity.entry
        return Credential(authentication, self._notes, self._shared())

    def _take(self, kind: str, entry: dict[str, Any], path: str) -> None:
        parameter, name, key = (word(entry.get(each)) for each in ("parameter", "name", "key"))
        if kind == "env":
            self._container(word(entry.get("containerName")), path)
            self._parameters[parameter] = {"env": name}
        elif self._wide:
            self._parameters.pop(parameter, None)
            self._keys[parameter] = f"{kind[0].upper()}{kind[1:]} {name}, key {key}, of KEDA's namespace"
        else:
            self._parameters[parameter] = {kind: {"name": name, "key": key}}

    def _container(self, name: str, path: str) -> None:
        if name != self._use.container:
            cure = f"write envSourceContainerName: {name}" if name else "leave envSourceContainerName out"
            which = f"container {name!r}" if name else "the first container"
            self._notes.append(warning(path, f"KEDA takes the variable of {which}, a rule has one for all: {cure}"))

    def _store(self, parameter: str, store: str, section_name: str) -> None:
        where = f"Secret {self._item.name!r}" + (f" in {HOME}" if self._wide else "")
        message = f"{store} is not asked: have key {parameter!r} of {where} filled from it, by External Secrets or so"
        self._notes.append(error(f"{self._path}.{section_name}", message))
        self._parameters.pop(parameter, None)
        if self._wide:
            self._keys[parameter] = f"from {store}"
        else:
            self._parameters[parameter] = {"secret": {"name": self._item.name, "key": parameter}}

    def _made(self) -> Iterator[tuple[str, Any]]:
        if self._keys:
            cure = f"the operator makes Secret {self._item.name!r} in {HOME} and allows namespaces and hosts, see below"
            self._notes.append(warning(self._use.path, f"cluster-wide, so a shared credential: {cure}"))
            yield "shared", self._item.name
        if self._parameters:
            yield "parameters", self._parameters

    def _shared(self) -> Shared | None:
        if not self._keys:
            return None
        return Shared(self._item.name, self._use.namespace, self._use.trigger_type, tuple(self._keys.items()))
