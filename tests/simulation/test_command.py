"""`scaler simulate` as a user types it."""

import csv
import io
import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as some

from scaler.command.group import main
from scaler.simulation.command import Options, perform
from tests.prometheus_server import PrometheusServer
from tests.rules import rule, trigger
from tests.simulation.traces import manifest

START = 1_767_225_600


def simulate(*arguments: object, given: str | None = None) -> Result:
    return CliRunner().invoke(main, ["simulate", *map(str, arguments)], input=given)


@pytest.fixture
def worker(tmp_path: Path) -> Path:
    return manifest(tmp_path / "worker.yaml", pollingInterval=10, cooldownPeriod=20, initialCooldownPeriod=0)


@pytest.fixture
def burst(tmp_path: Path) -> Path:
    path = tmp_path / "burst.csv"
    path.write_text("time,orders\n0,0\n10,45\n20,error\n30,0\n40,0\n50,0\n")
    return path


def test_help_fits_a_terminal() -> None:
    done = simulate("--help")
    assert done.exit_code == 0
    assert all(len(line) <= 80 for line in done.stdout.splitlines())


def test_json_is_a_line_per_poll_and_the_summary(worker: Path, burst: Path) -> None:
    done = simulate("-f", worker, "--trace", burst, "-o", "json")
    *rows, last = map(json.loads, done.stdout.splitlines())
    assert (done.exit_code, done.stderr) == (0, "")
    assert rows[1] == {
        "rule": "shop/worker",
        "time": 10,
        "readings": {"orders": 45.0},
        "replicas": 5,
        "ready": 5,
        "reason": "Activated",
    }
    assert rows[2]["readings"] == {"orders": {"error": "the trace says error here"}}
    assert [row["replicas"] for row in rows] == [0, 5, 5, 5, 0, 0]
    (told,) = last["summary"]
    assert (told["replicaSeconds"], told["scaleUps"], told["scaleDowns"]) == (150, 1, 1)


def test_csv_is_a_line_per_poll(worker: Path, burst: Path) -> None:
    done = simulate("-f", worker, "--trace", burst, "-o", "csv")
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [(row["time"], row["orders"], row["replicas"]) for row in rows[:3]] == [
        ("0", "0", "0"),
        ("10", "45", "5"),
        ("20", "error", "5"),
    ]
    assert {(row["rule"], row["ready"]) for row in rows} == {("shop/worker", "0"), ("shop/worker", "5")}


def test_a_table_for_people(worker: Path, burst: Path) -> None:
    done = simulate("-f", worker, "--trace", burst, "-o", "table")
    lines = [line.split("  ") for line in done.stdout.splitlines()]
    assert ["longest wait", "-"] in [[cell.strip() for cell in line if cell] for line in lines]
    assert "orders: 45 at 10 each asks for 5; active by orders" in done.stdout


def test_a_long_table_says_what_it_leaves_out(worker: Path) -> None:
    rows = "".join(f"{at * 30},{50 if at % 2 else 0}\n" for at in range(100))
    done = simulate("-f", worker, "--trace", "-", "-o", "table", "--hold", "1m", given="time,orders\n" + rows)
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[-1].endswith("more; -o json or -o csv print every poll")


def test_rules_side_by_side(worker: Path, tmp_path: Path, burst: Path) -> None:
    other = manifest(tmp_path / "other.yaml", trigger(target=5), pollingInterval=20)
    done = simulate("-f", worker, "-f", other, "--trace", burst, "-o", "table")
    assert done.stdout.splitlines()[0].split() == ["worker.yaml", "other.yaml"]
    summary = json.loads(simulate("-f", worker, "-f", other, "--trace", burst).stdout.splitlines()[-1])["summary"]
    assert [(each["file"], each["polls"]) for each in summary] == [(str(worker), 6), (str(other), 3)]


