"""What it means when the management API answers, but not with entities."""

from typing import Final

from scalers import LoginRefused, ScalerError

__all__ = ["Refused", "RefusedLogin", "refused"]

_CURES: Final = {
    404: "not found",
    429: "throttled: the namespace takes no more requests now; poll less often, or raise its tier",
}
_LOGIN: Final = (
    "check the connection string or the identity: it needs the right Manage, or the role Azure Service Bus Data Owner"
)


class Refused(ScalerError):
    """Concerns one request; others may be answered."""


class RefusedLogin(Refused, LoginRefused):
    """The login may not see this; a login can be for some entities only."""


def refused(status: int) -> Refused:
    """The error to raise for an answer of that HTTP status."""
    if status in (401, 403):
        return RefusedLogin(f"login refused with HTTP status {status}; {_LOGIN}")
    return Refused(_CURES.get(status, f"unexpected HTTP status {status}"))
