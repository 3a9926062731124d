"""A real Prometheus looks on while things happen; then every query of every dashboard and alert is asked of it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.client import worker
from tests.cluster.proxy import Proxy
from tests.e2e.conftest import Start
from tests.e2e.stage import Stage
from tests.e2e.test_trouble import SCALE
from tests.ports import free_ports
from tests.prometheus_server import PrometheusServer
from tests.running import Running
from tests.test_alerts import RULES
from tests.test_dashboards import queries
from tests.wait import wait

#: It has no series without a webhook; its panel says so.
WEBHOOK = "scaler_webhook_reviews_total"
#: Alerts that are silent in this scenario, which has a leader and a quick loop and broker.
SILENT = {"NoLeader", "ScaleErrors", "LoopLagging", "BrokerSlow", "WebhookCertificateEnds", "AtMaxReplicas"}


@pytest.fixture
def watched(stage: Stage, scaler: Start, proxy: Proxy, tmp_path: Path) -> Iterator[tuple[Running, PrometheusServer]]:
    running = scaler(kubeconfig=proxy.kubeconfig)
    prometheus = PrometheusServer(tmp_path / "prometheus", running.url.removeprefix("http://"))
    prometheus.start()
    yield running, prometheus
    prometheus.stop()


def unreachable() -> dict[str, object]:
    """A trigger whose broker is away."""
    host = f"http://guest:guest@127.0.0.1:{free_ports(1)[0]}/"
    metadata = {"host": host, "queueName": "away", "mode": "QueueLength", "value": "5"}
    return {"type": "rabbitmq", "name": "queue", "metadata": metadata}


def act(stage: Stage, proxy: Proxy, prometheus: PrometheusServer) -> None:
    """A burst, a broker that is away with a fallback and without, a mistake, a pause; and a conflict."""
    stage.deploy("orders")
    stage.deploy("held")
    stage.annotate("held", paused="true")
    away = {"triggers": [unreachable()], "pollingInterval": 0.5}
    rules = {
        "away": away,
        "guarded": {**away, "fallback": {"failureThreshold": 1, "replicas": 2}},
        "wrong": {**away, "minReplicas": 1},
    }
    for name, rule in rules.items():
        stage.client.create(stage.namespace, worker(name, {"scalerule.dev/rule": json.dumps(rule)}, 1))
    # A change is seen only from what was seen before it.
    wait(lambda: prometheus.ask('scaler_scale_actions_total{deployment="orders"}'), 10, "orders is scraped")
    proxy.refuse(409, "PATCH", SCALE + ".*", times=1)
    stage.vhost.publish("orders", 20)
    stage.wait_for("orders", 4)
    stage.wait_for("guarded", 2, 20)


def test_what_is_asked_is_answered(stage: Stage, proxy: Proxy, watched: tuple[Running, PrometheusServer]) -> None:
    running, prometheus = watched
    act(stage, proxy, prometheus)
    stage.wait_for_rules(running, "invalid", 1)
    chosen = {"$__rate_interval": "30s", "$namespace": stage.namespace, "$deployment": ".+"}
    # Each scrape brings more: a rate needs a change that was seen.
    waiting = [query for query in queries() if WEBHOOK not in query.expr]
    assert len(waiting) >= 40

    def empty() -> list[str]:
        return [query.where for query in waiting if not prometheus.ask(query.filled(chosen))]

    wait(lambda: not empty(), 30, lambda: f"no answer: {empty()}")
    for rule in RULES:
        if "record" in rule:
            assert prometheus.ask(rule["expr"].replace("5m", "30s")), rule["record"]
        else:
            firing = bool(prometheus.ask(_now(rule["expr"])))
            assert firing != (rule["alert"] in SILENT), rule["alert"]

    def value(expr: str) -> float:
        (found,) = prometheus.ask(expr)
        return float(found["value"][1])

    states = {state: value(f'scaler_rules{{state="{state}"}}') for state in ("ready", "failing", "invalid", "paused")}
    assert states == {"ready": 1, "failing": 2, "invalid": 1, "paused": 1}
    assert value(f'scaler_replicas{{namespace="{stage.namespace}", deployment="orders"}}') == 4
    assert value('scaler_rule_fallback{deployment="guarded"}') == 1
    assert value('sum(scaler_scale_actions_total{deployment="orders", direction="up"})') == 1


def _now(expr: str) -> str:
    """An alert's question, where a recorded series stands for what was not recorded here."""
    recorded = {rule["record"]: rule["expr"] for rule in RULES if "record" in rule}
    for name, made_of in recorded.items():
        expr = expr.replace(name, f"({made_of})")
    return expr