def test_several_rules_in_one_file(tmp_path: Path, burst: Path) -> None:
    documents = [manifest(tmp_path / "a.yaml").read_text(), manifest(tmp_path / "b.yaml").read_text()]
    (tmp_path / "both.yaml").write_text("\n---\n".join([documents[0], documents[1].replace('"worker"', '"copy"')]))
    done = simulate("-f", tmp_path / "both.yaml", "--trace", burst)
    assert [each["rule"] for each in json.loads(done.stdout.splitlines()[-1])["summary"]] == [
        "shop/worker",
        "shop/copy",
    ]
    done = simulate("-f", tmp_path / "a.yaml", "-f", tmp_path / "a.yaml", "--trace", burst)
    labels = [each["rule"] for each in json.loads(done.stdout.splitlines()[-1])["summary"]]
    assert labels == ["(1) a.yaml: shop/worker", "(2) a.yaml: shop/worker"]


@settings(max_examples=20)
@given(
    some.lists(some.integers(0, 300), min_size=2, max_size=30),
    some.integers(1, 50),
    some.sampled_from([10, 25]),
    some.sampled_from([None, 2.5]),
)
def test_together_is_as_alone(
    tmp_path_factory: pytest.TempPathFactory, counts: list[int], target: int, interval: int, rate: float | None
) -> None:
    folder = tmp_path_factory.mktemp("runs")
    column = "orders" if rate is None else "arrivals"
    rows = "".join(f"{at * 10},{count}\n" for at, count in enumerate(counts))
    (folder / "t.csv").write_text(f"time,{column}\n{rows}")
    one = manifest(folder / "one.yaml", trigger(target=target), pollingInterval=interval)
    two = manifest(folder / "two.yaml", pollingInterval=10, cooldownPeriod=30, minReplicaCount=1)

    def rows_of(*files: Path) -> list[Any]:
        given = {"trace": str(folder / "t.csv"), "service_rate": rate, "startup": 15}
        return [run.rows for run in perform(Options(files=tuple(map(str, files)), **given))]  # type: ignore[arg-type]

    assert rows_of(one, two) == rows_of(one) + rows_of(two)


@pytest.mark.parametrize(
    ("spec", "arguments", "first"),
    [({}, (), 2), ({"replicas": 7}, (), 7), ({"replicas": 7}, ("--replicas", 9), 9), ({}, ("--replicas", 9), 9)],
)
def test_what_it_begins_with(tmp_path: Path, burst: Path, spec: Any, arguments: Any, first: int) -> None:
    path = manifest(tmp_path / "w.yaml", spec=spec, minReplicaCount=2, pollingInterval=10)
    done = simulate("-f", path, "--trace", burst, *arguments)
    assert json.loads(done.stdout.splitlines()[0])["replicas"] == first


@pytest.mark.parametrize("kind", ["rabbitmq", "azure-servicebus", "aws-sqs-queue", "kubemq"])
def test_secrets_are_not_needed(tmp_path: Path, burst: Path, kind: str) -> None:
    """Targets are those of the broker's own parameters, whatever they are called."""
    metadata = {
        "rabbitmq": {"queueName": "q", "mode": "QueueLength", "value": "15", "activationValue": "3"},
        "azure-servicebus": {"queueName": "q", "messageCount": "15", "activationMessageCount": "3"},
        "aws-sqs-queue": {
            "queueURL": "https://sqs.eu-west-1.amazonaws.com/1/q",
            "awsRegion": "eu-west-1",
            "queueLength": "15",
            "activationQueueLength": "3",
        },
        "kubemq": {"address": "kubemq:50000", "queueName": "q", "targetWaiting": "15", "activationTargetWaiting": "3"},
    }[kind]
    one = {"type": kind, "name": "orders", "metadata": metadata, "authentication": {"secret": "login"}}
    path = manifest(tmp_path / "w.yaml", one, pollingInterval=10)
    done = simulate("-f", path, "--trace", burst)
    assert done.exit_code == 0, done.output
    assert [json.loads(line).get("replicas") for line in done.stdout.splitlines()][:2] == [0, 3]


