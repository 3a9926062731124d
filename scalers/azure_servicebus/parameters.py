"""The parameters of an `azure-servicebus` trigger. Names, sources and defaults are KEDA's."""

import re
from typing import Annotated, Final

from pydantic import AfterValidator, Field, SecretStr

from scalers import parameters
from scalers.azure_servicebus import cloud, pattern
from scalers.azure_servicebus.connection import Connection, Operation, Queue
from scalers.parameters import From, check
from scalers.values import Flag, Whole

__all__ = ["Parameters"]

_NOTHING_TO_READ: Final = "required, or else topicName and subscriptionName; write it in metadata"
_NEED_EACH_OTHER: Final = "topicName and subscriptionName need each other"
_NO_LOGIN: Final = "required without a pod identity; write it in authentication or metadata.connectionFromEnv"
_LABEL: Final = r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"


def _is_label(text: str) -> str:
    # Anything else could move the end of the host's name, and with it who is shown the identity's token.
    if not re.fullmatch(_LABEL, text):
        raise ValueError("must be letters, digits and hyphens: the namespace's name without its domain")
    return text


def _is_domain(text: str) -> str:
    if not re.fullmatch(rf"{_LABEL}(\.{_LABEL})*", text):
        raise ValueError("must be a domain, as in servicebus.windows.net")
    return text


class Parameters(parameters.Parameters[Connection, Queue]):
    """One queue or subscription of a Service Bus namespace, or all that match."""

    providers = ("azure-workload",)
    metered = True

    queue_name: Annotated[str | None, From("m")] = None
    """The queue to read."""
    topic_name: Annotated[str | None, From("m")] = None
    """The topic whose subscription to read."""
    subscription_name: Annotated[str | None, From("m")] = None
    """The subscription to read."""
    message_count: Annotated[Whole, From("m")] = Field(default=5, ge=1)
    """The target per replica, in active messages."""
    activation_message_count: Annotated[Whole, From("m")] = 0
    """Active above this."""
    connection_string: Annotated[SecretStr | None, From("ae")] = Field(default=None, alias="connection")
    """Connection string with a key or a signature that has the right Manage. Not used with a pod identity."""
    namespace: Annotated[str | None, AfterValidator(_is_label), From("m")] = None
    """Name of the namespace. Required with a pod identity, else not used."""
    cloud: Annotated[str, From("m")] = "AzurePublicCloud"
    """Cloud of the namespace; Private is one that endpointSuffix names. Only used with a pod identity."""
    endpoint_suffix: Annotated[str | None, AfterValidator(_is_domain), From("m")] = None
    """Domain of the namespace in a private cloud."""
    use_regex: Annotated[Flag, From("m")] = False
    """queueName or subscriptionName is a regular expression of RE2 that whole names must match."""
    operation: Annotated[Operation, From("m")] = "sum"
    """What to make of several with useRegex; avg is rounded down."""

    @check("queue_name", "topic_name", "subscription_name")
    def _queue_or_subscription(self) -> str | None:
        if self.queue_name and (self.topic_name or self.subscription_name):
            return "write either queueName, or topicName and subscriptionName"
        return None if self.queue_name or self.topic_name or self.subscription_name else _NOTHING_TO_READ

    @check("topic_name", "subscription_name")
    def _topic_and_subscription(self) -> str | None:
        return None if bool(self.topic_name) == bool(self.subscription_name) else _NEED_EACH_OTHER

    @check("queue_name", "use_regex")
    def _queue_pattern(self) -> str | None:
        return pattern.fault(self.queue_name) if self.use_regex and self.queue_name else None

    @check("subscription_name", "use_regex")
    def _subscription_pattern(self) -> str | None:
        return pattern.fault(self.subscription_name) if self.use_regex and self.subscription_name else None

    @check("connection_string")
    def _some_login(self) -> str | None:
        return _NO_LOGIN if self.identity is None and self.connection_string is None else None

    @check("namespace")
    def _some_namespace(self) -> str | None:
        return "required with a pod identity" if self.identity and not self.namespace else None

    @check("cloud")
    def _known_cloud(self) -> str | None:
        known = [*cloud.CLOUDS, cloud.PRIVATE]
        if self.identity is None or cloud.suffix(self.cloud, "given"):
            return None
        return f"must be {', '.join(known[:-1])} or {known[-1]}, not {self.cloud!r}"

    @check("endpoint_suffix", "cloud")
    def _private_suffix(self) -> str | None:
        private = self.identity is not None and self.cloud.lower() == cloud.PRIVATE.lower()
        return "required with cloud: Private" if private and not self.endpoint_suffix else None

    @property
    def target(self) -> float:
        return self.message_count

    @property
    def activation(self) -> float:
        return self.activation_message_count

    def hosts(self) -> list[str]:
        return [self.connection().host]

    def connection(self) -> Connection:
        if self.identity is None:
            return Connection.from_string(self.connection_string.get_secret_value() if self.connection_string else "")
        host = f"{self.namespace}.{cloud.suffix(self.cloud, self.endpoint_suffix)}"
        return Connection(host=host.lower(), identity=self.identity)

    def queue(self) -> Queue:
        return Queue(
            name=self.queue_name or self.subscription_name or "",
            topic=self.topic_name or "",
            pattern=self.use_regex,
            operation=self.operation if self.use_regex else "sum",
        )

    def warnings(self) -> list[str]:
        fault = self.connection().fault()
        named = self.cloud.lower() != "azurepubliccloud" or self.namespace is not None
        found = {
            f"{fault}; it will not be reached": fault,
            "connection has no effect with a pod identity": self.identity and self.connection_string,
            "namespace and cloud have no effect without a pod identity": not self.identity and named,
        }
        return [text for text, applies in found.items() if applies]
