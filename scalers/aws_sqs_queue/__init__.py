"""Triggers of type `aws-sqs-queue`: how many messages a queue of Amazon SQS holds."""

from scalers.aws_sqs_queue.connection import Connection, Queue
from scalers.aws_sqs_queue.parameters import Parameters
from scalers.aws_sqs_queue.scaler import Scaler

__all__ = ["Connection", "Parameters", "Queue", "Scaler"]
