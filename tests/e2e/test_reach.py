"""`scaler status` and `scaler explain` find the running scalers by themselves, with what rights a person has."""

import asyncio
import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from scaler.kube import Kube
from scaler.overview import Overview, overview
from scaler.reach import Leases
from tests.cluster.access import Access, Kubeconfig
from tests.cluster.client import worker
from tests.cluster.proxy import Proxy
from tests.e2e.conftest import Start
from tests.e2e.home import LEASES, PROXY, Home
from tests.e2e.stage import Stage
from tests.e2e.test_cli import scaler as command
from tests.outside import outside_address
from tests.running import Running
from tests.wait import wait


@pytest.fixture
def home(cluster: Access) -> Iterator[Home]:
    """A namespace for scalers alone."""
    client = cluster.client
    made = Home(cluster, client.create_namespace("home"))
    made.welcome_scalers()
    yield made
    client.delete_namespace(made.namespace)


def rows(done: Any) -> list[dict[str, Any]]:
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def in_context(cluster: Access, namespace: str, tmp_path: Path) -> str:
    """The administrator's kubeconfig, in a namespace."""
    found = Kubeconfig.read(cluster.kubeconfig)
    return f"--kubeconfig={found._replace(namespace=namespace).write(tmp_path / 'context.kubeconfig')}"


def test_a_kubeconfig_is_enough(stage: Stage, scaler: Start, cluster: Access, tmp_path: Path) -> None:
    stage.deploy("orders")
    stage.vhost.publish("orders", 12)
    home, pod = Home(cluster, "scalerule-system"), f"scaler-{stage.namespace}"
    scaler(*home.flags(pod))
    stage.wait_for("orders", 3)
    access = in_context(cluster, stage.namespace, tmp_path)
    (row,) = rows(command("status", access, "-n", stage.namespace))
    assert (row["name"], row["replicas"], row["readings"]) == ("orders", 3, {"queue": 12.0})
    for named in (["orders"], ["orders", "-n", stage.namespace], [f"{stage.namespace}/orders"]):
        last = rows(command("explain", *named, access))[-1]
        assert (last["namespace"], last["name"], last["decision"]["replicas"]) == (stage.namespace, "orders", 3)
    assert rows(command("read", "orders", access))[0]["value"] == 12
    home.delete_pod(pod)


@pytest.mark.usefixtures("stateful_rights")
def test_a_stateful_set_is_named_with_its_kind(stage: Stage, scaler: Start, home: Home) -> None:
    stage.vhost.declare("orders")
    found = worker("orders", {"scalerule.dev/rule": stage.rule("orders")}, 0)
    path = f"/apis/apps/v1/namespaces/{stage.namespace}/statefulsets"
    stage.client.call("POST", path, found | {"kind": "StatefulSet", "spec": found["spec"] | {"serviceName": "orders"}})
    running = scaler("--kinds=deployments,statefulsets", *home.flags("scaler-a"))
    stage.wait_for_rules(running, "ready", 1)
    access, space = f"--kubeconfig={home.person(LEASES, PROXY)}", stage.namespace
    (row,) = rows(command("status", access))
    assert (row["name"], row["readings"]) == ("statefulsets/orders", {"queue": 0.0})
    for named in ([f"{space}/statefulsets/orders"], ["statefulsets/orders", "-n", space]):
        assert rows(command("explain", *named, access))[-1]["name"] == "statefulsets/orders"
    running.kill()
    admin = (f"--kubeconfig={home.cluster.kubeconfig}", f"--scaler-namespace={home.namespace}")
    (row,) = rows(command("status", *admin, "-n", space))
    assert (row["name"], row["readings"]) == ("statefulsets/orders", None)