def test_a_target_that_nobody_knows(worker: Path, burst: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As of a broker type of somebody else that takes its target from a Secret."""
    of = rule()
    unknown = replace(of, triggers=(replace(of.triggers[0], target=math.nan),))
    monkeypatch.setattr("scaler.simulation.candidate.parse", lambda *_: unknown)
    done = simulate("-f", worker, "--trace", burst)
    assert (done.exit_code, done.stdout) == (1, "")
    assert "shop/worker: the target of trigger 'orders' comes from an object that is not in the file" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        ((), 2, "give either --trace FILE or --from-prometheus URL with --query"),
        (("--trace", "t.csv", "--from-prometheus", "http://x"), 2, "give either --trace FILE or"),
        (("--from-prometheus", "http://x"), 2, "--from-prometheus needs --query"),
        (("--trace", "t.csv", "--query", "x", "--save-trace", "y"), 2, "--query, --save-trace: only with"),
        (("--trace", "t.csv", "--service-rate", "0"), 2, "--service-rate"),
        (("--trace", "t.csv", "--startup", "-1"), 2, "--startup"),
        (("--trace", "t.csv", "--hold", "soon"), 2, "must be a duration such as 30"),
        (("--from-prometheus", "http://x", "--query", "x", "--start", "noon"), 2, "'noon' is neither ISO 8601 such as"),
        (
            ("--from-prometheus", "http://x", "--query", "x", "--start", "2000", "--end", "1000"),
            2,
            "--start must be before --end, by more than a --step",
        ),
        (("--trace", "t.csv", "-o", "yaml"), 2, "'yaml' is not one of"),
        (("--trace", "/nowhere/t.csv"), 1, "/nowhere/t.csv: No such file or directory"),
        (("--trace", "/nowhere/t.csv", "--plot", "a.gif"), 1, "a.gif: a plot ends in .svg, .png or .html"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_cannot_be(worker: Path, arguments: tuple[str, ...], status: int, told: str) -> None:
    done = simulate("-f", worker, *arguments)
    assert (done.exit_code, done.stdout) == (status, "")
    assert told in done.stderr


def test_only_one_file_is_standard_input() -> None:
    done = simulate("-f", "-", "--trace", "-", given="{}")
    assert (done.exit_code, "only one file can be -" in done.stderr) == (2, True)


def test_rules_that_are_invalid(tmp_path: Path, burst: Path) -> None:
    path = manifest(tmp_path / "w.yaml", minReplicas=1, marks={"paused": "perhaps"})
    done = simulate("-f", path, "--trace", burst)
    assert (done.exit_code, done.stdout) == (1, "")
    assert f"{path}: shop/worker: the rule is invalid:" in done.stderr
    assert "  minReplicas: unknown; did you mean 'minReplicaCount'?" in done.stderr
    assert "perhaps" in done.stderr


def test_files_without_rules(tmp_path: Path, burst: Path) -> None:
    (tmp_path / "none.yaml").write_text("kind: Service\n")
    done = simulate("-f", tmp_path / "none.yaml", "--trace", burst)
    assert (done.exit_code, "none.yaml: no Deployment with the annotation" in done.stderr) == (1, True)


@pytest.mark.parametrize("suffix", ["svg", "png", "html"])
def test_a_picture(worker: Path, burst: Path, tmp_path: Path, suffix: str) -> None:
    done = simulate("-f", worker, "--trace", burst, "--plot", tmp_path / f"a.{suffix}")
    assert done.exit_code == 0, done.output
    assert (tmp_path / f"a.{suffix}").stat().st_size > 10_000


def test_prometheus_and_back(worker: Path, tmp_path: Path, prometheus: PrometheusServer) -> None:
    prometheus.start(f"depth {abs(30 - row)} {START + row * 15}" for row in range(61))
    asked = ("--query", "depth", "--start", "2026-01-01T00:00:00Z", "--end", START + 900, "--step", "15s")
    saved = tmp_path / "saved.csv"
    done = simulate("-f", worker, "--from-prometheus", prometheus.url, *asked, "--save-trace", saved)
    assert done.exit_code == 0, done.output
    first, *_ = map(json.loads, done.stdout.splitlines())
    assert (first["time"], first["readings"]) == ("2026-01-01T00:00:00Z", {"orders": 30})
    assert saved.read_text().startswith("time,orders\n2026-01-01T00:00:00Z,30\n2026-01-01T00:00:15Z,29\n")
    assert simulate("-f", worker, "--trace", saved).stdout == done.stdout


def test_no_prometheus(worker: Path) -> None:
    done = simulate("-f", worker, "--from-prometheus", "http://127.0.0.1:1", "--query", "depth")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "cannot reach Prometheus at http://127.0.0.1:1" in done.stderr
