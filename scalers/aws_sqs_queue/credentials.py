"""What requests are signed with: a key that was given, or what the scaler's own identity is given for a while."""

import asyncio
import logging
import os
from collections.abc import Mapping
from typing import Any, Final

import botocore.session
from botocore import UNSIGNED
from botocore.config import Config
from botocore.credentials import DeferredRefreshableCredentials, ReadOnlyCredentials
from botocore.exceptions import BotoCoreError, ClientError, ConnectionError, HTTPClientError

from scalers import Dial, LoginRefused, ScalerError
from scalers.aws_sqs_queue.connection import Connection
from scalers.identity import Identity

__all__ = ["Credentials"]

# It warns of failures in words that the other end may have sent, and tells what it signs.
logging.getLogger("botocore").setLevel(logging.CRITICAL)

_SESSION_NAME: Final = "scalerule"
_NONE: Final = (
    "login refused: the scaler has no credentials of AWS of its own; give its pod a role (EKS Pod Identity, IRSA)"
)


class Credentials:
    """Those of one connection. botocore renews them from a quarter of an hour before they end."""

    def __init__(self, connection: Connection, dial: Dial) -> None:
        self._connection = connection
        self._timeout = dial.timeout
        self._source: Any = None
        self._fetch: asyncio.Future[ReadOnlyCredentials | ScalerError] | None = None

    async def frozen(self) -> ReadOnlyCredentials:
        """To sign with for the next minutes. Raises ScalerError."""
        if self._connection.identity is None:
            return _given(self._connection)
        if self._fetch is None or self._fetch.done():
            self._fetch = asyncio.get_running_loop().run_in_executor(None, self._found, self._connection.identity)
        try:
            # The thread cannot be stopped; whoever asks next waits for it too.
            async with asyncio.timeout(self._timeout):
                found = await asyncio.shield(self._fetch)
        except TimeoutError:
            raise ScalerError(f"no credentials from AWS within {self._timeout:g} s") from None
        if isinstance(found, ScalerError):
            raise found
        return found

    def refused(self) -> None:
        """SQS did not take them: the next ones are new ones."""
        self._source = None

    def _found(self, identity: Identity) -> ReadOnlyCredentials | ScalerError:
        what = f"the role {identity.role_arn!r}" if identity.role_arn else "the scaler's own credentials"
        try:
            self._source = source = self._source or _source(identity, self._connection.region, self._timeout)
            return source.get_frozen_credentials() if source else LoginRefused(_NONE)
        except (ConnectionError, HTTPClientError) as error:
            return ScalerError(f"cannot reach AWS for {what} ({type(error).__name__})")
        except (BotoCoreError, ClientError, OSError, ValueError, LookupError, RuntimeError) as error:
            # What the error says may be what the other end sent.
            cure = "check its trust policy, the external id and the rights of the scaler's own role"
            return LoginRefused(f"login refused: AWS does not give {what} ({type(error).__name__}); {cure}")


def _given(connection: Connection) -> ReadOnlyCredentials:
    token = connection.session_token.get_secret_value() or None
    key_id, secret = connection.access_key_id.get_secret_value(), connection.secret_access_key.get_secret_value()
    return ReadOnlyCredentials(key_id, secret, token, None)


def _source(identity: Identity, region: str, timeout: float) -> Any:
    session = botocore.session.Session()
    session.set_config_variable("region", region)
    # One try, so that no thread lives for long after its time-out.
    patience = Config(connect_timeout=timeout, read_timeout=timeout, retries={"total_max_attempts": 1})
    session.set_default_client_config(patience)
    if identity.role_arn is None:
        return session.get_credentials()
    return DeferredRefreshableCredentials(lambda: _assumed(session, identity), "assume-role")


def _assumed(session: Any, identity: Identity) -> Mapping[str, str]:
    """The role's credentials. As KEDA does it: by the pod's own token, else by the pod's own role."""
    asked = {"RoleArn": identity.role_arn, "RoleSessionName": _SESSION_NAME}
    token = os.environ.get("AWS_WEB_IDENTITY_TOKEN_FILE")
    if token and not identity.external_id:
        try:
            return _by_token(session, asked, token)
        except ClientError:
            pass
    if identity.external_id:
        asked["ExternalId"] = identity.external_id
    client = session.create_client("sts")
    try:
        return _metadata(client.assume_role(**asked))
    finally:
        client.close()


def _by_token(session: Any, asked: Mapping[str, Any], path: str) -> Mapping[str, str]:
    with open(path) as file:
        token = file.read()
    client = session.create_client("sts", config=Config(signature_version=UNSIGNED))
    try:
        return _metadata(client.assume_role_with_web_identity(**asked, WebIdentityToken=token))
    finally:
        client.close()


def _metadata(answer: Any) -> Mapping[str, str]:
    found = answer["Credentials"]
    return {
        "access_key": found["AccessKeyId"],
        "secret_key": found["SecretAccessKey"],
        "token": found["SessionToken"],
        "expiry_time": found["Expiration"].isoformat(),
    }
