"""What a figure was measured on."""

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path


def machine() -> str:
    """Processor, cores, memory, and the versions that matter."""
    cpu = next((line.split(":")[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")), "?")
    memory = int(next(line.split()[1] for line in _lines("/proc/meminfo") if line.startswith("MemTotal"))) / 2**20
    packages = ", ".join(f"{name} {version(name)}" for name in ("scalerule", "aiohttp", "pika", "kubernetes"))
    return (
        f"{cpu}, {os.cpu_count()} cores, {memory:.0f} GiB, load {os.getloadavg()[0]:.1f}; "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}; {packages}; "
        f"RabbitMQ {_rabbitmq()}; everything on this machine, on loopback"
    )


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines()


def _rabbitmq() -> str:
    asked = ["dpkg-query", "-W", "-f", "${Version}", "rabbitmq-server"]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout or "?"
