"""Builds the control plane from the Go modules that go.mod pins, once per user: no registry ships the binaries.

`python -m tests.cluster.build` prints the folder that holds them. KUBEBUILDER_ASSETS names one that is there already.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import IO

from tests.cluster import toolchain

PACKAGES = {
    "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
    "kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
    "kubectl": "k8s.io/kubernetes/cmd/kubectl",
    "kwok": "sigs.k8s.io/kwok/cmd/kwok",
    "etcd": "go.etcd.io/etcd/server/v3",
}
#: What a folder of KUBEBUILDER_ASSETS must have; the rest is built where it is missing.
ASSETS = ("etcd", "kube-apiserver", "kubectl")

_MODULE = Path(__file__).parent
_FLAGS = (
    "-mod=readonly",
    "-trimpath",
    "-buildvcs=false",
    "-ldflags=-s -w -X k8s.io/component-base/version.gitVersion=v1.36.3",
)
_EVERY = 15.0


class NotBuilt(Exception):
    """The binaries are missing or cannot be built; the message names the cure."""


def binaries() -> dict[str, Path]:
    """Where each binary is. Raises NotBuilt rather than build: a test that waits for minutes looks hung."""
    folders = [folder for folder in (_given(), cache()) if folder]
    found = {name: _first(name, folders) for name in PACKAGES}
    missing = [name for name, path in found.items() if path is None]
    if missing:
        raise NotBuilt(f"no {', '.join(missing)}: python -m tests.cluster.build (minutes, once), or make test")
    return {name: path for name, path in found.items() if path}


def cache() -> Path:
    """The folder of this very build: another go.mod, go.sum or flag is another folder."""
    content = hashlib.sha256("\0".join(_FLAGS).encode())
    for name in ("go.mod", "go.sum"):
        content.update((_MODULE / name).read_bytes())
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return root / "scalerule" / "cluster" / content.hexdigest()[:16]


def build() -> Path:
    """The folder with the binaries, built now unless it is there. Raises NotBuilt, NoGo."""
    given, folder = _given(), cache()
    if given and all((given / name).exists() for name in PACKAGES):
        return given
    if folder.exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _alone(folder.parent / ".lock"):
        if not folder.exists():
            _build(toolchain.go(), folder)
    return folder


def _given() -> Path | None:
    name = os.environ.get("KUBEBUILDER_ASSETS")
    if not name:
        return None
    folder = Path(name)
    missing = [binary for binary in ASSETS if not (folder / binary).exists()]
    if missing:
        raise NotBuilt(f"KUBEBUILDER_ASSETS={name} has no {', '.join(missing)}: correct it, or unset it to build them")
    return folder


def _first(name: str, folders: list[Path]) -> Path | None:
    return next((folder / name for folder in folders if (folder / name).exists()), None)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say("another process builds the control plane: waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _build(go: Path, folder: Path) -> None:
    started = time.monotonic()
    _say(f"building {', '.join(PACKAGES)} with {go}: 5 to 10 minutes on 2 cores the first time, 2 GB of disk")
    work = Path(tempfile.mkdtemp(prefix=".building-", dir=folder.parent))
    try:
        several = [package for name, package in PACKAGES.items() if name != "etcd"]
        _compile(go, started, f"{work}/", *several)
        # Its package is called v3, which would be the name of the file.
        _compile(go, started, f"{work}/etcd", PACKAGES["etcd"])
        work.chmod(0o755)
        work.rename(folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    _say(f"built in {time.monotonic() - started:.0f} s")


def _compile(go: Path, started: float, output: str, *packages: str) -> None:
    command = [str(go), "build", "-v", *_FLAGS, "-o", output, *packages]
    environment = {**os.environ, "CGO_ENABLED": "0", "GOTOOLCHAIN": "local"}
    process = subprocess.Popen(command, cwd=_MODULE, env=environment, stderr=subprocess.PIPE, text=True)
    said: list[str] = []
    assert process.stderr
    reader = Thread(target=_collect, args=(process.stderr, said), daemon=True)
    reader.start()
    while process.poll() is None:
        reader.join(_EVERY)
        if reader.is_alive():
            _say(f"{time.monotonic() - started:4.0f} s, {len(said)} packages, now {said[-1] if said else 'resolving'}")
    if process.returncode:
        raise NotBuilt("go build failed:\n" + "\n".join(said[-20:]))


def _collect(stream: IO[str], said: list[str]) -> None:
    said.extend(line.rstrip() for line in stream)


def _say(text: str) -> None:
    print(f"cluster: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        print(build())
    except (NotBuilt, toolchain.NoGo) as error:
        sys.exit(f"cluster: {error}")
