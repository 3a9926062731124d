"""An identity that the platform gives to the scaler's pod, and that an operator lets a rule use."""

from typing import Final, Literal

from scalers.strict import Strict

__all__ = ["PROVIDERS", "Identity", "Provider"]

Provider = Literal["aws", "azure-workload"]
PROVIDERS: Final[tuple[Provider, ...]] = ("aws", "azure-workload")


class Identity(Strict):
    """`authentication.podIdentity` of a trigger."""

    provider: Provider
    role_arn: str | None = None
    """aws: the role to assume; the pod's own without."""
    external_id: str | None = None
    """aws: what the role's trust policy asks for."""
    identity_id: str | None = None
    """azure-workload: the client id; the pod's own without."""
    tenant_id: str | None = None
    """azure-workload: the tenant; the pod's own without."""
    authority_host: str | None = None
    """azure-workload: where tokens are asked for; the public cloud's without."""
    audience: str | None = None
    """What the token is for, where the rule's author can say so."""
