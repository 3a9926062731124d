"""Pod identities: KEDA's `podIdentity` as ours, where both have it."""

from dataclasses import dataclass, field
from typing import Any, Final

from scaler.migration.note import Note, error, ignored, warning
from scaler.migration.source import word

_KNOWN: Final = frozenset(
    {"provider", "identityId", "identityTenantId", "identityAuthorityHost", "roleArn", "externalID", "identityOwner"}
)
_FIELDS: Final = {
    "aws": {"roleArn": "roleArn", "externalID": "externalID"},
    "azure-workload": {
        "identityId": "identityId",
        "identityTenantId": "tenantId",
        "identityAuthorityHost": "authorityHost",
    },
}
_ALLOW: Final = "the scaler's operator has to allow it in the file of `scaler run --identities`"
_CURES: Final = {
    "aws-eks": "deprecated: use provider aws with roleArn, the value of eks.amazonaws.com/role-arn on the target's "
    "ServiceAccount, and let that role be assumed by the scaler's",
    "azure": "gone from KEDA too: use azure-workload",
}
_OWNER: Final = (
    "the role of the target's ServiceAccount is not looked up: write roleArn, the value of its annotation "
    "eks.amazonaws.com/role-arn"
)


@dataclass
class PodIdentity:
    """`entry` is ours, empty where there is none."""

    entry: dict[str, str] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)

    @classmethod
    def of(cls, written: dict[str, Any], path: str) -> "PodIdentity":
        """What a TriggerAuthentication says."""
        provider = word(written.get("provider"))
        if provider in ("", "none"):
            return cls()
        if provider not in _FIELDS:
            cure = _CURES.get(provider, "use aws, azure-workload, or a Secret")
            return cls(notes=[error(f"{path}.provider", f"{provider!r} has no equal: {cure}")])
        fields = _FIELDS[provider]
        entry = {name: word(written[key]) for key, name in fields.items() if word(written.get(key))}
        notes = [warning(path, _ALLOW), *ignored(written, _KNOWN, path)]
        if written.get("identityOwner") == "workload":
            notes.append(error(f"{path}.identityOwner", _OWNER))
        return cls({"provider": provider, **entry}, notes)
