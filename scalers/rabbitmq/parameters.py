"""The parameters of a `rabbitmq` trigger. Names, sources and defaults are KEDA's."""

from functools import cached_property
from typing import Annotated, Final, Literal
from urllib.parse import parse_qsl, urlsplit

from pydantic import AfterValidator, Field, SecretStr

from scalers import parameters
from scalers.identity import Identity
from scalers.parameters import From, check
from scalers.rabbitmq.address import Address
from scalers.rabbitmq.connection import Connection, Name, OAuth, Queue
from scalers.rabbitmq.stats import RATES, Mode, Operation
from scalers.tls import Tls
from scalers.values import Duration, Flag, Number, Whole

__all__ = ["Parameters"]

_TARGET: Final = 20.0
_GUEST: Final = "guest"  # whom an AMQP URL without a user means


def _is_url(host: SecretStr) -> SecretStr:
    Address.parse(host.get_secret_value())
    return host


def _is_token_uri(uri: str) -> str:
    try:
        parts = urlsplit(uri)
        good = parts.scheme in ("http", "https") and bool(parts.hostname and parts.port != 0) and not parts.username
    except ValueError:
        # What urlsplit says is not repeated: it may contain a password.
        good = False
    if not good:
        raise ValueError("must be a URL that begins with https:// or http://, without a user")
    return uri


