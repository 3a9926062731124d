"""Triggers of type `azure-servicebus`: active messages of queues and of topics' subscriptions."""

from scalers.azure_servicebus.connection import Connection, Queue
from scalers.azure_servicebus.parameters import Parameters
from scalers.azure_servicebus.scaler import Scaler

__all__ = ["Connection", "Parameters", "Queue", "Scaler"]
