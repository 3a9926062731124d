"""`python -m tests.keeper WHAT FOLDER PID`: runs a shared server until told to stop, or until process PID has ended."""

import json
import os
import select
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.cluster.control_plane import ControlPlane
from tests.rabbitmq_server import RabbitmqServer
from tests.sqs import SqsServer


@contextmanager
def _cluster(folder: Path) -> Iterator[dict[str, Any]]:
    with ControlPlane(folder) as plane:
        plane.install()
        yield {"folder": str(folder), "port": plane.port}


@contextmanager
def _rabbitmq(folder: Path) -> Iterator[dict[str, Any]]:
    server = RabbitmqServer(folder)
    server.start()
    try:
        yield {
            "amqp_url": server.amqp_url,
            "management_url": server.management_url,
            "amqps_port": server.amqps_port,
            "https_port": server.https_port,
            "folder": str(folder),
        }
    finally:
        server.discard()


@contextmanager
def _sqs(folder: Path) -> Iterator[dict[str, Any]]:
    server = SqsServer(folder)
    server.start()
    try:
        yield {"port": server.port}
    finally:
        server.stop()


_KINDS = {"cluster": _cluster, "rabbitmq": _rabbitmq, "sqs": _sqs}


def main(what: str, folder: Path, owner: int) -> None:
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    watched = os.pidfd_open(owner)
    with _KINDS[what](folder) as said:
        partial = folder / "ready.partial"
        partial.write_text(json.dumps(said))
        partial.rename(folder / "ready.json")
        select.select([watched], [], [])


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
