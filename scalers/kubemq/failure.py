"""Says why a call failed in words of ours: those of the status may be the other end's."""

import errno
import os
from typing import Final

from grpc import StatusCode, aio

from scalers import LoginRefused, ScalerError
from scalers.kubemq.link import LARGEST_ANSWER

__all__ = ["explained"]

_TOO_SLOW: Final = ("timed out before", "Endpoint closing")
"""How an attempt to connect ends that took as long as the call may take."""
_ERRNOS: Final = (
    errno.ECONNREFUSED,
    errno.ECONNRESET,
    errno.ENETUNREACH,
    errno.EHOSTUNREACH,
    errno.ETIMEDOUT,
    errno.EACCES,
    errno.EPERM,
)
_REASONS: Final = {
    "CERTIFICATE_VERIFY_FAILED": "its certificate is refused: no authority that ca or the system names has signed it, "
    "or it is out of date",
    "Hostname Verification Check failed": "its certificate is refused: it is another host's; tlsServerName can name it",
    "security handshaker": "ca, cert or key do not load: they must be PEM",
    "WRONG_VERSION_NUMBER": "TLS failed: it does not answer with TLS",
    "Tls handshake failed": "TLS failed",
    "Failed parsing HTTP/2": "it does not speak gRPC",
    "http1.x server": "it does not speak gRPC",
    "not ready to accept": "it is not ready yet",
    **{os.strerror(number): os.strerror(number) for number in _ERRNOS},
    "ocket closed": "it hangs up; does it want TLS, or another client certificate?",
}
"""What the text of an UNAVAILABLE may hold, and what it means; the first that is found."""


def explained(error: aio.AioRpcError, place: str, seconds: float) -> ScalerError:
    """The error to raise for a call that took at most so many seconds."""
    code, said = error.code(), error.details() or ""
    if code is StatusCode.UNAVAILABLE and any(words in said for words in _TOO_SLOW):
        code = StatusCode.DEADLINE_EXCEEDED
    match code:
        case StatusCode.DEADLINE_EXCEEDED:
            return ScalerError(f"no answer from {place} within {seconds:g} s")
        case StatusCode.UNAUTHENTICATED | StatusCode.PERMISSION_DENIED:
            return LoginRefused(f"{place}: login refused with gRPC status {code.name}; check authToken")
        case StatusCode.UNAVAILABLE:
            reason = next((reason for words, reason in _REASONS.items() if words in said), "the connection is lost")
            return ScalerError(f"cannot reach {place}: {reason}")
        case StatusCode.RESOURCE_EXHAUSTED if "larger than max" in said:
            return ScalerError(f"{place}: the answer is longer than {LARGEST_ANSWER >> 20} MiB")
        case StatusCode.UNIMPLEMENTED:
            return ScalerError(f"{place} knows neither QueuesInfo nor list-channels; is it a KubeMQ?")
    return ScalerError(f"{place}: unexpected gRPC status {code.name}; see the server's log")
