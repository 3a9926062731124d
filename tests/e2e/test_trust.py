"""Who writes a rule is not trusted: what a rule may not reach, and what it may never show."""

import json
import secrets

import pytest

from tests.cluster.client import worker
from tests.e2e.conftest import Start
from tests.e2e.stage import Stage
from tests.wait import wait


@pytest.mark.parametrize("http", [False, True], ids=["amqp", "http"])
def test_loopback_is_refused_unless_allowed(stage: Stage, scaler: Start, http: bool) -> None:
    stage.deploy("orders", replicas=3, http=http)
    scaler(env={"SCALER_ALLOW_DESTINATION": ""})
    message = stage.wait_for_event("orders", "TriggerFailed")["message"]
    assert "127.0.0.1, a loopback address, which a rule may not reach" in message
    assert "--allow-destination" in message
    assert stage.replicas("orders") == 3


@pytest.mark.parametrize("scheme", ["amqp", "http"])
def test_a_password_is_never_shown(stage: Stage, scaler: Start, scheme: str) -> None:
    canary = f"canary-{secrets.token_hex(8)}"
    port = stage.vhost.amqp_url if scheme == "amqp" else stage.vhost.management_url
    place = port.rpartition("@")[2]
    for name, value in {"refused": "5", "invalid": "many"}.items():
        metadata = {"host": f"{scheme}://{canary}:{canary}@{place}", "queueName": name, "value": value}
        trigger = {"type": "rabbitmq", "metadata": {**metadata, "mode": "QueueLength"}}
        rule = {"scalerule.dev/rule": json.dumps({"triggers": [trigger], "pollingInterval": 0.5})}
        stage.client.create(stage.namespace, worker(name, rule, 1))
    running = scaler()
    stage.wait_for_event("refused", "TriggerFailed")
    stage.wait_for_event("invalid", "ScaleRuleInvalid")
    wait(lambda: stage.status("refused") and stage.status("invalid"), 10, "both states written")
    written = [json.dumps(stage.status(name)) + json.dumps(stage.events(name)) for name in ("refused", "invalid")]
    shown = running.get("/metrics").text + running.page("/rules").text + json.dumps(running.log())
    assert canary not in "".join(written) + shown
