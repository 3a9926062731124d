"""The demo's Kubernetes: an embedded API server that knows Deployments, their scale and status, watches,
ConfigMaps and events.

A stand-in, for the demo only, which must need no cluster: the tests run on a real kube-apiserver.
"""

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from aiohttp import web

from scaler.demo.store import Conflict, Name, Object, Store, merged

#: Seconds from a pod's creation until it is ready.
STARTUP = 1.0
_MERGE = "application/merge-patch+json"
_ALL = "/apis/apps/v1/deployments"
_DEPLOYMENTS = "/apis/apps/v1/namespaces/{namespace}/deployments"
_AUTOSCALERS = "/apis/autoscaling/v2/namespaces/{namespace}/horizontalpodautoscalers"
_CONFIG_MAPS = "/api/v1/namespaces/{namespace}/configmaps"
_EVENTS = "/api/v1/namespaces/{namespace}/events"


class Cluster:
    """Listens on a loopback port of its own. `kubeconfig(path)` writes the way in."""

    def __init__(self) -> None:
        self._store = Store()
        self._runner: web.AppRunner | None = None
        self._config_maps: dict[Name, Object] = {}
        self.events: list[Object] = []
        self.url = ""

    async def __aenter__(self) -> "Cluster":
        self._runner = web.AppRunner(self._app(), access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = "http://{}:{}".format(*self._runner.addresses[0])
        return self

    async def __aexit__(self, *error: object) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    def kubeconfig(self, path: Path) -> Path:
        """A kubeconfig for this cluster."""
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "demo", "cluster": {"server": self.url}}],
            "users": [{"name": "demo", "user": {"token": "demo"}}],
            "contexts": [{"name": "demo", "context": {"cluster": "demo", "user": "demo"}}],
            "current-context": "demo",
        }
        path.write_text(json.dumps(content))
        return path

    def _app(self) -> web.Application:
        app = web.Application(middlewares=[_refusals])
        route = app.router
        route.add_get(_ALL, self._list)
        route.add_get(_DEPLOYMENTS, self._list)
        route.add_post(_DEPLOYMENTS, self._create)
        route.add_get(_DEPLOYMENTS + "/{name}", self._get)
        route.add_delete(_DEPLOYMENTS + "/{name}", self._delete)
        route.add_get(_DEPLOYMENTS + "/{name}/scale", self._get_scale)
        route.add_patch(_DEPLOYMENTS + "/{name}/scale", self._patch_scale)
        route.add_patch(_DEPLOYMENTS + "/{name}/status", self._patch_status)
        route.add_patch(_DEPLOYMENTS + "/{name}", self._patch)
        route.add_get(_AUTOSCALERS, self._list_nothing)
        route.add_get(_CONFIG_MAPS, self._list_config_maps)
        route.add_post(_CONFIG_MAPS, self._create_config_map)
        route.add_patch(_CONFIG_MAPS + "/{name}", self._patch_config_map)
        route.add_post(_EVENTS, self._create_event)
        route.add_patch(_EVENTS + "/{name}", self._patch_event)
        return app

    async def _list(self, request: web.Request) -> web.StreamResponse:
        namespace = request.match_info.get("namespace")
        if request.query.get("watch") in ("true", "1"):
            return await self._watch(request, namespace)
        metadata = {"resourceVersion": str(self._store.version)}
        kind = {"apiVersion": "apps/v1", "kind": "DeploymentList"}
        return web.json_response({**kind, "metadata": metadata, "items": self._store.all(namespace)})

    async def _watch(self, request: web.Request, namespace: str | None) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        version = int(request.query.get("resourceVersion") or self._store.version)
        try:
            async with asyncio.timeout(float(request.query.get("timeoutSeconds", 300))):
                while True:
                    for kind, found in await self._store.after(version, namespace):
                        version = int(found["metadata"]["resourceVersion"])
                        await _line(response, kind, found)
        except TimeoutError:
            bookmark = {"kind": "Deployment", "metadata": {"resourceVersion": str(self._store.version)}}
            await _line(response, "BOOKMARK", bookmark)
        except LookupError:
            await _line(response, "ERROR", _status(410, "Expired", "too old resource version"))
        except ConnectionError:
            pass
        return response

    async def _create(self, request: web.Request) -> web.Response:
        body = await request.json()
        name = request.match_info["namespace"], body["metadata"]["name"]
        made = self._store.create(name, body)
        self._start_pods(name)
        return web.json_response(made, status=201)

    async def _get(self, request: web.Request) -> web.Response:
        return web.json_response(self._store.get(_name(request)))

    async def _delete(self, request: web.Request) -> web.Response:
        return web.json_response(self._store.delete(_name(request)))

    async def _patch(self, request: web.Request) -> web.Response:
        made = self._store.patch(_name(request), await _body(request), _manager(request))
        self._start_pods(_name(request))
        return web.json_response(made)

    async def _get_scale(self, request: web.Request) -> web.Response:
        return web.json_response(_scale(self._store.get(_name(request))))

    async def _patch_scale(self, request: web.Request) -> web.Response:
        body = await _body(request)
        allowed = {"metadata": body.get("metadata", {}), "spec": {"replicas": body["spec"]["replicas"]}}
        made = self._store.patch(_name(request), allowed, _manager(request))
        self._start_pods(_name(request))
        return web.json_response(_scale(made))

    async def _patch_status(self, request: web.Request) -> web.Response:
        body = await _body(request)
        allowed: Object = {key: body[key] for key in ("metadata", "status") if key in body}
        return web.json_response(self._store.patch(_name(request), allowed, _manager(request)))

    async def _list_nothing(self, request: web.Request) -> web.StreamResponse:
        if request.query.get("watch") in ("true", "1"):
            await asyncio.sleep(float(request.query.get("timeoutSeconds", 300)))
            return web.Response()
        kind = {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscalerList"}
        return web.json_response({**kind, "metadata": {"resourceVersion": "1"}, "items": []})

    async def _list_config_maps(self, request: web.Request) -> web.Response:
        return web.json_response({"kind": "ConfigMapList", "items": list(self._config_maps.values())})

    async def _create_config_map(self, request: web.Request) -> web.Response:
        made = await request.json()
        self._config_maps[request.match_info["namespace"], made["metadata"]["name"]] = made
        return web.json_response(made, status=201)

    async def _patch_config_map(self, request: web.Request) -> web.Response:
        name = _name(request)
        self._config_maps[name] = merged(self._config_maps[name], await _body(request))
        return web.json_response(self._config_maps[name])

    async def _create_event(self, request: web.Request) -> web.Response:
        self.events.append(await request.json())
        return web.json_response(self.events[-1], status=201)

    async def _patch_event(self, request: web.Request) -> web.Response:
        event = next(each for each in self.events if each["metadata"]["name"] == request.match_info["name"])
        event.update(await _body(request))
        return web.json_response(event)

    def _start_pods(self, name: Name) -> None:
        """What the Deployment controller and the kubelets do: the pods are there a little later."""
        spec = self._store.get(name)["spec"]["replicas"]
        status = self._store.get(name)["status"]
        delay = STARTUP if spec > status.get("replicas", 0) else 0.0
        asyncio.get_running_loop().call_later(delay, self._pods_ready, name, spec)

    def _pods_ready(self, name: Name, replicas: int) -> None:
        with contextlib.suppress(KeyError):
            found = self._store.get(name)
            if found["spec"]["replicas"] == replicas:
                generation = found["metadata"]["generation"]
                counts = {"replicas": replicas, "readyReplicas": replicas, "observedGeneration": generation}
                self._store.patch(name, {"status": counts}, "controller")


def _name(request: web.Request) -> Name:
    return request.match_info["namespace"], request.match_info["name"]


def _manager(request: web.Request) -> str:
    return request.query.get("fieldManager") or request.headers.get("User-Agent", "unknown").split("/")[0]


async def _body(request: web.Request) -> Object:
    if request.content_type != _MERGE:
        raise web.HTTPUnsupportedMediaType
    body: Object = await request.json()
    return body


def _scale(deployment: Object) -> Object:
    metadata = {key: deployment["metadata"][key] for key in ("namespace", "name", "uid", "resourceVersion")}
    spec = {"replicas": deployment["spec"]["replicas"]}
    status = {"replicas": deployment["status"].get("replicas", 0)}
    return {"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": metadata, "spec": spec, "status": status}


def _status(code: int, reason: str, message: str) -> Object:
    kind = {"apiVersion": "v1", "kind": "Status", "status": "Failure"}
    return {**kind, "code": code, "reason": reason, "message": message}


async def _line(response: web.StreamResponse, kind: str, found: Any) -> None:
    await response.write(json.dumps({"type": kind, "object": found}).encode() + b"\n")


@web.middleware
async def _refusals(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    try:
        return await handler(request)
    except KeyError as error:
        return web.json_response(_status(404, "NotFound", f"deployments.apps {error} not found"), status=404)
    except Conflict as error:
        return web.json_response(_status(409, "Conflict", str(error)), status=409)
