"""Readings a second, and what each costs the client: one batched read, against one connection and call per queue.

`python -m benchmarks.read [--types …] [--queues 1000 10000] [--rounds 5]`. The alternative is what a scaler per trigger
does: every queue has a connection of its own, kept open, and is asked by itself, 10 at a time; it is measured on at
most 200 queues. CPU is that of the client's thread. Round trips one after another follow from the time that a relay
with 5 ms each way adds. Stand-ins (see tests/) and brokers share the two cores with the client.
"""

import argparse
import asyncio
import json
import os
import statistics
import tempfile
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from grpc import aio

import scalers
from benchmarks.canned_sqs import CannedSqs
from benchmarks.machine import machine
from scalers import Dial, Reading
from scalers.kubemq import wire_pb2
from scalers.web import Web
from tests.kubemq import Kubemq
from tests.rabbitmq_server import RabbitmqServer
from tests.scalers.relay import Relay
from tests.scalers.rigs import Place, Rig, rigs
from tests.scalers.rigs.kubemq import KubemqRig
from tests.scalers.rigs.rabbitmq_http import RabbitmqHttp
from tests.servicebus import ServiceBus
from tests.tls import SESSION

PATIENCE = 60.0
ALONE = 200
AT_ONCE = 10
DELAY = 0.005


class Cost(NamedTuple):
    """Of one reading of all queues: wall and thread CPU, in seconds."""

    wall: float
    cpu: float


async def resolve(host: str, port: int) -> str:
    """Everything is on loopback."""
    return "127.0.0.1"


def scaler_at(rig: Rig, place: Place) -> scalers.Scaler[Any, Any]:
    """A scaler that reaches the rig's broker at that place."""
    return scalers.load(rig.type).Scaler(rig.connection(place), Dial(PATIENCE, resolve))


async def measured(read: Callable[[], Any], rounds: int) -> Cost:
    """The medians after one round that opens connections."""
    await read()
    costs = []
    for _ in range(rounds):
        wall, cpu = time.perf_counter(), time.thread_time()
        await read()
        costs.append(Cost(time.perf_counter() - wall, time.thread_time() - cpu))
    return Cost(*(statistics.median(column) for column in zip(*costs, strict=True)))


async def together(rig: Rig, place: Place, queues: Sequence[Any], rounds: int) -> tuple[Cost, int]:
    """All over one scaler; how many connections that takes."""
    scaler = scaler_at(rig, place)

    async def read() -> None:
        answers = await scaler.read(queues)
        assert all(isinstance(answer, Reading) for answer in answers), answers

    try:
        return await measured(read, rounds), scaler.connections
    finally:
        await scaler.close()


async def apart(rig: Rig, queues: Sequence[Any], rounds: int) -> tuple[Cost, int]:
    """Each over a scaler of its own, `AT_ONCE` at a time."""
    scaler_type = _SINGLE.get(type(rig), scalers.load(rig.type).Scaler)
    dial = Dial(PATIENCE, resolve)
    pairs = [(scaler_type(rig.connection(rig.place), dial), queue) for queue in queues]
    turn = asyncio.Semaphore(AT_ONCE)

    async def one(scaler: scalers.Scaler[Any, Any], queue: Any) -> None:
        async with turn:
            (answer,) = await scaler.read([queue])
        assert isinstance(answer, Reading), answer

    async def read() -> None:
        await asyncio.gather(*(one(*pair) for pair in pairs))

    try:
        return await measured(read, rounds), sum(scaler.connections for scaler, _ in pairs)
    finally:
        await asyncio.gather(*(scaler.close() for scaler, _ in pairs))


class SingleQueue(scalers.Scaler[Any, Any]):
    """How a scaler per trigger reads RabbitMQ over HTTP: the queue by its own path. Ours always asks for a listing."""

    def __init__(self, connection: Any, dial: Dial) -> None:
        super().__init__(connection, dial)
        self._web = Web(dial, connection.place, 1)

    async def read(self, queues: Sequence[Any]) -> Sequence[Reading]:
        """One call a queue."""
        login = f"{self.connection.username}:{self.connection.password.get_secret_value()}"
        headers = {"Authorization": f"Basic {b64encode(login.encode()).decode()}"}
        path = "/".join(quote(name, safe="") for name in (queues[0].vhost, queues[0].name))
        url = f"http://{self.connection.place}/api/queues/{path}"
        answer = await self._web.get(url, headers, PATIENCE)
        # A new queue has no count for some seconds.
        return [Reading(json.loads(answer.body).get("messages", 0), 0)]

    async def close(self) -> None:
        """Let go."""
        await self._web.close()

    @property
    def connections(self) -> int:
        """Open ones."""
        return self._web.connections


