"""Stands in for KubeMQ: the real server can be had from no package registry here.

It is a real gRPC server that does what was measured on an open server v2.4.0, as far as a reader of depths sees it:
consumed messages stay in the log, delayed ones are hidden until they are due, depths outlive a restart, names are cut,
QueuesInfo filters by cut names, nobody answers list-channels, and who pings too often is cut off. What a commercial
server does (no QueuesInfo, list-channels instead, tokens that are checked) follows what KubeMQ's own clients expect of
it; none was ever seen.
"""

import json
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import grpc

from scalers.kubemq import wire_pb2
from tests.ports import free_ports
from tests.tls import Authority

_CUT: Final = "_QUEUES_."
_LISTED_AT: Final = "kubemq.cluster.internal.requests"
_UNKNOWN: Final = "unknown method {} for service kubemq.kubemq"


@dataclass
class Queue:
    """A channel's log and its one group of consumers."""

    messages: int = 0
    """What the log holds, consumed ones included."""
    waiting: int = 0
    delivered: int = 0
    subscribers: int = 0
    delayed: list[float] = field(default_factory=list)
    """When each will be due, on the monotonic clock."""

    def send(self, messages: int = 1, delay: float = 0.0) -> None:
        """Delayed ones are in no count before they are due."""
        if delay:
            self.delayed += [time.monotonic() + delay] * messages
            return
        self.messages += messages
        self.waiting += messages

    def consume(self, messages: int) -> None:
        """Receive and acknowledge. One more than that is delivered."""
        self.waiting -= messages
        self.delivered += messages + 1
        self.subscribers = 1

    def hold(self, messages: int) -> None:
        """Receive without an acknowledgement, or only peek: neither is seen in what waits."""
        self.delivered += messages
        self.subscribers = 1

    def expire(self, messages: int) -> None:
        """What retention removes: it goes on waiting, as far as the server can tell."""
        self.messages -= messages

    def due(self) -> None:
        """Count what has become due."""
        now = time.monotonic()
        arrived = sum(moment <= now for moment in self.delayed)
        self.delayed = [moment for moment in self.delayed if moment > now]
        self.send(arrived)

    def info(self, name: str) -> wire_pb2.QueueInfo:
        """As QueuesInfo shows it."""
        return wire_pb2.QueueInfo(
            Name=name,
            Messages=self.messages,
            Bytes=100 * self.messages,
            FirstSequence=1,
            LastSequence=self.messages,
            Sent=max(self.messages, 1),
            Delivered=self.delivered,
            Waiting=self.waiting,
            Subscribers=self.subscribers,
        )

    def channel(self, name: str) -> dict[str, Any]:
        """As list-channels shows it: `messages` counts traffic there."""
        stats = {"messages": self.delivered, "volume": 1, "waiting": self.waiting, "delayed": len(self.delayed)}
        outgoing = {key: count for key, count in stats.items() if count}
        return {"name": name, "type": "queues", "isActive": True, "incoming": {"messages": 3}, "outgoing": outgoing}


