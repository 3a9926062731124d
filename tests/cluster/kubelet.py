"""Plays scheduler and kubelet for pods of one container whose program is installed here.

No container runtime can be had where tests run, so the real program runs as a process: its arguments and variables are
those of the real pod, and in a mount namespace of its own it finds the files that a kubelet puts into every container.
All pods share the machine's network, so a port can be used by one of them only.
"""

import os
import secrets
import sys
from pathlib import Path

from tests.cluster.access import Access
from tests.cluster.client import Object
from tests.cluster.control_plane import NODE
from tests.process import Process

_ACCOUNT = "/run/secrets/kubernetes.io/serviceaccount"
_MOUNT = f'mount -t tmpfs none /run && mkdir -p {_ACCOUNT} && mount --bind "$0" {_ACCOUNT} && exec "$@"'


class Container:
    """The one container of a pod, started."""

    def __init__(self, cluster: Access, pod: Object, folder: Path, **env: str) -> None:
        self.name: str = pod["metadata"]["name"]
        self._namespace: str = pod["metadata"]["namespace"]
        self._account: str = pod["spec"]["serviceAccountName"]
        self._cluster = cluster
        self._folder = folder / self.name
        self._folder.mkdir()
        self._bound = ""
        (self._folder / "namespace").write_text(self._namespace)
        (self._folder / "ca.crt").write_bytes(cluster.ca.read_bytes())
        self.renew()
        self._bind()
        (container,) = pod["spec"]["containers"]
        mounted = ["unshare", "--map-root-user", "--mount", "sh", "-c", _MOUNT, str(self._folder)]
        self.process = Process(
            self.name, mounted + container["args"], folder / f"{self.name}.log", self._env(container) | env
        )

    def renew(self) -> None:
        """Put a new token in the place of the old one, which is good no more."""
        former, self._bound = self._bound, f"{self.name}-{secrets.token_hex(3)}"
        partial = self._folder / "token.partial"
        partial.write_text(self._cluster.bound_token(self._namespace, self._account, self._bound))
        partial.rename(self._folder / "token")
        if former:
            self._cluster.end_token(self._namespace, former)

    def _bind(self) -> None:
        path = f"/api/v1/namespaces/{self._namespace}/pods/{self.name}/binding"
        body = {"metadata": {"name": self.name}, "target": {"apiVersion": "v1", "kind": "Node", "name": NODE}}
        self._cluster.client.call("POST", path, body)

    def _env(self, container: Object) -> dict[str, str]:
        fields = {"metadata.name": self.name}
        given = {
            each["name"]: each["value"] if "value" in each else fields[each["valueFrom"]["fieldRef"]["fieldPath"]]
            for each in container["env"]
        }
        server = {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": str(self._cluster.port)}
        return {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", **server, **given}
