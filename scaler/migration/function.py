"""Azure Functions: all functions of one folder are one Deployment."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from scaler.migration.binding import Binding
from scaler.migration.draft import Draft
from scaler.migration.note import info
from scaler.migration.outcome import Outcome, Where, outcome
from scaler.migration.source import Item, entries, section
from scaler.target import Key

_HOST: Final = "host.json"
_BOUNDS: Final = "min and max are the defaults, 0 and 100: a function names none"
_DISABLED: Final = "the function is disabled: left out"


class NoName(Exception):
    """Nobody says what the Deployment is called."""


@dataclass
class App:
    """The functions of one folder; None is standard input."""

    folder: Path | None
    functions: list[Item] = field(default_factory=list)
    host: dict[str, Any] = field(default_factory=dict)

    def migrated(self, name: str, namespace: str, namespaced: bool) -> Outcome:
        """What becomes of it as a Deployment of that name."""
        draft = Draft()
        draft.put("triggers", [], "bindings")
        for item in self.functions:
            _take(draft, item, self.host)
        draft.notes.append(info("", _BOUNDS))
        source = ", ".join(dict.fromkeys(item.file for item in self.functions))
        return outcome(Where(source, Key(namespace, name), namespaced), draft, {})


def is_function(item: Item) -> bool:
    """Whether it is a function.json."""
    return not item.kind and isinstance(item.data.get("bindings"), list)


def apps(items: list[Item], deployment: str | None) -> dict[str, App]:
    """The apps of some files by the name of their Deployment. Raises NoName."""
    hosts = {_folder(item): item.data for item in items if _is_host(item)}
    found: dict[Path | None, App] = {}
    for item in filter(is_function, items):
        root = _root(item, set(hosts))
        found.setdefault(root, App(root, host=hosts.get(root, {}))).functions.append(item)
    if deployment is not None and len(found) > 1:
        raise NoName(f"--deployment names one Deployment, and there are {len(found)} apps: name the files of one")
    names = {deployment or (app.folder.name if app.folder else ""): app for app in found.values()}
    if "" in names:
        raise NoName("the Deployment of a function.json needs a name, which its folder gives: use --deployment NAME")
    if len(names) < len(found):
        raise NoName("two apps are in folders of one name: migrate one at a time, with --deployment NAME")
    return names


def _is_host(item: Item) -> bool:
    return not item.kind and "version" in item.data and "bindings" not in item.data


def _folder(item: Item) -> Path | None:
    return None if item.file == "-" else Path(item.file).resolve().parent


def _root(item: Item, hosts: set[Path | None]) -> Path | None:
    """The folder of the app: where host.json is, which is above that of the function."""
    folder = _folder(item)
    if folder is None or folder in hosts:
        return folder
    above = folder.parent
    return above if above in hosts or (above / _HOST).exists() else folder


def _take(draft: Draft, item: Item, host: dict[str, Any]) -> None:
    folder = _folder(item)
    function = "" if folder is None else folder.name
    for index, binding in enumerate(entries(item.data.get("bindings"))):
        path = f"{function}/bindings[{index}]".removeprefix("/")
        made = Binding(section(binding), function, path, host)
        if made.is_trigger and item.data.get("disabled") is True:
            draft.notes.append(info(path, _DISABLED))
        elif made.is_trigger:
            made.add_to(draft)
