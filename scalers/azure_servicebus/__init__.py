"""Triggers of type `azure-servicebus`: active messages of queues and of topics' subscriptions."""

from typing import TYPE_CHECKING

from scalers.azure_servicebus.connection import Connection, Queue
from scalers.azure_servicebus.parameters import Parameters

if TYPE_CHECKING:
    from scalers.azure_servicebus.scaler import Scaler

__all__ = ["Connection", "Parameters", "Queue", "Scaler"]


def __getattr__(name: str) -> object:
    """`Scaler`, with the client library, only where something is read: a rule can be checked without."""
    if name == "Scaler":
        from scalers.azure_servicebus.scaler import Scaler

        return Scaler
    raise AttributeError(name)
