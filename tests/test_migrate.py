"""`scaler migrate` as a user types it."""

import json
from pathlib import Path

import pytest
import yaml

from tests.migrating import RABBIT, authentication, given, migrate, rabbit, scaled_object

WHOLE = given(scaled_object(initialCooldownPeriod=0, advanced={"horizontalPodAutoscalerConfig": {"behavior": {}}}))
HALF = given(scaled_object(rabbit(), {"type": "cpu"}))


def test_help_fits_a_terminal() -> None:
    done = migrate("--help")
    assert done.exit_code == 0
    assert all(len(line) <= 80 for line in done.stdout.splitlines())


def test_a_patch_and_one_line_about_it() -> None:
    done = migrate("-", given=WHOLE)
    assert (done.exit_code, done.stderr) == (0, "1 of 1 target mapped\n")
    assert (
        done.stdout
        == """\
# from -: ScaledObject shop/orders
apiVersion: apps/v1
kind: Deployment
metadata:
  name: worker
  namespace: shop
  annotations:
    scalerule.dev/rule: |
      initialCooldownPeriod: 0
      behavior: {}
      triggers:
        - type: rabbitmq
          name: orders
          metadata:
            host: "amqp://guest:guest@rabbit:5672/"
            queueName: orders
            mode: QueueLength
            value: "20"
"""
    )


def test_what_has_no_equal_is_a_comment_where_it_was() -> None:
    done = migrate("-", given=HALF)
    assert done.exit_code == 1
    assert done.stderr.startswith(
        "Deployment shop/worker, from -: ScaledObject shop/orders:\n  error    spec.triggers[1]: cpu"
    )
    assert done.stderr.splitlines()[-1] == "0 of 1 target mapped; 1 without an equal, 2 different"
    lines = done.stdout.splitlines()
    assert lines[-3:-1] == [
        "        #   - type: cpu",
        "    # paused, because the rule is not whole: remove this once you have seen to the comments in it",
    ]
    assert lines[-1] == '    scalerule.dev/paused: "true"'


def test_json_is_a_line_per_target() -> None:
    done = migrate("-", "-o", "json", given=HALF + WHOLE.replace("worker", "other"))
    assert done.exit_code == 1
    first, second = map(json.loads, done.stdout.splitlines())
    assert first.keys() == {"namespace", "name", "kind", "annotations", "notes"}
    assert (first["namespace"], first["name"], first["kind"]) == ("shop", "worker", "Deployment")
    assert first["annotations"]["scalerule.dev/paused"] == "true"
    assert (first["notes"][0]["path"], first["notes"][0]["severity"]) == ("spec.triggers[1]", "error")
    assert second["notes"] == []
    assert done.stderr == "1 of 2 targets mapped; 1 without an equal, 2 different\n"


def test_every_form_says_the_same() -> None:
    (row,) = map(json.loads, migrate("-", "-o", "json", given=HALF).stdout.splitlines())
    assert yaml.safe_load(migrate("-", given=HALF).stdout)["metadata"]["annotations"] == row["annotations"]


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_lists_and_files_together(form: str, tmp_path: Path) -> None:
    """The credential is in another file than what refers to it."""
    trigger = {"type": "rabbitmq", "metadata": {k: v for k, v in RABBIT.items() if k != "host"}}
    source = scaled_object({**trigger, "authenticationRef": {"name": "auth"}})
    (tmp_path / "list.json").write_text(json.dumps({"kind": "List", "items": [source, {"kind": "Service"}]}))
    auth = authentication(secretTargetRef=[{"parameter": "host", "name": "s", "key": "k"}])
    (tmp_path / "auth.yaml").write_text(yaml.safe_dump(auth))
    done = migrate(tmp_path / "auth.yaml", tmp_path / "list.json", "-o", form)
    assert done.exit_code == 0
    assert "Service" not in done.output


@pytest.mark.parametrize(
    ("options", "named", "namespace"),
    [((), None, "default"), (("-n", "shop"), "shop", "shop")],
)
def test_a_namespace_is_written_where_somebody_named_it(
    options: tuple[str, ...], named: str | None, namespace: str
) -> None:
    source = scaled_object()
    del source["metadata"]["namespace"]
    written = yaml.safe_load(migrate("-", *options, given=given(source)).stdout)
    assert written["metadata"].get("namespace") == named
    assert json.loads(migrate("-", "-o", "json", *options, given=given(source)).stdout)["namespace"] == namespace


