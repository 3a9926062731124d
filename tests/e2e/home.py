"""A namespace where scalers are at home: their Leases, their pods, and people with some rights there."""

import re
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from tests.cluster.access import SCALER, Access
from tests.outside import outside_address
from tests.ports import free_ports

_RBAC = "/apis/rbac.authorization.k8s.io/v1/namespaces"
_PAGE = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()
#: What the page on operations says that people need.
(_ROLE,) = re.findall(r"```yaml\n([^`]*?kind: Role\n.*?)```", _PAGE, re.DOTALL)
LEASES, PROXY = yaml.safe_load(_ROLE)["rules"]
#: As restricted pod security wants it.
_RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}


class Home:
    """One namespace."""

    def __init__(self, cluster: Access, namespace: str) -> None:
        self.cluster = cluster
        self.client = cluster.client
        self.namespace = namespace

    def pod(self, name: str, ip: str) -> None:
        """A pod that no node runs: whoever listens on that address is what is in it."""
        path = f"/api/v1/namespaces/{self.namespace}/pods"
        container = {"name": "scaler", "image": "scaler", "securityContext": _RESTRICTED}
        body = {"metadata": {"name": name}, "spec": {"containers": [container]}}
        self.client.call("POST", path, body)
        self.client.call("PATCH", f"{path}/{name}/status", {"status": {"podIP": ip, "podIPs": [{"ip": ip}]}})

    def delete_pod(self, name: str) -> None:
        """At once."""
        self.client.call("DELETE", f"/api/v1/namespaces/{self.namespace}/pods/{name}", gracePeriodSeconds="0")

    def flags(self, name: str) -> tuple[str, ...]:
        """What makes a scaler that pod."""
        ip, (port,) = outside_address(), free_ports(1)
        self.pod(name, ip)
        return f"--identity={name}", f"--page-address={ip}:{port}", f"--scaler-namespace={self.namespace}"

    def lease(self, name: str, holder: str, url: str, scope: str = "cluster") -> None:
        """As a scaler writes it, or wrote it long ago."""
        metadata = {
            "name": name,
            "labels": {"scalerule.dev/shard-of": scope},
            "annotations": {"scalerule.dev/url": url},
        }
        spec = {"holderIdentity": holder, "renewTime": "2020-01-01T00:00:00.000000Z"}
        path = f"/apis/coordination.k8s.io/v1/namespaces/{self.namespace}/leases"
        self.client.call("POST", path, {"metadata": metadata, "spec": spec})

    def person(self, *rules: Mapping[str, Sequence[str]]) -> Path:
        """The kubeconfig of somebody new, who has these rights here and none elsewhere."""
        name = f"person-{secrets.token_hex(3)}"
        self.client.call("POST", f"/api/v1/namespaces/{self.namespace}/serviceaccounts", {"metadata": {"name": name}})
        self.allow(name, (self.namespace, name), *rules)
        return self.cluster.service_account_kubeconfig(self.namespace, name)

    def allow(self, name: str, account: tuple[str, str], *rules: Mapping[str, Sequence[str]]) -> None:
        """A Role of that name for a ServiceAccount."""
        namespace, person = account
        subject = {"kind": "ServiceAccount", "namespace": namespace, "name": person}
        role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name}
        about: dict[str, Any] = {"metadata": {"name": name}}
        self.client.call("POST", f"{_RBAC}/{self.namespace}/roles", about | {"rules": rules})
        binding = about | {"roleRef": role, "subjects": [subject]}
        self.client.call("POST", f"{_RBAC}/{self.namespace}/rolebindings", binding)

    def welcome_scalers(self) -> None:
        """What manifests/base allows in the scaler's own namespace."""
        role = self.client.call("GET", f"{_RBAC}/{SCALER[0]}/roles/scalerule-own")
        self.allow("scalerule-own", SCALER, *role["rules"])
