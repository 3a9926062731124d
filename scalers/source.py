"""Where the text of a parameter is looked for: the trigger's metadata, its authentication, the target's environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

from scalers.problem import Problem

__all__ = ["UNREAD", "Absent", "Found", "From", "Hidden", "Sources", "Texts"]


@dataclass(frozen=True)
class From:
    """Where a parameter comes from; written in the `Annotated` of its field.

    `sources` are tried in order: m the trigger's metadata, a its authentication, e the variable of the target's
    container that `<name>FromEnv` names. `also` are other names. Of a secret `url` only the user info is hidden.
    """

    sources: str
    also: tuple[str, ...] = ()
    url: bool = False

    def path(self, name: str) -> str:
        """Where a problem with this parameter is reported when nobody wrote it."""
        return f"{'metadata' if 'm' in self.sources else 'authentication'}.{name}"

    def places(self, name: str) -> str:
        """Where its author may write it."""
        words = {"m": "metadata", "a": "authentication", "e": f"metadata.{name}FromEnv"}
        return " or ".join(words[source] for source in self.sources)


class Found(NamedTuple):
    """A text and where it was written. `open` texts may be repeated in a message; a Secret's may not."""

    path: str
    text: str
    open: bool


@dataclass(frozen=True, slots=True)
class Absent:
    """Something that is referred to and cannot be used, in words that name the cure."""

    why: str


class Hidden(str):
    """A text that came out of a Secret, or of a file: it is shown to nobody."""

    __slots__ = ()

    def strip(self, characters: str | None = None, /) -> "Hidden":
        """Hidden still."""
        return Hidden(super().strip(characters))


#: Stands for a text that is referred to and has not been read yet. No text of a user holds a NUL.
UNREAD: Final = "\0unread"

Texts: TypeAlias = Mapping[str, str | Absent]


class Sources(NamedTuple):
    """All that the author of a trigger wrote or referred to."""

    metadata: Mapping[str, str]
    auth: Texts
    env: Texts

    def find(self, name: str, origin: From) -> Found | None:
        """The first text that is not blank, trimmed; it may be UNREAD."""
        for source in origin.sources:
            for key in (name, *origin.also):
                found = self._look(source, key)
                if found.text:
                    return found
        return None

    def _look(self, source: str, key: str) -> Found:
        if source == "m":
            return Found(f"metadata.{key}", self.metadata.get(key, "").strip(), True)
        if source == "a":
            return Found(f"authentication.{key}", _text(self.auth.get(key, "")), False)
        return Found(f"metadata.{key}FromEnv", _text(self.env.get(self._variable(key), "")), False)

    def _variable(self, key: str) -> str:
        return self.metadata.get(f"{key}FromEnv", "").strip()

    def unset_variable(self, name: str, origin: From) -> Problem | None:
        """A `<name>FromEnv` that leads nowhere."""
        for key in (name, *origin.also) if "e" in origin.sources else ():
            variable = self._variable(key)
            found = self.env.get(variable, Absent(f"the target's container sets no variable {variable!r}"))
            if variable and isinstance(found, Absent):
                return Problem(f"metadata.{key}FromEnv", found.why)
        return None


def _text(found: str | Absent) -> str:
    return found.strip() if isinstance(found, str) else ""