def test_a_file_per_target(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "patches"
    both = WHOLE + given(scaled_object(scaleTargetRef={"kind": "StatefulSet", "name": "worker"}))
    done = migrate("-", "--output-dir", folder, given=both)
    assert done.exit_code == 0
    assert done.stdout.splitlines() == [
        f"wrote {folder}/shop.worker.yaml",
        f"wrote {folder}/shop.worker.statefulset.yaml",
    ]
    assert yaml.safe_load((folder / "shop.worker.yaml").read_text())["metadata"]["name"] == "worker"


def test_files_that_are_there_stay(tmp_path: Path) -> None:
    (tmp_path / "shop.worker.yaml").write_text("mine")
    done = migrate("-", "--output-dir", tmp_path, given=WHOLE + WHOLE.replace("worker", "other"))
    assert done.exit_code == 1
    assert "--force overwrites" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["shop.worker.yaml"]
    assert (tmp_path / "shop.worker.yaml").read_text() == "mine"
    assert migrate("-", "--output-dir", tmp_path, "--force", given=WHOLE).exit_code == 0
    assert "initialCooldownPeriod" in (tmp_path / "shop.worker.yaml").read_text()


@pytest.mark.parametrize("name", ["../out", "/tmp/out", "a/../../out"])
def test_no_file_is_written_elsewhere(name: str, tmp_path: Path) -> None:
    source = scaled_object(scaleTargetRef={"name": name})
    other = scaled_object(scaleTargetRef={"name": "x", "kind": name})
    done = migrate("-", "--output-dir", tmp_path / "in", given=given(source, other))
    assert done.exit_code == 1
    assert list(tmp_path.rglob("*.yaml")) == []


@pytest.mark.parametrize("text", ["", "kind: Service", "[]"])
def test_nothing_to_migrate(text: str) -> None:
    done = migrate("-", given=text)
    assert done.exit_code == 1
    assert "nothing to migrate in -: no ScaledObject" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        ((), 2, "Missing argument"),
        (("-", "-"), 2, "name - once"),
        (("-", "--force"), 2, "--force goes with --output-dir"),
        (("-", "--diff", "--output-dir", "x"), 2, "--diff writes nothing"),
        (("-", "-o", "table"), 2, "'table' is not one of"),
        (("/nowhere/so.yaml",), 1, "/nowhere/so.yaml: No such file"),
        ((".",), 1, ".: a folder; name the files in it"),
        (("-", "--diff", "--kubeconfig=/nowhere/config"), 1, "--kubeconfig"),
    ],
)
def test_wrong_usage(arguments: tuple[str, ...], status: int, words: str) -> None:
    done = migrate(*arguments, given=WHOLE)
    assert (done.exit_code, done.stdout) == (status, "")
    assert words in done.stderr


def test_a_function_from_standard_input_needs_a_name() -> None:
    binding = {"type": "serviceBusTrigger", "queueName": "q"}
    done = migrate("-", given=json.dumps({"bindings": [binding]}))
    assert (done.exit_code, "--deployment NAME" in done.stderr) == (2, True)
    done = migrate("-", "--deployment", "bills", given=json.dumps({"bindings": [binding]}))
    assert (done.exit_code, yaml.safe_load(done.stdout)["metadata"]["name"]) == (0, "bills")


def test_hints_are_told_once_for_all() -> None:
    many = "".join(given(scaled_object(scaleTargetRef={"name": f"w{number}"})) for number in range(5))
    done = migrate("-", given=many)
    hints = [line for line in done.stderr.splitlines() if line.startswith("  ")]
    assert len(hints) == 2
    assert all(line.endswith("(shop/w0, shop/w1, shop/w2 and 2 more)") for line in hints)


def test_no_secret_is_asked_for() -> None:
    """A login in the metadata stays where it was; nothing else of it is printed."""
    done = migrate("-", given=HALF)
    assert "guest" not in done.stderr
