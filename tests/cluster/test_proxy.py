"""The proxy passes everything on, except what it is told to break."""

import json
from collections.abc import Iterator
from contextlib import closing
from threading import Thread

import pytest
import requests

from tests.cluster.access import Access, Kubeconfig
from tests.cluster.client import Client, Refusal, worker
from tests.cluster.proxy import Proxy
from tests.wait import wait

_DEPLOYMENTS = "/apis/apps/v1/namespaces/{}/deployments"


@pytest.fixture
def client(proxy: Proxy) -> Client:
    """The scaler's own token, by way of the proxy."""
    return Client(*Kubeconfig.read(proxy.kubeconfig)[:3])


@pytest.fixture
def watch(proxy: Proxy, namespace: str) -> Iterator[requests.Response]:
    """An open watch of the namespace's Deployments, by way of the proxy."""
    token = Kubeconfig.read(proxy.kubeconfig).token
    url = proxy.url + _DEPLOYMENTS.format(namespace)
    headers = {"Authorization": f"Bearer {token}"}
    with closing(requests.get(url, {"watch": "true"}, headers=headers, stream=True, timeout=20)) as answer:
        wait(lambda: proxy.watching == 1, 5, "an open watch")
        yield answer


def test_requests_are_passed_on_and_kept(proxy: Proxy, client: Client, cluster: Access, namespace: str) -> None:
    cluster.client.create(namespace, worker("orders", replicas=0))
    client.scale(namespace, "orders", 2)
    assert cluster.client.replicas(namespace, "orders") == 2
    [seen] = proxy.matching("PATCH", "/scale$")
    assert seen.content_type == "application/merge-patch+json"
    assert seen.user_agent == "test"
    assert seen.query == {"fieldManager": "kubectl"}
    assert json.loads(seen.body) == {"spec": {"replicas": 2}}


def test_it_refuses_so_often(proxy: Proxy, client: Client, cluster: Access, namespace: str) -> None:
    cluster.client.create(namespace, worker("orders", replicas=0))
    fault = proxy.refuse(409, "PATCH", "/scale", times=2)
    for _ in range(2):
        with pytest.raises(Refusal, match="409"):
            client.scale(namespace, "orders", 2)
    client.scale(namespace, "orders", 2)
    assert (fault.struck, proxy.count("PATCH", "/scale")) == (2, 3)


def test_a_refusal_says_when_to_come_back(proxy: Proxy, namespace: str) -> None:
    proxy.refuse(429, retry_after=3)
    answer = requests.get(proxy.url + _DEPLOYMENTS.format(namespace), timeout=5)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "3")


def test_a_watch_comes_line_by_line(watch: requests.Response, cluster: Access, namespace: str) -> None:
    cluster.client.create(namespace, worker("orders", replicas=0))
    assert json.loads(next(watch.iter_lines()))["object"]["metadata"]["name"] == "orders"


def test_a_watch_is_cut(proxy: Proxy, watch: requests.Response) -> None:
    assert proxy.cut_watches() == 1
    with pytest.raises(requests.RequestException):
        list(watch.iter_lines())


def test_a_watch_expires(proxy: Proxy, watch: requests.Response) -> None:
    assert proxy.expire_watches() == 1
    [line] = watch.iter_lines()
    event = json.loads(line)
    assert (event["type"], event["object"]["code"]) == ("ERROR", 410)


def test_what_hangs_is_let_go_by_heal(proxy: Proxy, client: Client, namespace: str) -> None:
    proxy.hang("GET", "/deployments")
    ended: list[Exception] = []

    def ask() -> None:
        try:
            client.list(namespace)
        except requests.RequestException as error:
            ended.append(error)

    asking = Thread(target=ask)
    asking.start()
    asking.join(0.5)
    assert not ended
    proxy.heal()
    asking.join(5)
    assert ended
    assert client.list(namespace) == []
