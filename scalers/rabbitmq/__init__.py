"""Triggers of type `rabbitmq`: over AMQP or the management API, as the rule says."""

from typing import TYPE_CHECKING

from scalers.rabbitmq.connection import Connection, Queue
from scalers.rabbitmq.parameters import Parameters

if TYPE_CHECKING:
    from scalers.rabbitmq.scaler import Scaler

__all__ = ["Connection", "Parameters", "Queue", "Scaler"]


def __getattr__(name: str) -> object:
    """`Scaler`, with the client library, only where something is read: a rule can be checked without."""
    if name == "Scaler":
        from scalers.rabbitmq.scaler import Scaler

        return Scaler
    raise AttributeError(name)
