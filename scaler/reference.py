"""What a rule refers to beside itself: Secrets, ConfigMaps, files, and what has been read of them."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, TypeAlias

from scalers.source import Absent, Hidden

Kind: TypeAlias = Literal["secret", "configMap", "file", "shared"]

_WORDS: dict[Kind, str] = {
    "secret": "Secret",
    "configMap": "ConfigMap",
    "file": "file",
    "shared": "shared credential",
}


class Reference(NamedTuple):
    """One object, asked for from a namespace: the rule's own, also where a `shared` credential is kept in the scaler's.

    The name of a file is its path.
    """

    kind: Kind
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{_WORDS[self.kind]} {self.name!r}"


@dataclass(frozen=True, slots=True)
class Found:
    """An object's texts by key; a file has one, under the empty key. `hosts` are those that a shared one may go to."""

    values: Mapping[str, str] = field(repr=False)
    hosts: tuple[str, ...] = ()

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> "Found":
        """A Secret or ConfigMap as Kubernetes writes it. A value that is no text is left out."""
        data = {str(name): text for name, text in (body.get("data") or {}).items() if isinstance(text, str)}
        if body.get("kind") == "ConfigMap":
            return cls(data)
        decoded = {name: _decoded(text) for name, text in data.items()}
        plain = {str(name): str(text) for name, text in (body.get("stringData") or {}).items()}
        texts = {name: text for name, text in decoded.items() if text is not None} | plain
        return cls({name: Hidden(text) for name, text in texts.items()})


def _decoded(text: str) -> str | None:
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None


#: What is not in it has not been read yet.
Objects: TypeAlias = Mapping[Reference, Found | Absent]