def test_two_are_asked_by_whoever_may_list_leases_and_get_pods_proxy(stage: Stage, scaler: Start, home: Home) -> None:
    names = [f"worker-{number}" for number in range(12)]
    stage.vhost.declare(*names)
    stage.deploy_all(names)
    # Longer than all that is asked after the second was killed.
    flags = ("--shards=auto", "--lease-duration=60")
    # The second takes its half once the first has seen it, a third of a Lease later.
    members = [scaler(*flags, *home.flags(name)) for name in ("scaler-a", "scaler-b")]
    wait(lambda: sorted(map(rules, members))[0] > 0 and sum(map(rules, members)) == 12, 60, "both have some")
    wait(lambda: all(readings(member) for member in members), 30, "all are read")
    person = f"--kubeconfig={home.person(LEASES, PROXY)}"

    done = command("status", person)
    assert [row["name"] for row in rows(done)] == sorted(names)
    assert all(row["readings"] == {"queue": 0.0} for row in rows(done))
    assert done.stderr == ""
    for name in names[:4]:
        assert rows(command("explain", f"{stage.namespace}/{name}", person))[-1]["name"] == name
    unknown = command("explain", f"{stage.namespace}/nobody", person)
    assert unknown.returncode == 1
    assert f"no running scaler knows a rule of {stage.namespace}/nobody" in unknown.stderr

    for name in names:
        stage.wait_for_condition(name, "Ready", "True", 60)
    lost = rules(members[1])
    members[1].kill()
    admin = f"--kubeconfig={home.cluster.kubeconfig}"
    done = command("status", admin, f"--scaler-namespace={home.namespace}", "-n", stage.namespace)
    told = rows(done)
    assert [row["name"] for row in told] == sorted(names)
    assert sum(row["readings"] is None for row in told) == lost
    assert all(row["conditions"]["Ready"]["status"] == "True" for row in told)
    assert f"{lost} of 12 rules as their Deployments tell, without readings: " in done.stderr
    assert "scaler-b does not answer" in done.stderr
    # Who may not read Deployments sees the rest, and is told that it is not all.
    done = command("status", person)
    assert len(rows(done)) == 12 - lost
    assert "some rules may be missing: scaler-b does not answer" in done.stderr
    home.delete_pod("scaler-b")
    assert "scaler-b has a Lease and is no pod" in command("status", person).stderr


async def test_no_rule_is_missing_while_shards_move(stage: Stage, scaler: Start, home: Home, proxy: Proxy) -> None:
    names = [f"worker-{number}" for number in range(20)]
    stage.vhost.declare(*names)
    stage.deploy_all(names)
    flags = ("--shards=auto", "--lease-duration=6")
    first = scaler(*flags, *home.flags("scaler-a"))
    stage.wait_for_rules(first, "ready", 20)
    kube = await Kube.connect(home.cluster.kubeconfig, None)
    looks = list[Overview]()

    async def look_until(done: Callable[[], bool]) -> None:
        end = time.monotonic() + 60
        while not done():
            assert time.monotonic() < end
            looks.append(await overview(Leases(kube, home.namespace), kube, stage.namespace))
            await asyncio.sleep(0.02)

    # What is remembered of its rules takes a while to read and to write.
    proxy.delay(1.0, path="/configmaps")
    second = scaler(*flags, *home.flags("scaler-b"), kubeconfig=proxy.kubeconfig)
    await look_until(lambda: rules(second) > 0 and rules(first) + rules(second) == 20)
    await look_until(lambda: looks[-1].note == "")
    leaving = asyncio.create_task(asyncio.to_thread(second.stop))
    await look_until(lambda: leaving.done() and rules(first) == 20)
    await kube.close()
    await leaving
    assert {tuple(row["name"] for row in look.rows) for look in looks} == {tuple(sorted(names))}
    assert {look.note == "" for look in looks} == {True, False}


def rules(running: Running) -> int:
    return int(running.metric("scaler_rules"))


def readings(running: Running) -> bool:
    """Whether every rule of its own has been read."""
    return running.metric("scaler_rules", state="ready") == rules(running)


def test_on_this_machine_it_is_asked_directly(stage: Stage, scaler: Start, home: Home) -> None:
    stage.deploy("orders")
    running = scaler("--identity=laptop-1", f"--scaler-namespace={home.namespace}")
    stage.wait_for_rules(running, "ready", 1)
    # Of a time when there were more shards.
    home.lease("scalerule-old-7", "laptop-0", "http://127.0.0.1:1", stage.namespace)
    done = command("status", f"--kubeconfig={home.person(LEASES)}", f"--scaler-namespace={home.namespace}")
    assert (rows(done)[0]["readings"], done.stderr) == ({"queue": 0.0}, "")
    running.kill()
    done = command("explain", f"{stage.namespace}/orders", f"--kubeconfig={home.person(LEASES)}")
    assert done.returncode == 1
    assert "laptop-1 shows its rules to its own machine alone" in done.stderr
    assert "--page-address=:" in done.stderr


