"""What a poll brought: a number that can be decided on, or an error, which is never taken for a number."""

import math
from typing import TypeAlias

from scalers import Reading, ScalerError

Answer: TypeAlias = Reading | ScalerError


class Repeated(ScalerError):
    """An error that an earlier decision has counted already: its trigger has not been polled since."""


def kept(answer: Answer) -> Answer:
    """To be remembered: of an error its words alone, since the frames that it came through hold all that was read."""
    if isinstance(answer, ScalerError):
        answer.__traceback__ = answer.__cause__ = answer.__context__ = None
    return answer


def checked(answer: Answer | None) -> Answer:
    """The answer; an error instead where there is none, or where its numbers are no length of a queue."""
    if answer is None:
        return ScalerError("no reading")
    if isinstance(answer, ScalerError):
        return answer
    for number in answer:
        if not math.isfinite(number) or number < 0:
            return ScalerError(f"the broker answered {number}, which is no length")
    return answer
