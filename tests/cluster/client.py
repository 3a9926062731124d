"""The user's side of a test: what people and their tools do to a cluster, over plain requests with a token."""

import json
import secrets
from pathlib import Path
from typing import Any

import requests

from tests.wait import wait

Object = dict[str, Any]
Objects = list[Object]

RULE = "scalerule.dev/rule"

_MERGE = "application/merge-patch+json"


class Refusal(Exception):
    """The API server said no."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status} {message}")
        self.status = status


class Client:
    """Speaks to one API server with one token."""

    def __init__(self, server: str, ca: Path | None, token: str) -> None:
        self._server = server
        self._session = requests.Session()
        # Else proxies and .netrc of whoever runs the tests would be used.
        self._session.trust_env = False
        self._session.verify = str(ca) if ca else True
        self._session.headers.update({"Authorization": f"Bearer {token}", "User-Agent": "test"})

    def call(self, method: str, path: str, body: Object | None = None, kind: str = "", **params: str) -> Object:
        """One request. `kind` is a patch's content type, else merge-patch. Raises Refusal."""
        content = kind or (_MERGE if method == "PATCH" else "application/json")
        data = None if body is None else json.dumps(body)
        headers = {"Content-Type": content}
        answer = self._session.request(
            method, self._server + path, data=data, headers=headers, params=params, timeout=30
        )
        if answer.status_code >= 400:
            raise Refusal(answer.status_code, _message(answer))
        found: Object = answer.json()
        return found

    def create_namespace(self, prefix: str = "test", **labels: str) -> str:
        """A new one with a random name, with its ServiceAccount `default`, without which no pod can be made."""
        name = f"{prefix}-{secrets.token_hex(4)}"
        self.call("POST", "/api/v1/namespaces", {"metadata": {"name": name, "labels": labels}})
        wait(
            lambda: self._exists(f"/api/v1/namespaces/{name}/serviceaccounts/default"), 20, f"ServiceAccount in {name}"
        )
        return name

    def delete_namespace(self, name: str) -> None:
        """Its content goes with it, some seconds later."""
        self.call("DELETE", f"/api/v1/namespaces/{name}")

    def put(self, kind: str, namespace: str, name: str, data: dict[str, str], **annotations: str) -> None:
        """Make or replace a Secret or ConfigMap with these texts; annotations of ours, with _ for -."""
        path = f"/api/v1/namespaces/{namespace}/{kind.lower()}s"
        ours = {f"scalerule.dev/{key.replace('_', '-')}": text for key, text in annotations.items()}
        texts = "stringData" if kind == "Secret" else "data"
        body = {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "annotations": ours}, texts: data}
        if self._exists(f"{path}/{name}"):
            self.call("PUT", f"{path}/{name}", body)
        else:
            self.call("POST", path, body)

    def create(self, namespace: str, deployment: Object) -> Object:
        return self.call("POST", _deployments(namespace), deployment)

    def get(self, namespace: str, name: str) -> Object:
        return self.call("GET", _deployments(namespace, name))

    def list(self, namespace: str) -> Objects:
        items: Objects = self.call("GET", _deployments(namespace))["items"]
        return items

    def patch(self, namespace: str, name: str, body: Object, **params: str) -> Object:
        return self.call("PATCH", _deployments(namespace, name), body, **params)

    def delete(self, namespace: str, name: str) -> None:
        self.call("DELETE", _deployments(namespace, name))

    def annotate(self, namespace: str, name: str, annotations: dict[str, str | None]) -> Object:
        """Set them; None removes one."""
        return self.patch(namespace, name, {"metadata": {"annotations": annotations}})

    def scale(self, namespace: str, name: str, replicas: int) -> Object:
        path = _deployments(namespace, name) + "/scale"
        return self.call("PATCH", path, {"spec": {"replicas": replicas}}, fieldManager="kubectl")

    def replicas(self, namespace: str, name: str) -> int:
        """spec.replicas: what was asked for."""
        found: int = self.get(namespace, name)["spec"]["replicas"]
        return found

    def ready(self, namespace: str, name: str) -> int:
        """status.readyReplicas: what works by now."""
        found: int = self.get(namespace, name)["status"].get("readyReplicas", 0)
        return found

    def events(self, namespace: str, name: str | None = None) -> Objects:
        """The Events on the Deployment of that name, or on everything, oldest first."""
        selector = f"involvedObject.name={name},involvedObject.kind=Deployment" if name else ""
        items = self.call("GET", f"/api/v1/namespaces/{namespace}/events", fieldSelector=selector)["items"]
        return sorted(items, key=lambda event: int(event["metadata"]["resourceVersion"]))

    def _exists(self, path: str) -> bool:
        try:
            self.call("GET", path)
        except Refusal as refusal:
            if refusal.status == 404:
                return False
            raise
        return True


def worker(
    name: str, annotations: dict[str, str] | None = None, replicas: int | None = None, **template: Any
) -> Object:
    """A Deployment whose pods become Ready at once on the pretended node. `template` is more of the pod's spec."""
    labels = {"app": name}
    pod = {"nodeName": "fake-0", "containers": [{"name": "worker", "image": "worker"}], **template}
    spec = {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": pod}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "annotations": annotations or {}},
        "spec": spec | ({} if replicas is None else {"replicas": replicas}),
    }


def _deployments(namespace: str, name: str | None = None) -> str:
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments"
    return path if name is None else f"{path}/{name}"


def _message(answer: requests.Response) -> str:
    try:
        return str(answer.json()["message"])
    except (ValueError, KeyError, TypeError):
        return answer.text
