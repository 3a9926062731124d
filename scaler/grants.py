"""What an operator lets rules use that is the scaler's own: pod identities. Whoever writes a rule is not trusted."""

from collections.abc import Collection
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Protocol

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from scalers import Identity
from scalers.identity import Provider


class Grant(BaseModel):
    """One entry of the file. Patterns are those of a shell: `*`, `?`, `[abc]`; an empty list allows none but the pod's
    own. `hosts` are suffixes of the hosts that may see proof of the identity.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel)

    provider: Provider
    namespaces: Annotated[list[str], Field(min_length=1)]
    hosts: Annotated[list[str], Field(min_length=1)]
    role_arns: list[str] = []
    identity_ids: list[str] = []
    tenant_ids: list[str] = []
    authority_hosts: list[str] = []
    audiences: list[str] = []

    def refusal(self, namespace: str, identity: Identity, hosts: Collection[str]) -> str | None:
        """What this entry does not allow of an identity; None where it allows all of it."""
        if identity.provider != self.provider or not _matches(namespace, self.namespaces):
            return f"{identity.provider} in namespace {namespace!r}"
        asked = {
            "roleArn": (identity.role_arn, self.role_arns),
            "identityId": (identity.identity_id, self.identity_ids),
            "tenantId": (identity.tenant_id, self.tenant_ids),
            "authorityHost": (identity.authority_host, self.authority_hosts),
            "audience": (identity.audience, self.audiences),
        }
        for name, (value, allowed) in asked.items():
            if value is not None and not _matches(value, allowed):
                return f"{name} {value!r}"
        return next((f"the host {host!r}" for host in hosts if not within(host, self.hosts)), None)


class Grants(Protocol):
    """Who may use what."""

    def refusal(self, namespace: str, identity: Identity, hosts: Collection[str]) -> str | None:
        """Why a rule of a namespace may not use an identity towards these hosts; None where it may."""


@dataclass(frozen=True)
class Granted:
    """What a file allows; without entries nothing."""

    entries: tuple[Grant, ...] = ()

    def refusal(self, namespace: str, identity: Identity, hosts: Collection[str]) -> str | None:
        refusals = [entry.refusal(namespace, identity, hosts) for entry in self.entries]
        if None in refusals:
            return None
        # The entry that came nearest says the most.
        nearest = max((each for each in refusals if each), key=lambda each: " in namespace " not in each, default="")
        what = nearest or f"{identity.provider} in namespace {namespace!r}"
        return f"not allowed by the operator: {what} (--identities)"


class Unbound:
    """For a person at a command line, who is trusted."""

    def refusal(self, namespace: str, identity: Identity, hosts: Collection[str]) -> str | None:
        return None


class BadGrants(ValueError):
    """A file that says nothing clear, with path, value and what is allowed."""


def granted(path: Path) -> Granted:
    """Read the operator's file: a YAML list of entries. Raises BadGrants."""
    try:
        data = yaml.safe_load(path.read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise BadGrants(f"{path}: {' '.join(str(error).split())}") from error
    if not isinstance(data, list):
        raise BadGrants(f"{path}: must be a list of entries with provider, namespaces and hosts")
    return Granted(tuple(_grant(path, index, entry) for index, entry in enumerate(data)))


def within(host: str, suffixes: Collection[str]) -> bool:
    """Whether a host is one of these, or below one. An empty suffix is no suffix."""
    name = host.lower().rstrip(".")
    ends = (suffix.lower().strip(".") for suffix in suffixes)
    return any(end and (name == end or name.endswith("." + end)) for end in ends)


def _grant(path: Path, index: int, entry: Any) -> Grant:
    try:
        return Grant.model_validate(entry)
    except ValidationError as error:
        said = error.errors()[0]
        where = ".".join(map(str, said["loc"]))
        raise BadGrants(f"{path}: [{index}].{where}: {said['msg']}") from None


def _matches(value: str, patterns: Collection[str]) -> bool:
    return any(fnmatchcase(value, pattern) for pattern in patterns)
