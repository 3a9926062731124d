"""Triggers of type `kubemq`: how many messages of a KubeMQ's queues wait to be consumed."""

from scalers.kubemq.connection import Connection, Queue
from scalers.kubemq.parameters import Parameters
from scalers.kubemq.scaler import Scaler

__all__ = ["Connection", "Parameters", "Queue", "Scaler"]
