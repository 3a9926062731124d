"""KEDA's common rules for parameters, on a made-up broker type."""

from typing import Annotated, Literal

import pytest
from pydantic import Field, SecretStr

import scalers
from scalers import Strict, parameters
from scalers.parameters import From, check, hide_credentials
from scalers.problem import Invalid
from scalers.source import Hidden
from scalers.values import Duration, Flag, Number, Whole


class Nothing(Strict):
    pass


class Sample(parameters.Parameters[Nothing, Nothing]):
    queue_name: Annotated[str, From("m")]
    """The queue."""
    host: Annotated[SecretStr, From("mae", url=True)] = SecretStr("sample://")
    number: Annotated[Number | None, From("m")] = Field(default=None, gt=0)
    offset: Annotated[Number, From("m")] = 0.0
    whole: Annotated[Whole, From("m")] = 100
    flag: Annotated[Flag, From("m")] = False
    patience: Annotated[Duration | None, From("m")] = None
    colour: Annotated[Literal["red", "blue"], From("ma")] = "red"
    token: Annotated[SecretStr | None, From("ae", also=("key",))] = None

    @check("number", "offset")
    def _number_and_offset(self) -> str | None:
        return "must be above offset" if self.number is not None and self.number <= self.offset else None

    def connection(self) -> Nothing:
        return Nothing()

    def queue(self) -> Nothing:
        return Nothing()

    @property
    def target(self) -> float:
        return self.number or 1.0

    @property
    def activation(self) -> float:
        return self.offset


def problems(
    metadata: dict[str, str], auth: dict[str, str] | None = None, env: dict[str, str] | None = None
) -> dict[str, str]:
    with pytest.raises(Invalid) as caught:
        Sample.parse(metadata, auth or {}, env or {})
    return {problem.path: problem.message for problem in caught.value.problems}


def sample(**metadata: str) -> Sample:
    return Sample.parse({"queueName": "q", **metadata})


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("number", "5", 5.0),
        ("number", " 2.5\n", 2.5),
        ("number", "1e3", 1000.0),
        ("number", "1E-2", 0.01),
        ("offset", "-7", -7.0),
        ("whole", "-3", -3),
        ("flag", "1", True),
        ("flag", "t", True),
        ("flag", "TRUE", True),
        ("flag", "F", False),
        ("flag", "False", False),
        ("patience", "1000", 1.0),
        ("patience", "0", 0.0),
        ("patience", "1m30s", 90.0),
        ("patience", "1.5h", 5400.0),
        ("patience", "500ms", 0.5),
        ("patience", "2us", 2e-6),
        ("colour", "blue", "blue"),
        ("colour", "", "red"),
        ("whole", "  ", 100),
    ],
)
def test_text_becomes_a_value(name: str, text: str, value: object) -> None:
    assert getattr(sample(**{name: text}), name) == value


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *(("number", text) for text in ("AA", "05", "+5", "1_000", ".5", "5.", "NaN", "1e999", "٣", "0x10")),
        *(("whole", text) for text in ("1e3", "1.0", "05", "+5", "9" * 5000)),
        *(("flag", text) for text in ("yes", "no", "tRUE", "on", "2")),
        *(("patience", text) for text in ("-1s", "-5", "soon", "1.5", "3 s", "1d", "9" * 400 + "h")),
        ("colour", "green"),
        ("colour", "Red"),
        ("number", "0"),
        ("number", "-1"),
    ],
)
def test_refused_text_is_named_with_its_path(name: str, text: str) -> None:
    found = problems({"queueName": "q", name: text})
    assert list(found) == [f"metadata.{name}"]
    assert repr(text[:100]) in found[f"metadata.{name}"]
    assert "must be" in found[f"metadata.{name}"]


@pytest.mark.parametrize(
    ("metadata", "auth", "env", "value"),
    [
        ({"host": "m", "hostFromEnv": "E"}, {"host": "a"}, {"E": "e"}, "m"),
        ({"hostFromEnv": "E"}, {"host": "a"}, {"E": "e"}, "a"),
        ({"hostFromEnv": " E "}, {}, {"E": "e"}, "e"),
        ({"host": "  ", "hostFromEnv": "E"}, {"host": "\n"}, {"E": "e"}, "e"),
        ({"host": ""}, {}, {}, "sample://"),
        ({"hostFromEnv": "E"}, {}, {"E": "   "}, "sample://"),
        ({"hostFromEnv": "E"}, {"host": "a"}, {}, "a"),
    ],
)
def test_first_source_that_is_not_blank_wins(
    metadata: dict[str, str], auth: dict[str, str], env: dict[str, str], value: str
) -> None:
    assert Sample.parse({"queueName": "q", **metadata}, auth, env).host.get_secret_value() == value


