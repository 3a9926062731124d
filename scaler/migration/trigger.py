"""One trigger of a ScaledObject. Its metadata is pasted as it is: names and defaults are KEDA's."""

from typing import Any, Final

from scaler.migration.credential import Credential, Credentials, Use
from scaler.migration.draft import Draft
from scaler.migration.note import ignored, info
from scaler.migration.secret import Shared
from scaler.migration.source import section, word
from scaler.migration.text import Remark
from scalers import known

KNOWN: Final = frozenset({"type", "name", "metadata", "metricType", "authenticationRef", "useCachedMetrics"})
_RESOURCE: Final = (
    "no queue, so it has no equal, and an HPA on the same target would fight the scaler: leave it out, or move what "
    "it is for into a Deployment of its own with an HPA"
)
_CURES: Final = {
    "cpu": _RESOURCE,
    "memory": _RESOURCE,
    "cron": "has no equal: a CronJob that sets minReplicaCount in the rule, and sets it back, does the same",
}
#: What to do about a type of trigger that is not there.
UNKNOWN: Final = (
    f"has no equal (there are {', '.join(known())}): leave the whole target to what scales it now, "
    "and never have both scale it"
)
_CACHED: Final = "left out: every reading is shared already"


class Triggers:
    """Turns the triggers of one ScaledObject into those of a draft; `container` feeds their variables."""

    def __init__(self, draft: Draft, credentials: Credentials, namespace: str, container: str) -> None:
        self.shared: list[Shared] = []
        self._draft = draft
        self._credentials = credentials
        self._namespace = namespace
        self._container = container

    def take(self, written: Any, path: str) -> None:
        """One of them."""
        trigger = section(written)
        kind = word(trigger.get("type"))
        if not kind:
            self._draft.miss(trigger, path, "no type, so it is no trigger: see what it was meant to be")
        elif kind not in known():
            self._draft.miss(trigger, path, f"{kind}: {_CURES.get(kind) or UNKNOWN}")
        else:
            self._draft.notes += ignored(trigger, KNOWN, path)
            self._draft.add(self._entry(trigger, kind, path), path)

    def _entry(self, trigger: dict[str, Any], kind: str, path: str) -> dict[Any, Any]:
        entry: dict[Any, Any] = {}
        for key, value in trigger.items():
            if key == "metadata":
                entry[key] = _texts(value)
            elif key == "authenticationRef":
                use = Use(self._namespace, kind, self._container, f"{path}.{key}")
                self._authenticate(entry, self._credentials.of(section(value), use))
            elif key == "useCachedMetrics":
                self._draft.notes.append(info(f"{path}.{key}", _CACHED))
            elif key in KNOWN:
                entry[key] = value
        return entry

    def _authenticate(self, entry: dict[Any, Any], found: Credential) -> None:
        for note in found.notes:
            self._draft.notes.append(note)
            if note.severity == "error":
                entry[Remark.why(f"error: {note}")] = None
                self._draft.shown.append(note)
        if found.authentication:
            entry["authentication"] = found.authentication
        if found.shared:
            self.shared.append(found.shared)


def _texts(metadata: Any) -> Any:
    """KEDA takes texts only; a number or boolean is the text that it was written as."""
    if not isinstance(metadata, dict):
        return metadata
    return {key: word(value) if isinstance(value, bool | int | float) else value for key, value in metadata.items()}
