"""The only module that speaks to the Kubernetes API.

Configuration, credentials and TLS are the official client's. Requests and answers are plain JSON over one aiohttp
session: the generated methods cost four times the CPU of the request itself, and the client's own watch spins without
back-off when a server closes it.
"""

import contextlib
import json
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import aiohttp
from kubernetes.aio import client

from scaler.account import Account, NoAccount
from scaler.resource import PODS, Resource

#: Owns what we write in managedFields, so that another writer can be told from us.
FIELD_MANAGER = "scalerule"

Object = dict[str, Any]
T = TypeVar("T")

_PAGE = 500
_TIMEOUT = 10.0
_LIST_TIMEOUT = 60.0
_WATCH_SECONDS = 300
#: A watch is silent for a minute at most: then comes a bookmark. Longer means that the connection is dead.
_WATCH_SILENCE = 120.0
_MERGE = "application/merge-patch+json"


class KubeError(Exception):
    """The API server refused, or could not be reached (`status` 0). `retry_after` is in seconds where it was given.

    `own` is False for what the API server did not say itself but passed on.
    """

    def __init__(self, status: int, message: str, retry_after: float | None = None, own: bool = True) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after
        self.own = own


class Kube:
    """One session with one API server. `counted(verb, resource, code)` is told of every answer."""

    def __init__(self, account: Account, counted: Callable[[str, str, int], None], agent: str) -> None:
        self._agent = agent
        self._account = account
        self._counted = counted
        self._session: aiohttp.ClientSession | None = None

    @classmethod
    async def connect(
        cls,
        kubeconfig: Path | None,
        context: str | None,
        counted: Callable[[str, str, int], None] = lambda verb, resource, code: None,
        agent: str = FIELD_MANAGER,
    ) -> "Kube":
        """Outside a cluster with a kubeconfig (kubectl's rules where none is named), inside with the pod's account.

        `agent` is who an audit log will name.
        """
        try:
            return cls(await Account.find(kubeconfig, context), counted, agent)
        except NoAccount as error:
            raise KubeError(0, f"no way to a cluster: {error}; name one with --kubeconfig or KUBECONFIG") from error

    @property
    def host(self) -> str:
        """The API server's host name or address."""
        return urlsplit(str(self._account.configuration.host)).hostname or ""

    @property
    def namespace(self) -> str:
        """The pod's own namespace, else the kubeconfig context's."""
        return self._account.namespace

    async def close(self) -> None:
        """Let go of every connection."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def list_all(
        self, resource: Resource, namespace: str | None, keep: Callable[[Object], T]
    ) -> tuple[list[T], str]:
        """What `keep` makes of each object in a namespace (None: in the cluster), and the version to watch from.

        Page by page: of a large cluster no more than a page is held whole.
        """
        kept: list[T] = []
        params = {"limit": str(_PAGE)}
        while True:
            page = await self._call("GET", resource.path(namespace), params=params, seconds=_LIST_TIMEOUT)
            # In a list the objects do not say what they are.
            kind = {"apiVersion": page["apiVersion"], "kind": page["kind"].removesuffix("List")}
            kept += (keep(kind | item) for item in page["items"])
            metadata = page["metadata"]
            if not metadata.get("continue"):
                return kept, metadata["resourceVersion"]
            params["continue"] = metadata["continue"]

    async def list_labelled(
        self, resource: Resource, namespace: str, label: str, seconds: float = _TIMEOUT
    ) -> list[Object]:
        """Few objects: those of a namespace that carry a label."""
        found = await self._call("GET", resource.path(namespace), params={"labelSelector": label}, seconds=seconds)
        items: list[Object] = found["items"]
        return items

    async def watch(self, resource: Resource, namespace: str | None, version: str) -> AsyncIterator[Object]:
        """Events after `version`, bookmarks included, until the server ends the stream; KubeError 410 if it is old."""
        params = {
            "watch": "true",
            "resourceVersion": version,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(_WATCH_SECONDS),
        }
        timeout = aiohttp.ClientTimeout(total=None, connect=_TIMEOUT, sock_read=_WATCH_SILENCE)
        path = resource.path(namespace)
        async with self._answer("GET", path, params=params, limit=timeout, verb="WATCH") as answer:
            async for line in answer.content:
                event: Object = json.loads(line)
                if event["type"] == "ERROR":
                    status = event["object"]
                    raise KubeError(status.get("code", 0), status.get("message", "watch failed"))
                yield event

    async def read(self, path: str) -> Object:
        """Any object or list, by its path in the API: what a person asks for, with a person's rights."""
        return await self._call("GET", path, seconds=_LIST_TIMEOUT)

    async def get(self, resource: Resource, namespace: str, name: str) -> Object:
        """One object, fresh."""
        return await self._call("GET", resource.path(namespace, name))

    async def ask_pod(self, namespace: str, pod: str, port: int, path: str, headers: Mapping[str, str]) -> Any:
        """What a web server in a pod says as JSON, through the API server; None where the pod has no such page."""
        where = PODS.path(namespace, f"{pod}:{port}", f"proxy{path}")
        limit = aiohttp.ClientTimeout(total=_TIMEOUT)
        try:
            async with self._answer("GET", where, limit=limit, headers=headers) as answer:
                return await answer.json(content_type=None)
        except KubeError as error:
            if error.status == 404 and not error.own:
                return None
            raise

    async def create(self, resource: Resource, namespace: str, body: Object) -> Object:
        """409 where there is one of that name."""
        return await self._call("POST", resource.path(namespace), body=body)

    async def patch(
        self, resource: Resource, namespace: str, name: str, body: Object, seconds: float = _TIMEOUT
    ) -> Object:
        """Merge: None removes. 409 where `body` names another resourceVersion; no answer after `seconds` is none."""
        return await self._patch(resource.path(namespace, name), body, seconds)

    async def delete(self, resource: Resource, namespace: str, name: str) -> None:
        """One object."""
        await self._call("DELETE", resource.path(namespace, name))

    async def patch_scale(
        self, resource: Resource, namespace: str, name: str, precondition: Object, replicas: int
    ) -> Object:
        """Set spec.replicas; `precondition` (uid, resourceVersion) makes the server refuse what was not decided on."""
        body = {"metadata": precondition, "spec": {"replicas": replicas}}
        return await self._patch(resource.path(namespace, name, "scale"), body)

    async def patch_status(
        self, resource: Resource, namespace: str, name: str, uid: str, annotations: dict[str, str | None]
    ) -> Object:
        """Set (or with None remove) annotations by way of the status, which leaves metadata.generation alone."""
        body = {"metadata": {"uid": uid, "annotations": annotations}}
        return await self._patch(resource.path(namespace, name, "status"), body)

    async def _patch(self, path: str, body: Object, seconds: float = _TIMEOUT) -> Object:
        return await self._call("PATCH", path, params={"fieldManager": FIELD_MANAGER}, body=body, seconds=seconds)

    async def _call(
        self,
        method: str,
        path: str,
        *,
        params: dict[str, str] | None = None,
        body: Object | None = None,
        seconds: float = _TIMEOUT,
    ) -> Object:
        limit = aiohttp.ClientTimeout(total=seconds)
        async with self._answer(method, path, params=params, body=body, limit=limit) as answer:
            result: Object = await answer.json(content_type=None)
            return result

    @contextlib.asynccontextmanager
    async def _answer(
        self,
        method: str,
        path: str,
        *,
        limit: aiohttp.ClientTimeout,
        params: dict[str, str] | None = None,
        body: Object | None = None,
        verb: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        configuration, resource = self._account.configuration, _resource(path)
        code = 0
        try:
            sent = await self._headers(method) | dict(headers or {})
            async with self._opened().request(
                method,
                str(configuration.host).rstrip("/") + path,
                params=params,
                headers=sent,
                data=None if body is None else json.dumps(body),
                timeout=limit,
                proxy=configuration.proxy,
                server_hostname=configuration.tls_server_name or None,
                # It has no reason to send anybody elsewhere, and what it passes on must not.
                allow_redirects=False,
            ) as answer:
                code = answer.status
                if code == 401:
                    self._account.refused()
                if code >= 300:
                    raise await _refusal(answer, f"{method} {path}")
                yield answer
        except NoAccount as error:
            raise KubeError(0, f"no credentials for {method} {path}: {error}") from error
        except (aiohttp.ClientError, TimeoutError, ConnectionError, json.JSONDecodeError) as error:
            code = 0
            what = str(error) or type(error).__name__
            raise KubeError(0, f"no answer from the API server to {method} {path}: {what}") from error
        finally:
            self._counted(verb or method, resource, code)

    async def _headers(self, method: str) -> dict[str, str]:
        headers = {
            "Accept": "application/json",
            "Content-Type": _MERGE if method == "PATCH" else "application/json",
            "User-Agent": self._agent,
        }
        if authorization := await self._account.authorization():
            headers["Authorization"] = authorization
        return headers

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            ssl_context = client.ApiClient(self._account.configuration).rest_client.ssl_context
            # A line of a watch is a whole object; etcd holds none above 1.5 MiB.
            connector = aiohttp.TCPConnector(ssl=ssl_context, limit=0)
            self._session = aiohttp.ClientSession(connector=connector, read_bufsize=2**21)
        return self._session


def _resource(path: str) -> str:
    """`deployments`, `deployments/scale`, `events`: the resource of a path, without names."""
    parts = path.strip("/").split("/")
    parts = parts[parts.index("namespaces") + 2 :] if "namespaces" in parts else parts[-1:]
    return "/".join(parts[:1] + parts[2:])


async def _refusal(answer: aiohttp.ClientResponse, what: str) -> KubeError:
    """The server's own words where it sends a Status; never a body of anything else, which may hold anything."""
    own, message = False, answer.reason
    with contextlib.suppress(ValueError, KeyError, AttributeError, aiohttp.ClientError):
        status = await answer.json(content_type=None)
        if status.get("kind") == "Status":
            own, message = True, status["message"]
    delay = answer.headers.get("Retry-After", "")
    retry_after = float(delay) if delay.replace(".", "", 1).isdigit() else None
    return KubeError(answer.status, f"{what}: {answer.status} {message}", retry_after, own)
