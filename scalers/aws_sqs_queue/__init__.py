"""Triggers of type `aws-sqs-queue`: how many messages a queue of Amazon SQS holds."""

from typing import TYPE_CHECKING

from scalers.aws_sqs_queue.connection import Connection, Queue
from scalers.aws_sqs_queue.parameters import Parameters

if TYPE_CHECKING:
    from scalers.aws_sqs_queue.scaler import Scaler

__all__ = ["Connection", "Parameters", "Queue", "Scaler"]


def __getattr__(name: str) -> object:
    """`Scaler`, with the client library, only where something is read: a rule can be checked without."""
    if name == "Scaler":
        from scalers.aws_sqs_queue.scaler import Scaler

        return Scaler
    raise AttributeError(name)
