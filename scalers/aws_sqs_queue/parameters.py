"""The parameters of an `aws-sqs-queue` trigger. Names, sources and defaults are KEDA's."""

import re
from typing import Annotated, Final, Literal
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, Field, SecretStr

from scalers import parameters
from scalers.aws_sqs_queue import region
from scalers.aws_sqs_queue.connection import Connection, Queue
from scalers.identity import Identity
from scalers.parameters import From, check
from scalers.values import Flag, Whole

__all__ = ["Parameters"]

_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,80}|[A-Za-z0-9_-]{1,75}\.fifo")
_QUEUE_PATH: Final = re.compile(r"/[^/]+/[^/]+")
_ENDPOINT_PATH: Final = re.compile(r"[A-Za-z0-9/._~-]*")
_NO_KEY: Final = (
    "required without a pod identity; write it in authentication, or its variable in metadata.{}FromEnv; "
    "podIdentity: {{provider: aws}} needs none"
)


def _is_queue(text: str) -> str:
    parts = _split(text)
    if _NAME.fullmatch(text) or (_leads_somewhere(parts) and _QUEUE_PATH.fullmatch(parts.path)):
        return text
    raise ValueError("must be a queue's name or its URL, as in https://sqs.eu-west-1.amazonaws.com/123456789012/orders")


def _is_region(text: str) -> str:
    if not region.SHAPE.fullmatch(text):
        raise ValueError("must be a region, as in eu-west-1")
    return text


def _is_endpoint(text: str) -> str:
    parts = _split(text)
    if _leads_somewhere(parts) and _ENDPOINT_PATH.fullmatch(parts.path):
        return text
    raise ValueError("must be a URL that begins with https:// or http://, with a host and perhaps a port and a path")


def _split(text: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return urlsplit("")
    return parts


def _leads_somewhere(parts: SplitResult) -> bool:
    plain = (parts.hostname or "").isascii() and parts.username is None and not parts.query and not parts.fragment
    return parts.scheme in ("http", "https") and bool(parts.hostname) and plain


class Parameters(parameters.Parameters[Connection, Queue]):
    """One queue of Amazon SQS."""

    providers = ("aws",)
    metered = True

    queue_url: Annotated[str, AfterValidator(_is_queue), From("me")] = Field(alias="queueURL")
    """The queue's URL, or its name where it belongs to the account that asks."""
    queue_length: Annotated[Whole, From("m")] = Field(default=5, ge=1)
    """The target per replica, in messages."""
    activation_queue_length: Annotated[Whole, From("m")] = 0
    """Active above this."""
    aws_region: Annotated[str | None, AfterValidator(_is_region), From("ma")] = None
    """Region of the queue. Taken from queueURL where that names one."""
    aws_endpoint: Annotated[str | None, AfterValidator(_is_endpoint), From("m")] = None
    """URL of what is asked instead of the region's own endpoint."""
    scale_on_in_flight: Annotated[Flag, From("m")] = True
    """Count messages that a consumer has received and not deleted yet."""
    scale_on_delayed: Annotated[Flag, From("m")] = False
    """Count messages that may not be received yet."""
    identity_owner: Annotated[Literal["pod", "operator"], From("m")] = "pod"
    """Deprecated: operator stands for podIdentity: {provider: aws}."""
    access_key_id: Annotated[SecretStr | None, From("ame", also=("awsAccessKeyId",))] = Field(
        default=None, alias="awsAccessKeyID"
    )
    """Id of the access key. Not used with a pod identity."""
    secret_access_key: Annotated[SecretStr | None, From("ae")] = Field(default=None, alias="awsSecretAccessKey")
    """The access key."""
    session_token: Annotated[SecretStr | None, From("a")] = Field(default=None, alias="awsSessionToken")
    """Belongs to a temporary access key."""
    role_arn: Annotated[str | None, From("a")] = Field(default=None, alias="awsRoleArn")
    """Role to assume with the scaler's own credentials, as podIdentity's roleArn."""

    @check("access_key_id", "identity_owner", "role_arn")
    def _key_id(self) -> str | None:
        return None if self.identity or self.access_key_id else _NO_KEY.format("awsAccessKeyID")

    @check("secret_access_key", "identity_owner", "role_arn")
    def _key(self) -> str | None:
        return None if self.identity or self.secret_access_key else _NO_KEY.format("awsSecretAccessKey")

    @check("aws_region", "queue_url")
    def _some_region(self) -> str | None:
        return None if self._region else "required; queueURL names no region; write it in metadata or authentication"

    @check("aws_region", "queue_url", "aws_endpoint")
    def _known_region(self) -> str | None:
        if not self._region or self.aws_endpoint or region.host(self._region):
            return None
        return f"must be a region of AWS unless awsEndpoint is set, not {self._region!r}"

    @property
    def target(self) -> float:
        return self.queue_length

    @property
    def activation(self) -> float:
        return self.activation_queue_length

    @property
    def identity(self) -> Identity | None:
        """Whenever the scaler's own credentials are used, however that is written."""
        if self._identity:
            role = self._identity.role_arn or self.role_arn
            return self._identity.model_copy(update={"role_arn": role})
        if self.identity_owner == "operator":
            return Identity(provider="aws")
        return Identity(provider="aws", role_arn=self.role_arn) if self.role_arn else None

    def hosts(self) -> list[str]:
        return [self.connection().host]

    def connection(self) -> Connection:
        endpoint = self.aws_endpoint or f"https://{region.host(self._region)}"
        if self.identity:
            return Connection(endpoint=endpoint.rstrip("/"), region=self._region, identity=self.identity)
        return Connection(
            endpoint=endpoint.rstrip("/"),
            region=self._region,
            access_key_id=self.access_key_id or SecretStr(""),
            secret_access_key=self.secret_access_key or SecretStr(""),
            session_token=self.session_token or SecretStr(""),
        )

    def queue(self) -> Queue:
        return Queue(url=self.queue_url, in_flight=self.scale_on_in_flight, delayed=self.scale_on_delayed)

    def shown(self) -> dict[str, str | float | bool]:
        return super().shown() | {"awsRegion": self._region}

    def warnings(self) -> list[str]:
        in_url = region.of_url(self.queue_url)
        asked = self.connection().host
        elsewhere = "/" in self.queue_url and not in_url and urlsplit(self.queue_url).hostname != asked
        found = {
            "identityOwner is deprecated; write podIdentity: {provider: aws}": self.identity_owner == "operator",
            "the access key has no effect beside a pod identity, a role or identityOwner: operator": self.identity
            and (self.access_key_id or self.secret_access_key),
            f"queueURL names the region {in_url}, but {self._region} is asked": in_url and in_url != self._region,
            f"{asked} is asked, not the host in queueURL; that would take awsEndpoint": elsewhere,
            "messages that a consumer holds do not count: cooldownPeriod must exceed the time that the longest message "
            "takes": not self.scale_on_in_flight,
        }
        return [text for text, applies in found.items() if applies]

    @property
    def _region(self) -> str:
        return self.aws_region or region.of_url(self.queue_url) or ""
