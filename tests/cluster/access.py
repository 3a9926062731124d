"""A way into a running test cluster: as its administrator, or as a ServiceAccount with the rights of the manifests."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from tests.cluster import build
from tests.cluster.client import Client

ADMIN_TOKEN = "admin"
#: Who the scaler is, as manifests/base says.
SCALER = ("scalerule-system", "scaler")

_BASE = Path(__file__).parents[2] / "manifests" / "base"


class Refused(Exception):
    """kubectl ended with an error; the message is its own."""


class Kubeconfig(NamedTuple):
    """What a kubeconfig says here: a server, its certificate where it is https, a token, the namespace to be in."""

    server: str
    ca: Path | None
    token: str
    namespace: str = "default"

    def write(self, path: Path) -> Path:
        cluster = {"server": self.server} | ({"certificate-authority": str(self.ca)} if self.ca else {})
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "test", "cluster": cluster}],
            "users": [{"name": "test", "user": {"token": self.token}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test", "namespace": self.namespace}}],
            "current-context": "test",
        }
        # Two workers may write the same file: never a half one.
        own = path.with_name(f"{path.name}.{id(content)}")
        own.write_text(yaml.safe_dump(content))
        return own.rename(path)

    @classmethod
    def read(cls, path: Path) -> "Kubeconfig":
        content: dict[str, Any] = yaml.safe_load(path.read_text())
        cluster = content["clusters"][0]["cluster"]
        ca = cluster.get("certificate-authority")
        namespace = content["contexts"][0]["context"]["namespace"]
        return cls(cluster["server"], Path(ca) if ca else None, content["users"][0]["user"]["token"], namespace)


class Count(NamedTuple):
    """A count that the scaler set."""

    deployment: str
    by: str
    replicas: int


class Access:
    """A cluster that somebody runs: its folder and the port of its API server are all there is to know."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.port = port

    @property
    def server(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    @property
    def ca(self) -> Path:
        """The API server's own certificate, which it signs itself."""
        return self.folder / "apiserver.crt"

    @property
    def kubeconfig(self) -> Path:
        """The administrator's."""
        return self.folder / "admin.kubeconfig"

    @property
    def client(self) -> Client:
        """The user, as administrator."""
        return Client(self.server, self.ca, ADMIN_TOKEN)

    def service_account_kubeconfig(self, namespace: str, name: str) -> Path:
        """With a fresh token of that ServiceAccount, as a pod of it would have."""
        token = self._token(namespace, name, {})
        return Kubeconfig(self.server, self.ca, token, namespace).write(self.folder / f"{namespace}-{name}.kubeconfig")

    def bound_token(self, namespace: str, name: str, secret: str) -> str:
        """Good until `end_token` of the same Secret. (A kubelet binds it to the pod, which would have to go.)"""
        self.client.put("Secret", namespace, secret, {})
        return self._token(namespace, name, {"boundObjectRef": {"apiVersion": "v1", "kind": "Secret", "name": secret}})

    def end_token(self, namespace: str, secret: str) -> None:
        """The API server may take ten seconds to notice."""
        self.client.call("DELETE", f"/api/v1/namespaces/{namespace}/secrets/{secret}")

    def _token(self, namespace: str, name: str, spec: Mapping[str, Any]) -> str:
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token"
        request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec}
        token: str = self.client.call("POST", path, request)["status"]["token"]
        return token

    def scaler_kubeconfig(self) -> Path:
        """What `scaler run` is started with: exactly the rights that manifests/base gives."""
        return self.service_account_kubeconfig(*SCALER)

    def audit(self, **wanted: str) -> list[dict[str, Any]]:
        """What the API server noted, oldest first: `verb`, `namespace`, `resource` (with its subresource)."""
        # It may be writing the last line just now.
        *lines, _unfinished = (self.folder / "audit.log").read_text().split("\n")
        entries = [json.loads(line) for line in lines]
        return [entry for entry in entries if wanted.items() <= _what(entry).items()]

    def counts(self, namespace: str) -> list[Count]:
        """Every count that scalers set in a namespace, oldest first, by the API server's own record."""
        noted = self.audit(verb="patch", namespace=namespace, resource="deployments/scale")
        return [
            Count(
                entry["objectRef"]["name"],
                entry["userAgent"].removeprefix("scalerule/"),
                entry["requestObject"]["spec"]["replicas"],
            )
            for entry in noted
            if entry["responseStatus"]["code"] == 200 and entry["userAgent"].startswith("scalerule/")
        ]

    def install(self) -> None:
        """Apply manifests/base, as a user would."""
        self.kubectl("apply", "-k", str(_BASE))

    def kubectl(self, *arguments: str, input: str | None = None, env: Mapping[str, str] | None = None) -> str:
        """What kubectl prints, as administrator. Raises Refused."""
        command = [str(build.binaries()["kubectl"]), f"--kubeconfig={self.kubeconfig}", *arguments]
        done = subprocess.run(command, input=input, capture_output=True, text=True, env=env, timeout=60)
        if done.returncode:
            raise Refused(done.stderr.strip() or done.stdout.strip())
        return done.stdout


def _what(entry: dict[str, Any]) -> dict[str, str]:
    """The request of an audit entry in a few words."""
    about = entry.get("objectRef", {})
    resource = "/".join(part for part in (about.get("resource"), about.get("subresource")) if part)
    return {"verb": entry["verb"], "namespace": about.get("namespace", ""), "resource": resource}
