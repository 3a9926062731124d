"""What it means when SQS answers, but not with counts."""

import json
from typing import Any, Final

from scalers import LoginRefused, ScalerError
from scalers.web import Answer

__all__ = ["Refused", "RefusedLogin", "Throttled", "WrongLogin", "refused"]

_MISSING: Final = {"QueueDoesNotExist", "NonExistentQueue"}
_DENIED: Final = {"AccessDenied", "AccessDeniedException"}
_WRONG: Final = {
    "AuthFailure",
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "IncompleteSignatureException",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSecurity",
    "InvalidSignatureException",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "NotAuthorized",
    "OptInRequired",
    "RequestExpired",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}
_THROTTLED: Final = {
    "BandwidthLimitExceeded",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
}
_WRONG_LOGIN: Final = "login refused: SQS does not know the key, its secret or its token, or this clock is wrong"
_DENIED_LOGIN: Final = "login refused; check the key, and that its policy and the queue's allow sqs:GetQueueAttributes"
_NOT_FOUND: Final = "not found; check queueURL, the region and the account"


class Refused(ScalerError):
    """Concerns one queue; others may be answered."""


class RefusedLogin(Refused, LoginRefused):
    """The login may not see this queue; a policy can be for some queues only."""


class Throttled(Refused):
    """SQS takes no more requests now."""


class WrongLogin(LoginRefused):
    """Nothing will be answered to this login."""


def refused(answer: Answer) -> ScalerError:
    """The error to raise for an answer that is none."""
    codes = _codes(answer)
    if codes & _WRONG:
        return WrongLogin(_WRONG_LOGIN)
    if codes & _THROTTLED or answer.status in (429, 503):
        return Throttled("throttled: SQS takes no more requests now; poll less often")
    if codes & _DENIED or answer.status in (401, 403):
        return RefusedLogin(_DENIED_LOGIN)
    if codes & _MISSING:
        return Refused(_NOT_FOUND)
    return Refused(f"unexpected HTTP status {answer.status}; check queueURL, awsRegion and awsEndpoint")


def _codes(answer: Answer) -> set[str]:
    """What the answer calls the error, without what stands before it: a name of its protocol, and an older one."""
    try:
        body: Any = json.loads(answer.body)
        said = str(body.get("__type", ""))
    except (ValueError, AttributeError, RecursionError):
        said = ""
    older = answer.headers.get("x-amzn-query-error", "").partition(";")[0]
    return {said.rpartition("#")[2].rpartition(".")[2], older.rpartition(".")[2]}
