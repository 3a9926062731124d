"""The parameters of a `rabbitmq` trigger. Names, sources and defaults are KEDA's."""

from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, SecretStr

from scalers import parameters
from scalers.parameters import From, check
from scalers.rabbitmq.address import Address
from scalers.rabbitmq.connection import Connection, Name, Queue
from scalers.values import Duration, Flag, Number, Whole

__all__ = ["Parameters"]

_TARGET: Final = 20.0
_GUEST: Final = "guest"  # whom an AMQP URL without a user means

Mode = Literal[
    "QueueLength", "MessageRate", "DeliverGetRate", "PublishedToDeliveredRatio", "ExpectedQueueConsumptionTime"
]


def _is_url(host: SecretStr) -> SecretStr:
    Address.parse(host.get_secret_value())
    return host


class Parameters(parameters.Parameters[Connection, Queue]):
    """One queue of a RabbitMQ."""

    queue_name: Annotated[Name, From("m")]
    """The queue to read."""
    host: Annotated[SecretStr, AfterValidator(_is_url), From("mae", url=True)]
    """URL of the broker: amqp(s):// for the broker itself, http(s):// for its management API."""
    protocol: Annotated[Literal["auto", "amqp", "http"], From("ma")] = "auto"
    """auto takes what the scheme of host says."""
    mode: Annotated[Mode | None, From("m")] = None
    """What to measure. QueueLength: how many messages are there."""
    value: Annotated[Number | None, From("m")] = Field(default=None, gt=0)
    """The target per replica, in the unit of mode. 20 where neither mode nor value is set."""
    activation_value: Annotated[Number, From("m")] = 0.0
    """Active above this."""
    queue_length: Annotated[Number | None, From("m")] = Field(default=None, gt=0)
    """Deprecated: stands for mode QueueLength and this value."""
    vhost_name: Annotated[Name | None, From("ma")] = None
    """Takes the place of the vhost in host."""
    exclude_unacknowledged: Annotated[Flag, From("m")] = False
    """Count ready messages only. HTTP only."""
    username: Annotated[str | None, From("ae")] = None
    """Takes the place of the user in host."""
    password: Annotated[SecretStr | None, From("ae")] = None
    """Takes the place of the password in host."""
    timeout: Annotated[Duration | None, From("m")] = None
    """How long one request may take. HTTP only."""
    use_regex: Annotated[Flag, From("m", later=True)] = False
    """queueName is a regular expression. HTTP only."""
    page_size: Annotated[Whole, From("m", later=True)] = Field(default=100, ge=1)
    """How many queues to ask for at once with useRegex."""
    operation: Annotated[Literal["sum", "avg", "max"], From("m", later=True)] = "sum"
    """What to make of several queues with useRegex."""
    tls: Annotated[Literal["enable", "disable"], From("a", later=True)] = "disable"
    """Whether to use ca, cert and key."""
    ca: Annotated[str | None, From("a", later=True)] = None
    """Certificate of the authority to trust, PEM."""
    cert: Annotated[str | None, From("a", later=True)] = None
    """Client certificate, PEM."""
    key: Annotated[SecretStr | None, From("a", later=True)] = None
    """Key of the client certificate, PEM."""
    key_password: Annotated[SecretStr | None, From("a", later=True)] = None
    """Password of key."""
    unsafe_ssl: Annotated[Flag, From("m", later=True)] = False
    """Do not check the broker's certificate."""
    workload_identity_resource: Annotated[str | None, From("a", later=True)] = None
    """Resource to ask an Azure AD token for. HTTP only."""
    oauth_token_uri: Annotated[str | None, From("a", later=True)] = Field(default=None, alias="oauthTokenURI")
    """Where to ask for an OAuth2 token. HTTP only."""
    client_id: Annotated[str | None, From("a", later=True)] = Field(default=None, alias="clientID")
    """Client for the OAuth2 token."""
    client_secret: Annotated[SecretStr | None, From("a", later=True)] = None
    """Secret for the OAuth2 token."""
    scopes: Annotated[str | None, From("a", also=("scope",), later=True)] = None
    """Scopes of the OAuth2 token, comma-separated."""
    endpoint_params: Annotated[str | None, From("a", later=True)] = None
    """More parameters of the token request, as a query string."""

    @check("host", "protocol")
    def _scheme_is_known(self) -> str | None:
        if self.protocol != "auto" or self._address.scheme in ("amqp", "amqps", "http", "https"):
            return None
        return "must begin with amqp://, amqps://, http:// or https://, or protocol must be set"

    @check("mode")
    def _mode_is_supported(self) -> str | None:
        if self.mode in (None, "QueueLength"):
            return None
        return f"{self.mode} is known from KEDA, but not supported yet; QueueLength is"

    @check("value", "mode", "queue_length")
    def _mode_and_value(self) -> str | None:
        if self.queue_length is not None and (self.mode or self.value is not None):
            return "queueLength stands for mode and value: write either it or those two"
        if self.mode and self.value is None and self.queue_length is None:
            return "required with mode"
        return "needs mode beside it" if self.value is not None and not self.mode else None

    @check("username", "password")
    def _both_or_neither(self) -> str | None:
        if (self.username is None) == (self.password is None):
            return None
        return "username and password need each other"

    @check("exclude_unacknowledged", "host", "protocol")
    def _unacknowledged_over_http(self) -> str | None:
        wrong = self.exclude_unacknowledged and self._wire == "amqp"
        return "needs protocol http; AMQP never counts unacknowledged messages" if wrong else None

    @check("timeout", "mode", "host", "protocol")
    def _timeout_over_http(self) -> str | None:
        # KEDA refuses it only where mode is written, and else ignores it. So do we, with a warning.
        return "needs protocol http" if self.mode and self._idle_timeout else None

    @property
    def target(self) -> float:
        return self.value or self.queue_length or _TARGET

    @property
    def activation(self) -> float:
        return self.activation_value

    def connection(self) -> Connection:
        address, amqp = self._address, self._wire == "amqp"
        guest = _GUEST if amqp else ""
        password = address.password if address.password is not None else guest
        return Connection(
            protocol=self._wire,
            scheme=address.scheme,
            host=address.host,
            port=address.port,
            path="" if amqp else address.http_path(),
            vhost=self._vhost if amqp else "",
            username=self.username or address.user or guest,
            password=self.password or SecretStr(password),
            timeout=None if amqp else self.timeout or None,
        )

    def queue(self) -> Queue:
        return Queue(name=self.queue_name, vhost=self._vhost, ready_only=self.exclude_unacknowledged)

    def shown(self) -> dict[str, str | float | bool]:
        return super().shown() | {"protocol": self._wire, "mode": "QueueLength", "value": self.target}

    def warnings(self) -> list[str]:
        fault = self.connection().fault()
        found = {
            f"{fault}; it will not be reached": fault,
            "queueLength is deprecated; write mode: QueueLength and value": self.queue_length,
            "timeout has no effect over AMQP": self._idle_timeout,
            "AMQP does not count messages that a consumer holds: cooldownPeriod must exceed the time that "
            "the longest message takes": self._wire == "amqp",
        }
        return [text for text, applies in found.items() if applies]

    @property
    def _address(self) -> Address:
        return Address.parse(self.host.get_secret_value())

    @property
    def _wire(self) -> Literal["amqp", "http"]:
        if self.protocol == "auto":
            return "amqp" if self._address.scheme in ("amqp", "amqps") else "http"
        return self.protocol

    @property
    def _vhost(self) -> str:
        in_host = self._address.amqp_vhost() if self._wire == "amqp" else self._address.http_vhost()
        return self.vhost_name or in_host

    @property
    def _idle_timeout(self) -> bool:
        return bool(self.timeout) and self._wire == "amqp"
