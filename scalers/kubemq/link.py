"""One gRPC channel to a KubeMQ, in terms of its two ways to tell how long queues are."""

import uuid
from typing import Any, Final

import grpc
from grpc import aio

from scalers.kubemq import wire_pb2
from scalers.kubemq.connection import Connection
from scalers.kubemq.depths import Depths, Untold
from scalers.kubemq.trust import credentials

__all__ = ["LARGEST_ANSWER", "Link"]

LARGEST_ANSWER: Final = 64 * 2**20
_NOT_READY: Final = "snapshot not ready"
_OPTIONS: Final = (
    # One from the environment would see where rules lead, and dial what was not checked.
    ("grpc.enable_http_proxy", 0),
    # Else channels to one place share a connection, and its back-off, even with one that is closed already.
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.max_receive_message_length", LARGEST_ANSWER),
)


class Link:
    """A channel, and what was found out about who answers there.

    Without keepalive: to servers like KubeMQ's, which allow one ping in five minutes, that is an attack.
    """

    def __init__(self, connection: Connection, address: str, seconds: float) -> None:
        """Nothing is dialled before the first call."""
        self._seconds = seconds
        token = connection.token.get_secret_value()
        self._metadata = aio.Metadata(*([("authorization", token)] if token else []))
        self._channel = _channel(connection, address, seconds)
        self._queues_info: aio.UnaryUnaryMultiCallable[wire_pb2.QueuesInfoRequest, wire_pb2.QueuesInfoResponse] = (
            self._channel.unary_unary(
                "/kubemq.kubemq/QueuesInfo",
                wire_pb2.QueuesInfoRequest.SerializeToString,
                wire_pb2.QueuesInfoResponse.FromString,
            )
        )
        self._send_request: aio.UnaryUnaryMultiCallable[wire_pb2.Request, wire_pb2.Response] = (
            self._channel.unary_unary(
                "/kubemq.kubemq/SendRequest", wire_pb2.Request.SerializeToString, wire_pb2.Response.FromString
            )
        )
        self._informs = True

    @property
    def is_open(self) -> bool:
        return self._channel.get_state() is grpc.ChannelConnectivity.READY

    async def depths(self) -> Depths:
        """Of all queues. Raises aio.AioRpcError or Untold."""
        if self._informs:
            try:
                return await self._informed()
            except aio.AioRpcError as error:
                if error.code() is not grpc.StatusCode.UNIMPLEMENTED:
                    raise
                self._informs = False
        return await self._listed()

    async def close(self) -> None:
        """Lets go of the socket, whatever the server does."""
        await self._channel.close()

    async def _informed(self) -> Depths:
        # Without a name it is all of them; with names the server does the same work and leaves out most of it.
        request = wire_pb2.QueuesInfoRequest(RequestID=uuid.uuid4().hex)
        answer = await self._call(self._queues_info, request)
        if not answer.HasField("Info"):
            raise Untold("the answer to QueuesInfo has no Info")
        return Depths.informed(answer.Info)

    async def _listed(self) -> Depths:
        request = wire_pb2.Request(
            RequestID=uuid.uuid4().hex,
            RequestTypeData=wire_pb2.Request.Query,
            ClientID="scalerule",
            Channel="kubemq.cluster.internal.requests",
            Metadata="list-channels",
            Timeout=round(self._seconds * 1000),
            Tags={"channel_type": "queues"},
        )
        answer = await self._call(self._send_request, request)
        if _NOT_READY in answer.Error:
            raise Untold("the cluster has no snapshot of its queues yet")
        if answer.Error or not answer.Executed:
            raise Untold("list-channels fails; see the server's log")
        return Depths.listed(answer.Body)

    async def _call(self, method: aio.UnaryUnaryMultiCallable[Any, Any], request: Any) -> Any:
        answer = await method(request, timeout=self._seconds, metadata=self._metadata)
        if answer is None:
            raise Untold("the answer is no message of KubeMQ's")  # gRPC's way to say so
        return answer


def _channel(connection: Connection, address: str, seconds: float) -> aio.Channel:
    attempt = round(seconds * 1000)
    options: list[tuple[str, Any]] = [
        *_OPTIONS,
        ("grpc.default_authority", connection.named_place),
        # An attempt to connect, which a closed channel does not end, takes the longer of these two; by default 20 s.
        ("grpc.min_reconnect_backoff_ms", attempt),
        ("grpc.initial_reconnect_backoff_ms", attempt),
    ]
    target = f"ipv6:[{address}]:{connection.port}" if ":" in address else f"ipv4:{address}:{connection.port}"
    if not connection.secure:
        return aio.insecure_channel(target, options)
    options.append(("grpc.ssl_target_name_override", connection.name))
    return aio.secure_channel(target, credentials(connection), options)
