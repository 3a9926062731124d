"""Says why a broker could not be reached, in the words of the operating system or of TLS, never of the other end."""

import errno
import os
import ssl

from scalers import ScalerError

__all__ = ["unreachable"]


def unreachable(place: str, error: BaseException) -> ScalerError:
    """The error to raise for a connection that failed."""
    return ScalerError(f"cannot reach {place}: {_reason(error)}")


def _reason(error: BaseException) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is refused: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed: {error.reason}"
    if isinstance(error, OSError) and error.errno and error.errno in errno.errorcode:
        return os.strerror(error.errno)  # asyncio's own text names the resolved address
    return type(error).__name__
