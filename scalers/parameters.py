"""The parameters of one trigger, as its author wrote them, and everything that is wrong with them at once.

A broker type declares its parameters once, as the fields of a model. Parsing, messages, documentation and the JSON
Schema follow from that declaration.
"""

import abc
import functools
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from typing import Annotated, Any, ClassVar, Final, Generic, Literal, Self, TypeVar, cast, get_args, get_origin

from pydantic import BaseModel, ConfigDict, PrivateAttr, SecretStr, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from scalers.identity import Identity, Provider
from scalers.problem import MOST, Invalid, Problem, nearest
from scalers.source import UNREAD, Found, From, Hidden, Sources, Texts

__all__ = ["From", "Parameters", "Unread", "adapter", "check", "hide_credentials", "origin"]

C = TypeVar("C", bound=BaseModel)
Q = TypeVar("Q", bound=BaseModel)
Check = TypeVar("Check", bound=Callable[[Any], str | None])

_HIDDEN: Final = "***"
_LONGEST_ECHO: Final = 100
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_NOTHING: Final[Texts] = {}


def check(*needs: str) -> Callable[[Check], Check]:
    """Marks a method that says what is wrong between the fields named, or None.

    It runs where each of those fields is good by itself; what it says is reported at the first.
    """

    def mark(method: Check) -> Check:
        vars(method)["needs"] = needs
        return method

    return mark


def hide_credentials(url: str) -> str:
    """The URL without its user info. Passwords may hold any character, so all up to the last @ goes."""
    head, at, tail = url.rpartition("@")
    scheme = _SCHEME.match(head)
    return f"{scheme[0] if scheme else ''}{_HIDDEN}@{tail}" if at else url


class Unread(Exception):
    """Nothing is wrong so far, but not all is read.

    `shown` is what is known of the parameters, without secrets; `target` and `activation` are NaN where unknown.
    """

    def __init__(self, shown: Mapping[str, str | float | bool], target: float, activation: float) -> None:
        super().__init__("not all parameters have been read yet")
        self.shown = shown
        self.target = target
        self.activation = activation


class _NotRead(Exception):
    pass


