"""Reviews as the API server sends them."""

import json
from typing import Any

Object = dict[str, Any]


def deployment(annotations: dict[str, str] | None, *env: Object, **spec: Any) -> Object:
    """As an API server writes one: `env` is that of its container, spec.replicas is filled in."""
    container = {"name": "worker", "image": "worker", "env": list(env)}
    metadata = {"name": "orders", "namespace": "shop"} | ({} if annotations is None else {"annotations": annotations})
    template = {"metadata": {}, "spec": {"containers": [container]}}
    body = {"replicas": 1, "template": template, **spec}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": body}


def review(new: Object | None, old: Object | None = None, **request: Any) -> bytes:
    """Of a creation, or with `old` of an update."""
    asked = {
        "uid": "705ab4f5-6393-11e8-b7cc-42010a800002",
        "kind": {"group": "apps", "version": "v1", "kind": "Deployment"},
        "resource": {"group": "apps", "version": "v1", "resource": "deployments"},
        "namespace": "shop",
        "operation": "UPDATE" if old else "CREATE",
        "object": new,
        "oldObject": old,
        **request,
    }
    return json.dumps({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": asked}).encode()
