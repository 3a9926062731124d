"""One namespace and one virtual host: where a test deploys workers and looks at what becomes of them."""

import functools
import json
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.cluster.client import Client, worker
from tests.cluster.proxy import Proxy
from tests.rabbitmq import Vhost
from tests.running import Scaler
from tests.wait import wait

#: How rules of these tests look unless they say otherwise: quick, so that the tests are.
QUICK = {"pollingInterval": 0.5, "cooldownPeriod": 2, "initialCooldownPeriod": 0, "maxReplicaCount": 10}


class Stage:
    """What a user and an operator of the broker can do and see."""

    def __init__(self, client: Client, namespace: str, vhost: Vhost) -> None:
        self.client = client
        self.namespace = namespace
        self.vhost = vhost

    def rule(self, queue: str, *, http: bool = False, **fields: Any) -> str:
        """The text of a rule: one queue, five messages per replica."""
        host = self.vhost.management_url if http else self.vhost.amqp_url
        metadata = {"host": host, "queueName": queue, "mode": "QueueLength", "value": "5"}
        trigger = {"type": "rabbitmq", "name": "queue", "metadata": metadata}
        return json.dumps({"triggers": [trigger], **QUICK, **fields})

    def deploy(self, name: str, replicas: int = 0, *, http: bool = False, **fields: Any) -> None:
        """A queue and a worker Deployment of one name, with a rule."""
        self.vhost.declare(name)
        annotations = {"scalerule.dev/rule": self.rule(name, http=http, **fields)}
        self.client.create(self.namespace, worker(name, annotations, replicas))

    def deploy_all(self, names: Sequence[str], *, http: bool = False, **fields: Any) -> None:
        """Workers for queues that are there already."""
        rules = {name: {"scalerule.dev/rule": self.rule(name, http=http, **fields)} for name in names}
        self.create_all(worker(name, annotations, 0) for name, annotations in rules.items())

    def create_all(self, deployments: Iterable[dict[str, Any]]) -> None:
        """Many, several at a time."""
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(functools.partial(self.client.create, self.namespace), deployments))

    def edit(self, name: str, **fields: Any) -> None:
        """Change the rule."""
        self.annotate(name, rule=self.rule(name, **fields))

    def annotate(self, name: str, **annotations: str | None) -> None:
        """Set our annotations, named without prefix and with _ for -."""
        ours = {f"scalerule.dev/{key.replace('_', '-')}": text for key, text in annotations.items()}
        self.client.annotate(self.namespace, name, ours)

    def replicas(self, name: str) -> int:
        """spec.replicas."""
        return self.client.replicas(self.namespace, name)

    def all_replicas(self) -> dict[str, int]:
        """spec.replicas of every Deployment."""
        return {item["metadata"]["name"]: item["spec"]["replicas"] for item in self.client.list(self.namespace)}

    def wait_for(self, name: str, replicas: int, seconds: float = 10.0) -> None:
        """Until spec.replicas is that."""
        wait(
            lambda: self.replicas(name) == replicas, seconds, lambda: f"{name} at {replicas}, is {self.replicas(name)}"
        )

    def status(self, name: str) -> dict[str, Any]:
        """The status annotation; empty where there is none."""
        annotations = self.client.get(self.namespace, name)["metadata"].get("annotations", {})
        found: dict[str, Any] = json.loads(annotations.get("scalerule.dev/status", "{}"))
        return found

    def condition(self, name: str, kind: str) -> dict[str, Any]:
        """One condition of the status; empty where there is none."""
        rows = self.status(name).get("conditions", [])
        return next((row for row in rows if row["type"] == kind), {})

    def wait_for_condition(self, name: str, kind: str, status: str, seconds: float = 12.0) -> dict[str, Any]:
        """Until a condition has a status; the status annotation is at most 5 s late."""
        wait(
            lambda: self.condition(name, kind).get("status") == status,
            seconds,
            lambda: f"{kind}={status} of {name}: {self.status(name)}",
        )
        return self.condition(name, kind)

    def reasons(self, name: str) -> list[str]:
        """The reasons of the events on a Deployment, oldest first."""
        return [event["reason"] for event in self.events(name)]

    def events(self, name: str) -> list[dict[str, Any]]:
        """The events on a Deployment, oldest first."""
        return self.client.events(self.namespace, name)

    def wait_for_event(self, name: str, reason: str, seconds: float = 10.0) -> dict[str, Any]:
        """Until there is an event with this reason; the last of them."""
        wait(lambda: reason in self.reasons(name), seconds, lambda: f"{reason} on {name}: {self.reasons(name)}")
        return [event for event in self.events(name) if event["reason"] == reason][-1]

    def wait_for_rules(self, running: Scaler, state: str, count: int, seconds: float = 20.0) -> None:
        """Until the scaler counts so many rules in a state."""
        wait(lambda: running.metric("scaler_rules", state=state) == count, seconds, f"{count} rules {state}")

    def series(self, running: Scaler, name: str) -> list[str]:
        """The metrics that speak of a Deployment."""
        return sorted(found for found, labels in running.metrics() if ("deployment", name) in labels)

    def lists(self, proxy: Proxy) -> int:
        """How often all Deployments were listed."""
        return sum(
            each.method == "GET" and not each.is_watch and each.path.endswith("/deployments") for each in proxy.requests
        )
