"""An SQS that gives every queue one and the same answer, as fast as it can: moto stops at 200 answers a second.

`python -m benchmarks.canned_sqs PORT`. It speaks the protocol and keeps connections, and checks no signature.
"""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

import requests
from aiohttp import web

from tests.ports import free_ports
from tests.process import Process

_COUNTS = {"ApproximateNumberOfMessages": "0", "ApproximateNumberOfMessagesNotVisible": "0"}
_ANSWER = {"Attributes": {**_COUNTS, "ApproximateNumberOfMessagesDelayed": "0"}}
_TIMEOUT = 10.0


class CannedSqs:
    """The server as a process of its own. It has every queue."""

    def __init__(self, folder: Path) -> None:
        self.port = free_ports(1)[0]
        self._log = folder / "canned-sqs.log"
        self._process: Process | None = None

    def start(self) -> None:
        """Until it answers."""
        command = [sys.executable, "-m", "benchmarks.canned_sqs", str(self.port)]
        self._process = Process("canned SQS", command, self._log)
        self._process.wait_until(self._answers, _TIMEOUT)

    def stop(self) -> None:
        """For good."""
        if self._process:
            self._process.kill()

    def create(self, region: str, names: Sequence[str]) -> None:
        """Nothing to do."""

    def _answers(self) -> bool:
        try:
            return requests.post(f"http://127.0.0.1:{self.port}/", timeout=1).ok
        except requests.RequestException:
            return False


async def _handle(_request: web.BaseRequest) -> web.StreamResponse:
    return web.json_response(_ANSWER)


async def _serve(port: int) -> None:
    runner = web.ServerRunner(web.Server(_handle))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    while True:
        await asyncio.sleep(3600)


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