class Parameters(parameters.Parameters[Connection, Queue]):
    """One queue of a RabbitMQ, or over HTTP all that match."""

    providers = ("azure-workload",)

    queue_name: Annotated[Name, From("m")]
    """The queue to read."""
    host: Annotated[SecretStr, AfterValidator(_is_url), From("mae", url=True)]
    """URL of the broker: amqp(s):// for the broker itself, http(s):// for its management API."""
    protocol: Annotated[Literal["auto", "amqp", "http"], From("ma")] = "auto"
    """auto takes what the scheme of host says."""
    mode: Annotated[Mode | None, From("m")] = None
    """What to measure. QueueLength: how many messages are there; the others, from the broker's statistics over HTTP:
    messages published or delivered a second, their ratio, or the seconds until the queue is consumed."""
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
    use_regex: Annotated[Flag, From("m")] = False
    """queueName is a regular expression, evaluated by the broker. HTTP only."""
    page_size: Annotated[Whole, From("m")] = Field(default=100, ge=1)
    """How many queues to ask for at once with useRegex; every page is read. A broker gives at most 500."""
    operation: Annotated[Operation, From("m")] = "sum"
    """What to make of several queues with useRegex."""
    tls: Annotated[Literal["enable", "disable"], From("a")] = "disable"
    """Whether to use ca, cert and key."""
    ca: Annotated[str | None, From("a")] = None
    """Certificates of authorities to trust besides the system's, PEM."""
    cert: Annotated[str | None, From("a")] = None
    """Client certificate, PEM. Over AMQP it is the login where there is no password."""
    key: Annotated[SecretStr | None, From("a")] = None
    """Key of the client certificate, PEM."""
    key_password: Annotated[SecretStr | None, From("a")] = None
    """Password of key."""
    unsafe_ssl: Annotated[Flag, From("m")] = False
    """Do not check the broker's certificate."""
    workload_identity_resource: Annotated[str | None, From("a")] = None
    """Resource to ask an Azure AD token for. HTTP only."""
    oauth_token_uri: Annotated[str | None, AfterValidator(_is_token_uri), From("a")] = Field(
        default=None, alias="oauthTokenURI"
    )
    """Where to exchange clientID and clientSecret for an OAuth2 token. HTTP only."""
    client_id: Annotated[str | None, From("a")] = Field(default=None, alias="clientID")
    """Client for the OAuth2 token."""
    client_secret: Annotated[SecretStr | None, From("a")] = None
    """Secret for the OAuth2 token."""
    scopes: Annotated[str | None, From("a", also=("scope",))] = None
    """Scopes of the OAuth2 token, comma-separated."""
    endpoint_params: Annotated[str | None, From("a")] = None
    """More parameters of the token request, as a query string."""

    @check("host", "protocol")
    def _scheme_is_known(self) -> str | None:
        if self.protocol != "auto" or self._address.scheme in ("amqp", "amqps", "http", "https"):
            return None
        return "must begin with amqp://, amqps://, http:// or https://, or protocol must be set"

    @check("mode", "host", "protocol")
    def _rates_over_http(self) -> str | None:
        return f"{self.mode} needs protocol http" if self.mode in RATES and self._wire == "amqp" else None

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

    @check("use_regex", "host", "protocol")
    def _regex_over_http(self) -> str | None:
        return "needs protocol http" if self.use_regex and self._wire == "amqp" else None

    @check("cert", "key")
    def _certificate_and_key(self) -> str | None:
        return None if (self.cert is None) == (self.key is None) else "cert and key need each other"

    @check("workload_identity_resource", "host", "protocol")
    def _identity_over_http(self) -> str | None:
        return "needs protocol http" if self.workload_identity_resource and self._wire == "amqp" else None

    @check("oauth_token_uri", "client_id", "client_secret")
    def _oauth_is_complete(self) -> str | None:
        given = [item is not None for item in (self.oauth_token_uri, self.client_id, self.client_secret)]
        return None if all(given) or not any(given) else "oauthTokenURI, clientID and clientSecret need each other"

    @check("oauth_token_uri", "host", "protocol")
    def _oauth_over_http(self) -> str | None:
        return "needs protocol http" if self.oauth_token_uri and self._wire == "amqp" else None

    @check("oauth_token_uri", "username", "workload_identity_resource")
    def _one_login(self) -> str | None:
        others = {"username": self.username, "workloadIdentityResource": self.workload_identity_resource}
        written = [name for name, value in others.items() if value is not None]
        return f"cannot stand beside {' and '.join(written)}" if self.oauth_token_uri and written else None

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

    @property
    def identity(self) -> Identity | None:
        if not self.workload_identity_resource:
            return None
        given = self._identity or Identity(provider="azure-workload")
        return given.model_copy(update={"audience": self.workload_identity_resource})

    def hosts(self) -> list[str]:
        token_server = [urlsplit(self.oauth_token_uri).hostname or ""] if self.oauth_token_uri else []
        return [self._address.host, *token_server]

    def connection(self) -> Connection:
        address, amqp = self._address, self._wire == "amqp"
        tls = self._tls
        # KEDA's rule: with a certificate a user name alone is no login.
        guest = _GUEST if amqp and not tls.certificate else ""
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
            tls=tls,
            timeout=None if amqp else self.timeout or None,
            oauth=self._oauth,
            identity=self.identity,
        )

    def queue(self) -> Queue:
        mode = self.mode or "QueueLength"
        untold = mode in ("PublishedToDeliveredRatio", "ExpectedQueueConsumptionTime")
        return Queue(
            name=self.queue_name,
            vhost=self._vhost,
            ready_only=self.exclude_unacknowledged,
            mode=mode,
            activation=self.activation_value if untold else 0.0,
            pattern=self.use_regex,
            operation=self.operation if self.use_regex else "sum",
            page_size=self.page_size if self.use_regex else 100,
        )

    def shown(self) -> dict[str, str | float | bool]:
        return super().shown() | {"protocol": self._wire, "mode": self.queue().mode, "value": self.target}

    def warnings(self) -> list[str]:
        fault = self.connection().fault()
        found = {
            f"{fault}; it will not be reached": fault,
            "queueLength is deprecated; write mode: QueueLength and value": self.queue_length,
            "timeout has no effect over AMQP": self._idle_timeout,
            "ca, cert and key have no effect without tls: enable": self.tls == "disable" and (self.ca or self.cert),
            "unsafeSsl: anybody can pretend to be this broker": self.unsafe_ssl,
            "AMQP does not count messages that a consumer holds: cooldownPeriod must exceed the time that "
            "the longest message takes": self._wire == "amqp",
        }
        return [text for text, applies in found.items() if applies]

    @cached_property
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
    def _tls(self) -> Tls:
        if self.tls == "disable":
            return Tls(verify=not self.unsafe_ssl)
        return Tls(
            authority=self.ca,
            certificate=self.cert,
            key=self.key,
            key_password=self.key_password,
            verify=not self.unsafe_ssl,
        )

    @property
    def _oauth(self) -> OAuth | None:
        if not self.oauth_token_uri or not self.client_id or not self.client_secret:
            return None
        return OAuth(
            uri=self.oauth_token_uri,
            client_id=self.client_id,
            client_secret=self.client_secret,
            scopes=tuple(part.strip() for part in (self.scopes or "").split(",") if part.strip()),
            extra=tuple(parse_qsl(self.endpoint_params or "")),
        )

    @property
    def _idle_timeout(self) -> bool:
        return bool(self.timeout) and self._wire == "amqp"
