"""What a user of the cluster does: create Deployments, annotate them, look at them, by plain requests."""

import json
import secrets
import time
from collections.abc import Callable
from typing import Any

import requests

from tests.cluster.control_plane import ControlPlane

Object = dict[str, Any]
_APPS = "apis/apps/v1/namespaces"


def eventually(check: Callable[[], object], what: str, seconds: float = 10.0) -> Any:
    """Ask until the answer is true and return it; fail with what was waited for and the last answer."""
    deadline = time.monotonic() + seconds
    while not (answer := check()):
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what} (last answer: {answer!r})"
        time.sleep(0.02)
    return answer


class User:
    """An administrator who works in one namespace."""

    def __init__(self, cluster: ControlPlane, namespace: str = "default") -> None:
        self.cluster = cluster
        self.namespace = namespace
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {cluster.token}"
        self._session.verify = str(cluster.authority)

    def enter_new_namespace(self) -> None:
        """Work in a namespace of its own, with its ServiceAccount there."""
        self.namespace = f"test-{secrets.token_hex(4)}"
        self.call("POST", "api/v1/namespaces", {"metadata": {"name": self.namespace}})
        path = f"api/v1/namespaces/{self.namespace}/serviceaccounts/default"
        eventually(lambda: self._session.get(f"{self.cluster.url}/{path}").ok, "the default ServiceAccount")

    def leave(self) -> None:
        """Remove the namespace with all that is in it."""
        self.call("DELETE", f"api/v1/namespaces/{self.namespace}")

    def call(self, method: str, path: str, body: Object | None = None, kind: str = "application/json") -> Any:
        """One request; fails with what the server says."""
        data = None if body is None else json.dumps(body)
        address = f"{self.cluster.url}/{path}"
        answer = self._session.request(method, address, data=data, headers={"Content-Type": kind}, timeout=30)
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()

    def create(self, name: str, annotations: dict[str, str], replicas: int = 0) -> Object:
        """A worker Deployment."""
        return self.call("POST", f"{_APPS}/{self.namespace}/deployments", worker(name, annotations, replicas))

    def get(self, name: str) -> Object:
        """The Deployment."""
        return self.call("GET", f"{_APPS}/{self.namespace}/deployments/{name}")

    def list(self) -> list[Object]:
        """Every Deployment of the namespace."""
        return list(self.call("GET", f"{_APPS}/{self.namespace}/deployments")["items"])

    def delete(self, name: str) -> None:
        """Remove the Deployment."""
        self.call("DELETE", f"{_APPS}/{self.namespace}/deployments/{name}")

    def patch(self, name: str, body: Object, *, manager: str = "kubectl") -> Object:
        """Change the Deployment by a merge patch."""
        path = f"{_APPS}/{self.namespace}/deployments/{name}?fieldManager={manager}"
        return self.call("PATCH", path, body, "application/merge-patch+json")

    def annotate(self, name: str, annotations: dict[str, str | None]) -> None:
        """Set annotations; None removes one."""
        self.patch(name, {"metadata": {"annotations": annotations}})

    def scale(self, name: str, replicas: int, *, manager: str = "kubectl") -> None:
        """Set the count by hand."""
        path = f"{_APPS}/{self.namespace}/deployments/{name}/scale?fieldManager={manager}"
        self.call("PATCH", path, {"spec": {"replicas": replicas}}, "application/merge-patch+json")

    def replicas(self, name: str) -> int:
        """spec.replicas."""
        return int(self.get(name)["spec"]["replicas"])

    def status(self, name: str) -> Object:
        """The status annotation; empty where there is none."""
        text = self.get(name)["metadata"]["annotations"].get("scalerule.dev/status", "{}")
        return dict(json.loads(text))

    def condition(self, name: str, kind: str) -> Object:
        """One condition of the status; empty where there is none."""
        return next((row for row in self.status(name).get("conditions", []) if row["type"] == kind), {})

    def events(self, name: str) -> list[Object]:
        """The events of the Deployment, oldest first."""
        path = f"api/v1/namespaces/{self.namespace}/events?fieldSelector=involvedObject.name={name}"
        found = self.call("GET", path)["items"]
        ours = [event for event in found if event["source"].get("component") == "scalerule"]
        return sorted(ours, key=lambda event: int(event["metadata"]["resourceVersion"]))

    def reasons(self, name: str) -> list[str]:
        """Why the events happened."""
        return [event["reason"] for event in self.events(name)]


def worker(name: str, annotations: dict[str, str], replicas: int = 0) -> Object:
    """A Deployment whose pods need no scheduler."""
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "annotations": annotations},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"nodeName": "fake-0", "containers": [{"name": "worker", "image": "worker"}]},
            },
        },
    }