@pytest.mark.parametrize("given", [(), (LEASES,)], ids=["no rights", "Leases alone"])
def test_a_right_that_is_missing_is_named(home: Home, given: tuple[dict[str, list[str]], ...]) -> None:
    home.lease("scalerule-cluster-0", "scaler-a", "http://0.0.0.0:8081")
    home.pod("scaler-a", outside_address())
    person = f"--kubeconfig={home.person(*given)}"
    missing = PROXY if given else LEASES
    for asked in (("status",), ("explain", "shop/orders")):
        done = command(*asked, person)
        assert (done.returncode, done.stdout) == (1, "")
        assert f"{home.namespace}; the rule to ask for in a Role there: " in done.stderr
        (written,) = re.findall(r"Role there: ({.*?})", done.stderr)
        assert yaml.safe_load(written) == missing


def test_nobody_there(cluster: Access, namespace: str, tmp_path: Path) -> None:
    done = command(
        "explain", f"{namespace}/orders", f"--kubeconfig={cluster.kubeconfig}", f"--scaler-namespace={namespace}"
    )
    assert done.returncode == 1
    assert f"no scaler has a Lease in namespace {namespace}; is one running?" in done.stderr
    assert "--scaler-namespace" in done.stderr


class Recorder(BaseHTTPRequestHandler):
    """Notes what comes, and sends everybody elsewhere."""

    seen: list[dict[str, str]]
    elsewhere: str

    def do_GET(self) -> None:
        self.seen.append(dict(self.headers.items()))
        self.send_response(302)
        self.send_header("Location", self.elsewhere)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments: Any) -> None:
        pass


@contextmanager
def recording(host: str, elsewhere: str = "") -> Iterator[tuple[str, list[dict[str, str]]]]:
    """A web server that is no scaler: its URL, and the headers of all that it was asked."""
    seen: list[dict[str, str]] = []
    server = ThreadingHTTPServer((host, 0), type("Noting", (Recorder,), {"seen": seen, "elsewhere": elsewhere}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield "http://{}:{}".format(*server.server_address[:2]), seen
    finally:
        server.shutdown()
        server.server_close()


def test_no_lease_makes_anybody_send_a_token(home: Home) -> None:
    outside = outside_address()
    with (
        recording("127.0.0.1") as (elsewhere, led_there),
        recording("127.0.0.1", elsewhere + "/rules") as (here, direct),
        recording(outside, elsewhere + "/rules") as (there, through),
    ):
        home.lease("direct", "laptop-1", here)
        home.lease("proxied", "scaler-a", there)
        home.lease("away", "scaler-b", "http://someone.example.com:1@127.0.0.1/")
        home.lease("nothing", "scaler-c", "none")
        home.pod("scaler-a", outside)
        done = command("explain", "shop/orders", f"--kubeconfig={home.person(LEASES, PROXY)}")
    assert done.returncode == 1
    assert "somebody else answers at " + here in done.stderr
    assert "scaler-a does not answer" in done.stderr
    assert "the Lease of scaler-c gives no URL" in done.stderr
    assert (len(direct), len(through), led_there) == (1, 1, [])
    assert not any("authorization" in map(str.lower, headers) for headers in [*direct, *through])


async def test_an_api_server_with_a_name(
    stage: Stage, scaler: Start, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it passes on comes under its own name, which a scaler cannot know."""
    stage.deploy("orders")
    running = scaler(*home.flags("scaler-a"))
    stage.wait_for_rules(running, "ready", 1)
    name, real = "api.example.com", socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *more, **named: real("127.0.0.1" if host == name else host, *more, **named)
    )
    content = yaml.safe_load(home.cluster.kubeconfig.read_text())
    content["clusters"][0]["cluster"] |= {
        "server": f"https://{name}:{home.cluster.port}",
        "tls-server-name": "127.0.0.1",
    }
    path = tmp_path / "named.kubeconfig"
    path.write_text(yaml.safe_dump(content))
    kube = await Kube.connect(path, None)
    told = await Leases(kube, home.namespace).ask("/rules")
    await kube.close()
    assert told.silent == []
    assert [row["name"] for row in told.answers[0]] == ["orders"]