class Parameters(BaseModel, Generic[C, Q]):
    """What the author of a trigger may write for one broker type."""

    providers: ClassVar[tuple[Provider, ...]] = ()
    """The pod identities that this type can use."""
    metered: ClassVar[bool] = False
    """Whether every request to the broker is paid for."""
    _identity: Identity | None = PrivateAttr(default=None)
    _hidden: Set[str] = PrivateAttr(default=frozenset())

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, use_attribute_docstrings=True)

    @abc.abstractmethod
    def connection(self) -> C:
        """How to reach the broker. Triggers with equal connections share one."""

    @abc.abstractmethod
    def queue(self) -> Q:
        """What to read there."""

    @property
    @abc.abstractmethod
    def target(self) -> float:
        """The value per replica to aim at."""

    @property
    @abc.abstractmethod
    def activation(self) -> float:
        """The activity above which the trigger is active."""

    @property
    def identity(self) -> Identity | None:
        """The pod identity that the trigger names; an operator must have allowed it."""
        return self._identity

    def hosts(self) -> list[str]:
        """The hosts that get to see the credentials."""
        return []

    def warnings(self) -> list[str]:
        """What is allowed but may not be what was meant."""
        return []

    def shown(self) -> dict[str, str | float | bool]:
        """The parameters after defaults, without secrets."""
        return self._shown(frozenset())

    def _shown(self, unread: Set[str]) -> dict[str, str | float | bool]:
        fields = type(self).model_fields.items()
        hidden = {str(field.alias): _HIDDEN for key, field in fields if key in unread and field.is_required()}
        values = ((field, getattr(self, key)) for key, field in fields if key not in unread)
        shown = {str(field.alias): self._value_shown(value, field) for field, value in values if value is not None}
        return {**shown, **hidden}

    def _value_shown(self, value: Any, field: FieldInfo) -> str | float | bool:
        if isinstance(value, SecretStr):
            return hide_credentials(value.get_secret_value()) if origin(field).url else _HIDDEN
        closed = isinstance(value, bool | int | float) or get_origin(field.annotation) is Literal
        if str(field.alias) in self._hidden and not closed:
            return _HIDDEN
        return value if isinstance(value, str | float | bool | int) else str(value)

    @classmethod
    def _found_in_secrets(cls, sources: Sources) -> frozenset[str]:
        fields = ((str(field.alias), origin(field)) for field in cls.model_fields.values())
        # What is in the metadata is no Secret's.
        found = ((alias, sources.find(alias, place)) for alias, place in fields if place.sources != "m")
        return frozenset(alias for alias, text in found if text is not None and isinstance(text.text, Hidden))

    @classmethod
    def parse(
        cls,
        metadata: Mapping[str, str],
        auth: Texts = _NOTHING,
        env: Texts = _NOTHING,
        identity: Identity | None = None,
    ) -> Self:
        """The parameters. Raises Invalid with all that is wrong with them, else Unread where a text is UNREAD.

        `auth` is what the trigger's authentication gives, by parameter; `env` the variables of the target's container.
        """
        sources = Sources(metadata, auth, env)
        problems = [*cls._unknown(metadata), *cls._unsupported(identity)]
        good: dict[str, Any] = {}
        unread = set()
        for key, field in cls.model_fields.items():
            try:
                good[str(field.alias)] = cls._value(key, field, sources)
            except Invalid as error:
                problems += error.problems
            except _NotRead:
                unread.add(key)
        # Not validated again: the fields that are good are checked against each other even where others are not.
        parameters = cast(Self, cls.model_construct(**good))
        parameters._identity = identity
        parameters._hidden = cls._found_in_secrets(sources)
        problems += parameters._conflicts(good.keys())
        if problems:
            raise Invalid(problems)
        if unread:
            # A third party's may depend on what is unread.
            target, activation = (getattr(parameters, name, math.nan) for name in ("target", "activation"))
            raise Unread(parameters._shown(unread), target, activation)
        return parameters

    @classmethod
    def secrets(cls) -> frozenset[str]:
        """The parameters that a trigger's authentication can give."""
        return frozenset(name for name, place in _places(cls).items() if "a" in place.sources)

    @classmethod
    def cure(cls, key: str, known: Iterable[str]) -> str:
        """What to do about a key that is not known where it stands: write it elsewhere, or another one of these."""
        name = key.removesuffix("FromEnv")
        places = _places(cls)
        return f"write {name} in {places[name].places(name)}" if name in places else nearest(key, known)

    @classmethod
    def _unknown(cls, metadata: Mapping[str, str]) -> Iterator[Problem]:
        places = _places(cls).items()
        known = {name for name, place in places if "m" in place.sources}
        known |= {f"{name}FromEnv" for name, place in places if "e" in place.sources}
        for key in sorted(metadata.keys() - known)[: MOST + 1]:
            yield Problem(f"metadata.{key}", f"unknown; {cls.cure(key, known)}")

    @classmethod
    def _unsupported(cls, identity: Identity | None) -> Iterator[Problem]:
        if identity is not None and identity.provider not in cls.providers:
            allowed = f"must be {' or '.join(cls.providers)}" if cls.providers else "this type has no pod identity"
            yield Problem("authentication.podIdentity.provider", f"{allowed}, not {identity.provider!r}")

    @classmethod
    def _value(cls, key: str, field: FieldInfo, sources: Sources) -> Any:
        found = sources.find(str(field.alias), origin(field))
        if found is None:
            return _absent(field, sources)
        if found.text == UNREAD:
            raise _NotRead
        try:
            value = adapter(cls, key).validate_python(found.text)
        except ValidationError as error:
            message = f"{_reason(error.errors()[0])}, not {_echo(found, field)}"
            raise Invalid([Problem(found.path, message)]) from None
        return value

    def _conflicts(self, good: Set[str]) -> Iterator[Problem]:
        for method, needs in _checks(type(self)):
            if good >= needs.keys() and (message := method(self)):
                first = next(iter(needs))
                yield Problem(needs[first].path(first), message)


@functools.cache
def _checks(model: type[BaseModel]) -> list[tuple[Callable[[Any], str | None], dict[str, From]]]:
    """The methods that check several fields against each other, with these by alias, the one to blame first."""
    fields = model.model_fields
    methods = (item for parent in model.__mro__ for item in vars(parent).values() if hasattr(item, "needs"))
    return [(each, {str(fields[key].alias): origin(fields[key]) for key in each.needs}) for each in methods]


@functools.cache
def adapter(model: type[BaseModel], key: str) -> TypeAdapter[Any]:
    """Validates the text of one field by itself."""
    field = model.model_fields[key]
    annotation: Any = Annotated[field.annotation, *field.metadata]
    return TypeAdapter(annotation)


@functools.cache
def _places(model: type[BaseModel]) -> Mapping[str, From]:
    """Where each parameter comes from, by all its names."""
    fields = [(str(field.alias), origin(field)) for field in model.model_fields.values()]
    return {name: place for alias, place in fields for name in (alias, *place.also)}


def origin(field: FieldInfo) -> From:
    """Where a field's text is looked for."""
    for item in field.metadata:
        if isinstance(item, From):
            return item
    raise TypeError(f"{field.alias} says not where it comes from")


def _absent(field: FieldInfo, sources: Sources) -> Any:
    name, place = str(field.alias), origin(field)
    if unset := sources.unset_variable(name, place):
        raise Invalid([unset])
    if field.is_required():
        raise Invalid([Problem(place.path(name), f"required; write it in {place.places(name)}")])
    return field.default


def _reason(error: ErrorDetails) -> str:
    """pydantic's sentence, as one of ours."""
    if "error" in error.get("ctx", {}):
        return str(error["ctx"]["error"])
    return error["msg"].replace("Input should be", "must be")


def _echo(found: Found, field: FieldInfo) -> str:
    secret = SecretStr in (field.annotation, *get_args(field.annotation))
    # A URL in the wrong place may still hold a password.
    return repr(hide_credentials(found.text)[:_LONGEST_ECHO]) if found.open and not secret else repr(_HIDDEN)