class Kubemq:
    """A server on two loopback ports, one of them with TLS, run by threads of its own."""

    def __init__(self, authority: Authority, host: str = "127.0.0.1", clients_certificate: bool = False) -> None:
        self.queues: dict[str, Queue] = {}
        self.token = ""
        """Whom it wants to see; the open server takes everybody."""
        self.commercial = False
        self.cuts_names = True
        self.refusals: list[tuple[grpc.StatusCode, str]] = []
        """What the next calls are refused with."""
        self.raw: Any = None
        """What everything is answered with: bytes as they are, or a message."""
        self.calls: Counter[str] = Counter()
        self.clients: set[str] = set()
        """The other ends of all connections that there were."""
        self.tokens: set[str] = set()
        """All that were shown."""
        self.port, self.secure_port = free_ports(2)
        self._host = host
        self._authority = authority
        self._clients_certificate = clients_certificate
        self._server: grpc.Server | None = None

    def start(self) -> None:
        """On the same ports each time."""
        methods: dict[str, tuple[Any, Any]] = {
            "QueuesInfo": (self._queues_info, wire_pb2.QueuesInfoRequest),
            "SendRequest": (self._send_request, wire_pb2.Request),
        }
        # Its defaults allow pings as rarely as KubeMQ's do.
        self._server = grpc.server(ThreadPoolExecutor(8), options=[("grpc.so_reuseport", 0)])
        self._server.add_generic_rpc_handlers(
            [
                grpc.method_handlers_generic_handler(
                    "kubemq.kubemq",
                    {
                        name: grpc.unary_unary_rpc_method_handler(
                            self._counted(name, answer), request.FromString, _serialized
                        )
                        for name, (answer, request) in methods.items()
                    },
                )
            ]
        )
        self._server.add_insecure_port(f"{self._host}:{self.port}")
        self._server.add_secure_port(f"{self._host}:{self.secure_port}", self._credentials())
        self._server.start()

    def stop(self) -> None:
        """Hangs up on everybody."""
        if self._server:
            self._server.stop(None).wait()
            self._server = None

    def queue(self, name: str) -> Queue:
        """The queue of that name, made now if it is not there."""
        return self.queues.setdefault(name, Queue())

    def _credentials(self) -> grpc.ServerCredentials:
        with tempfile.TemporaryDirectory() as folder:
            self._authority.write(Path(folder))
            pem = (Path(folder) / "server.pem").read_bytes()
        trusted = self._authority.pem.encode() if self._clients_certificate else None
        return grpc.ssl_server_credentials([(pem, pem)], trusted, self._clients_certificate)

    def _counted(self, method: str, answer: Callable[[Any, grpc.ServicerContext], Any]) -> Any:
        def handle(request: Any, context: grpc.ServicerContext) -> Any:
            self.calls[method] += 1
            self.clients.add(context.peer())
            shown = str(dict(context.invocation_metadata()).get("authorization", ""))
            self.tokens.add(shown)
            if self.token and shown != self.token:
                context.abort(grpc.StatusCode.UNAUTHENTICATED, f"not {shown}")
            if self.refusals:
                context.abort(*self.refusals.pop(0))
            return answer(request, context) if self.raw is None else self.raw

        return handle

    def _queues_info(self, request: wire_pb2.QueuesInfoRequest, context: grpc.ServicerContext) -> Any:
        if self.commercial:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, _UNKNOWN.format("QueuesInfo"))
        wanted = set(request.QueueName.split(";")) if request.QueueName else None
        listed = [(name.strip(_CUT) if self.cuts_names else name, queue) for name, queue in self._settled()]
        rows = [queue.info(name) for name, queue in listed if wanted is None or name in wanted]
        info = wire_pb2.QueuesInfo(TotalQueue=len(rows), Waiting=sum(row.Waiting for row in rows), Queues=rows)
        return wire_pb2.QueuesInfoResponse(RefRequestID=request.RequestID, Info=info)

    def _send_request(self, request: wire_pb2.Request, context: grpc.ServicerContext) -> Any:
        asked = (request.RequestTypeData, request.Channel, request.Metadata, dict(request.Tags))
        if not self.commercial or asked != (2, _LISTED_AT, "list-channels", {"channel_type": "queues"}):
            # A query to which nobody has subscribed.
            gone = threading.Event()
            context.add_callback(gone.set)
            gone.wait(request.Timeout / 1000)
            context.abort(grpc.StatusCode.INTERNAL, "Error 301: timeout for request message")
        if not request.ClientID:
            return wire_pb2.Response(Error="Error 101: invalid clientID value, cannot be empty")
        rows = [queue.channel(name) for name, queue in self._settled()]
        return wire_pb2.Response(RequestID=request.RequestID, Executed=True, Body=json.dumps(rows or None).encode())

    def _settled(self) -> list[tuple[str, Queue]]:
        for queue in self.queues.values():
            queue.due()
        return sorted(self.queues.items())


def _serialized(answer: Any) -> bytes:
    serialized: bytes = answer if isinstance(answer, bytes) else answer.SerializeToString()
    return serialized
