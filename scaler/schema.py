"""What the annotation may hold, section by section; fields of a later version are known, and refused by name."""

from typing import Annotated, Any, Final

from pydantic import Field

from scaler.kinds import Flag, Kind, Text, decimal, one_of, seconds, whole
from scaler.rule import Behavior, Fallback, MetricType, Section
from scalers.identity import PROVIDERS, Provider

#: How many triggers a rule may have.
TRIGGERS: Final = 20
#: How long a formula may be.
FORMULA_BYTES: Final = 1024


def _formula_text(value: Any) -> Any:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("must be a formula over trigger names, such as `a + b`")
    return value


def _no_reference(value: Any) -> Any:
    raise ValueError("is KEDA's: write `authentication` instead (`scaler migrate` turns one into the other)")


class ByKeySchema(Section):
    """One key of a Secret or ConfigMap."""

    name: Text
    key: Text


class OriginSchema(Section):
    """Where one parameter comes from: exactly one of these."""

    secret: ByKeySchema | None = None
    config_map: ByKeySchema | None = None
    env: Text | None = None
    file: Text | None = None


class PodIdentitySchema(Section):
    """The identity of the scaler's pod that a trigger asks for."""

    provider: Annotated[Provider, one_of(*PROVIDERS)]
    role_arn: Text | None = None
    external_id: Text | None = Field(default=None, alias="externalID")
    identity_id: Text | None = None
    tenant_id: Text | None = None
    authority_host: Text | None = None


class AuthenticationSchema(Section):
    """Where a trigger's secrets come from."""

    secret: Text | None = None
    parameters: dict[str, OriginSchema] = Field(default_factory=dict)
    pod_identity: PodIdentitySchema | None = None
    shared: Text | None = None


_METRIC_TYPE = one_of("AverageValue", "Value")


class ModifiersSchema(Section):
    """`scalingModifiers`; numbers may be written as text, as KEDA wants them."""

    formula: Annotated[str, Kind(_formula_text, {"type": "string", "minLength": 1, "maxLength": FORMULA_BYTES})]
    target: Annotated[float, decimal(0, above=True)]
    activation_target: Annotated[float, decimal()] = 0.0
    metric_type: Annotated[MetricType, _METRIC_TYPE] = "AverageValue"


class TriggerSchema(Section):
    """One entry of `triggers`."""

    type: Text
    name: Text | None = None
    metadata: dict[str, Any] = Field(default_factory=dict)
    metric_type: Annotated[MetricType, _METRIC_TYPE] = "AverageValue"
    authentication: AuthenticationSchema | None = None
    authentication_ref: Annotated[None, Kind(_no_reference, {"not": {}})] = None
    use_cached_metrics: Flag | None = None


class AutoscalerSchema(Section):
    """KEDA's `advanced.horizontalPodAutoscalerConfig`."""

    name: Text | None = None
    behavior: Behavior | None = None


class AdvancedSchema(Section):
    """KEDA's `advanced`."""

    horizontal_pod_autoscaler_config: AutoscalerSchema | None = None
    scaling_modifiers: ModifiersSchema | None = None
    restore_to_original_replica_count: Flag = False


class RuleSchema(Section):
    """The whole annotation."""

    triggers: Annotated[list[TriggerSchema], Field(min_length=1, max_length=TRIGGERS)]
    polling_interval: Annotated[float, seconds(0.5)] = 30.0
    cooldown_period: Annotated[float, seconds(0)] = 300.0
    initial_cooldown_period: Annotated[float, seconds(0)] | None = None
    min_replica_count: Annotated[int, whole(0)] = 0
    max_replica_count: Annotated[int, whole(1)] = 100
    idle_replica_count: Annotated[int, whole(0)] | None = None
    behavior: Behavior | None = None
    advanced: AdvancedSchema | None = None
    fallback: Fallback | None = None
    scaling_modifiers: ModifiersSchema | None = None
    restore_to_original_replica_count: Flag = False
    env_source_container_name: Text | None = None