def test_other_names_are_read_after_the_first() -> None:
    assert Sample.parse({"queueName": "q"}, {"key": "k", "token": "t"}).token == SecretStr("t")
    assert Sample.parse({"queueName": "q"}, {"key": "k"}).token == SecretStr("k")
    assert Sample.parse({"queueName": "q", "keyFromEnv": "K"}, {}, {"K": "k"}).token == SecretStr("k")


def test_all_problems_come_at_once() -> None:
    found = problems({"number": "x", "flag": "y", "colour": "z", "nmber": "1"})
    assert found.keys() == {f"metadata.{name}" for name in ("queueName", "number", "flag", "colour", "nmber")}


def test_fields_are_checked_together_although_another_is_wrong() -> None:
    found = problems({"queueName": "q", "number": "1", "offset": "2", "flag": "y"})
    assert found["metadata.number"] == "must be above offset"
    assert "metadata.flag" in found


def test_a_wrong_field_is_not_checked_with_others() -> None:
    assert problems({"queueName": "q", "number": "x", "offset": "2"})["metadata.number"].endswith("not 'x'")


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("quueName", "did you mean 'queueName'?"),
        ("numberFromEnv", "write number in metadata"),
        ("token", "write token in authentication or metadata.tokenFromEnv"),
        ("keyFromEvn", "did you mean 'keyFromEnv'?"),
    ],
)
def test_unknown_metadata_names_the_cure(key: str, message: str) -> None:
    assert message in problems({"queueName": "q", key: "1"})[f"metadata.{key}"]


def test_unknown_authentication_is_ignored() -> None:
    assert Sample.parse({"queueName": "q"}, {"whatever": "else"}).queue_name == "q"


def test_a_missing_parameter_says_where_to_write_it() -> None:
    assert problems({})["metadata.queueName"] == "required; write it in metadata"


def test_a_variable_that_is_not_set_is_named() -> None:
    found = problems({"queueName": "q", "hostFromEnv": "NOPE"})
    assert found == {"metadata.hostFromEnv": "the target's container sets no variable 'NOPE'"}


def test_texts_from_secrets_are_not_repeated() -> None:
    found = problems({"queueName": "q"}, {"colour": "canary"})
    assert found == {"authentication.colour": "must be 'red' or 'blue', not '***'"}


NASTY = [
    "canary",
    "canary\n\0",
    "\ud800canary",
    f"{'1' * 20}canary",
    f"{'canary' * 1000}",
    '{"canary": "canary"}',
    "amqp://u:canary@[",
    "amqp://u:canary@h:x",
    "https://u:canary@h\uff0fx",
    "https://u:canary@h/",
    "Endpoint=sb://u:canary@h\uff0fx/;SharedAccessKeyName=canary;SharedAccessKey=canary",
    "-----BEGIN CERTIFICATE-----\ncanary\n-----END CERTIFICATE-----",
    "-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----",
]


@pytest.mark.parametrize("text", NASTY, ids=range(len(NASTY)))
@pytest.mark.parametrize("kind", scalers.known())
def test_nothing_that_comes_from_a_secret_is_told(kind: str, text: str) -> None:
    """Of any type that is installed, by whatever parameter it comes in, by itself and with all others."""
    model = scalers.load(kind).Parameters
    names = sorted(model.secrets())
    written = {"queueName": "q", "queueURL": "q", "awsRegion": "eu-west-1", "address": "h:1"}
    known = {str(field.alias) for field in model.model_fields.values()}
    metadata = {name: value for name, value in written.items() if name in known}
    for chosen in (*([name] for name in names), names):
        try:
            found = model.parse(metadata, {name: Hidden(text) for name in chosen})
            told = f"{found.shown()} {found.warnings()}"
        except Invalid as error:
            told = f"{error} {error!r}"
        assert "canary" not in told, chosen


def test_secrets_are_not_shown() -> None:
    shown = Sample.parse({"queueName": "q", "host": "x://me:canary@h/v"}, {"token": "canary"})
    assert "canary" not in repr(shown)
    assert shown.shown() == {
        "queueName": "q",
        "host": "x://***@h/v",
        "offset": 0.0,
        "whole": 100,
        "flag": False,
        "colour": "red",
        "token": "***",
    }


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("amqp://h:1/v", "amqp://h:1/v"),
        ("amqp://u:p@h", "amqp://***@h"),
        ("amqp://u:p/a@b@h", "amqp://***@h"),
        ("u:p@h", "***@h"),
        ("http://u:a://b@h", "http://***@h"),
        ("u:a://b@h", "***@h"),
    ],
)
def test_credentials_in_a_url_are_hidden(url: str, shown: str) -> None:
    assert hide_credentials(url) == shown