class SingleKubemq(scalers.Scaler[Any, Any]):
    """How a scaler per trigger reads KubeMQ: the queue by its name. Ours always asks for all of them."""

    def __init__(self, connection: Any, dial: Dial) -> None:
        super().__init__(connection, dial)
        self._channel = aio.insecure_channel(
            f"ipv4:{connection.host}:{connection.port}", [("grpc.use_local_subchannel_pool", 1)]
        )
        self._metadata = aio.Metadata(("authorization", connection.token.get_secret_value()))

    async def read(self, queues: Sequence[Any]) -> Sequence[Reading]:
        """One call a queue."""
        ask: aio.UnaryUnaryMultiCallable[wire_pb2.QueuesInfoRequest, wire_pb2.QueuesInfoResponse] = (
            self._channel.unary_unary(
                "/kubemq.kubemq/QueuesInfo",
                wire_pb2.QueuesInfoRequest.SerializeToString,
                wire_pb2.QueuesInfoResponse.FromString,
            )
        )
        request = wire_pb2.QueuesInfoRequest(QueueName=queues[0].name)
        answer = await ask(request, timeout=PATIENCE, metadata=self._metadata)
        return [Reading(answer.Info.Queues[0].Waiting, 0)]

    async def close(self) -> None:
        """Let go."""
        await self._channel.close()

    @property
    def connections(self) -> int:
        """One, however it fares."""
        return 1


_SINGLE: dict[type[Rig], type[scalers.Scaler[Any, Any]]] = {RabbitmqHttp: SingleQueue, KubemqRig: SingleKubemq}


async def compare(rig: Rig, count: int, rounds: int) -> dict[str, Any]:
    """One row."""
    names = [f"queue-{number}" for number in range(count)]
    await asyncio.to_thread(rig.create, names)
    queues = [rig.queue(name) for name in names]
    batch, connections = await together(rig, rig.place, queues, rounds)
    async with Relay(*rig.place, delay=DELAY) as relay:
        far, _ = await together(rig, Place(relay.host, relay.port), queues, 1)
    async with Relay(*rig.place) as relay:
        near, _ = await together(rig, Place(relay.host, relay.port), queues, 1)
    alone, alone_connections = await apart(rig, queues[:ALONE], rounds)
    each, each_alone = batch.cpu / count, alone.cpu / min(count, ALONE)
    return {
        "queues": count,
        "seconds": round(batch.wall, 4),
        "readings_per_s": round(count / batch.wall),
        "client_us_per_reading": round(1e6 * each, 1),
        "connections": connections,
        "round_trips_in_a_row": max(1, round((far.wall - near.wall) / (2 * DELAY))),
        "one_by_one_readings_per_s": round(min(count, ALONE) / alone.wall),
        "one_by_one_client_us": round(1e6 * each_alone, 1),
        "one_by_one_connections": round(alone_connections * count / min(count, ALONE)),
        "times_faster": round(count / batch.wall / (min(count, ALONE) / alone.wall), 1),
        "times_less_cpu": round(each_alone / each, 1),
    }


@contextmanager
def brokers(folder: Path) -> Iterator[dict[str, Any]]:
    """By the names of the fixtures that the rigs ask for."""
    rabbitmq, servicebus, sqs = RabbitmqServer(folder / "rabbitmq"), ServiceBus(SESSION), CannedSqs(folder)
    kubemq = Kubemq(SESSION)
    try:
        rabbitmq.start()
        servicebus.start()
        sqs.start()
        kubemq.start()
        yield {"kubemq": kubemq, "rabbitmq": rabbitmq, "servicebus": servicebus, "sqs": sqs}
    finally:
        kubemq.stop()
        sqs.stop()
        rabbitmq.discard()
        servicebus.discard()


def main() -> None:
    """Measure and print, one JSON object a line after the machine."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--types", nargs="+", choices=sorted(rigs()), default=sorted(rigs()))
    options.add_argument("--queues", type=int, nargs="+", default=[1000, 10000])
    options.add_argument("--rounds", type=int, default=5)
    given = options.parse_args()
    print(f"# {machine()}")
    print(f"# {given.rounds} rounds, medians; one by one: {ALONE} connections, {AT_ONCE} calls at a time")
    with tempfile.TemporaryDirectory(prefix="read-") as scratch:
        folder = Path(scratch)
        (folder / "authority.pem").write_text(SESSION.pem)
        os.environ["SSL_CERT_FILE"] = str(folder / "authority.pem")
        with brokers(folder) as running:
            for name in given.types:
                for count in given.queues:
                    rig = rigs()[name](running[rigs()[name].shared])
                    row = asyncio.run(compare(rig, count, given.rounds))
                    rig.close()
                    print(json.dumps({"type": name, **row}), flush=True)


if __name__ == "__main__":
    main()
