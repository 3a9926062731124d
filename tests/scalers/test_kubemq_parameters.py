"""What the author of a kubemq trigger may write. KEDA has no cases for it: KubeMQ's scaler is an external one."""

from typing import Any

import pytest
from pydantic import SecretStr

from scalers import Identity
from scalers.kubemq import Connection, Parameters, Queue
from scalers.problem import Invalid
from tests.tls import SESSION, Authority, encrypted

PLACE = "kubemq-cluster-grpc.kubemq:50000"
CERTIFICATE, KEY = SESSION.client()
PAIR = {"cert": CERTIFICATE, "key": KEY}


def parse(auth: dict[str, str] | None = None, env: dict[str, str] | None = None, /, **metadata: str) -> Parameters:
    given = {"address": PLACE, "queueName": "orders", **metadata}
    return Parameters.parse({key: text for key, text in given.items() if text}, auth or {}, env or {})


def problems(auth: dict[str, str] | None = None, /, **metadata: str) -> dict[str, str]:
    with pytest.raises(Invalid) as caught:
        parse(auth, **metadata)
    assert "canary" not in str(caught.value)
    return {problem.path: problem.message for problem in caught.value.problems}


def test_defaults() -> None:
    found = parse()
    assert (found.target, found.activation) == (10, 0)
    assert found.queue() == Queue(name="orders", required=False)
    assert found.connection() == Connection(host="kubemq-cluster-grpc.kubemq", port=50000, secure=False)
    assert found.hosts() == ["kubemq-cluster-grpc.kubemq"]
    assert found.identity is None
    assert found.warnings() == []
    assert found.shown() == {
        "address": PLACE,
        "queueName": "orders",
        "targetWaiting": 10.0,
        "activationTargetWaiting": 0.0,
        "missingQueue": "zero",
        "tls": False,
    }


def test_everything_that_may_be_written() -> None:
    metadata = {"targetWaiting": "2.5", "activationTargetWaiting": "1e1", "missingQueue": "error", "tls": "true"}
    auth = {"authToken": " canary\n", "ca": SESSION.pem, **PAIR}
    found = parse(auth, **metadata, tlsServerName="mq.example.com")
    assert (found.target, found.activation) == (2.5, 10)
    assert found.queue() == Queue(name="orders", required=True)
    assert found.connection() == Connection(
        host="kubemq-cluster-grpc.kubemq",
        port=50000,
        token=SecretStr("canary"),
        secure=True,
        server_name="mq.example.com",
        authority=SESSION.pem.strip(),
        certificate=CERTIFICATE.strip(),
        key=SecretStr(KEY.strip()),
    )
    assert found.warnings() == []
    assert found.shown()["authToken"] == found.shown()["key"] == "***"
    assert "canary" not in f"{found!r} {found.connection()!r}"


@pytest.mark.parametrize(
    ("text", "host", "port", "place"),
    [
        (PLACE, "kubemq-cluster-grpc.kubemq", 50000, PLACE),
        ("MQ:1", "mq", 1, "mq:1"),
        ("10.0.0.7:65535", "10.0.0.7", 65535, "10.0.0.7:65535"),
        ("[2001:DB8::7]:50000", "2001:db8::7", 50000, "[2001:db8::7]:50000"),
        ("my_mq.shop.svc.cluster.local.:50000", "my_mq.shop.svc.cluster.local.", 50000, None),
        ("a" * 253 + ":50000", "a" * 253, 50000, None),
    ],
)
def test_address(text: str, host: str, port: int, place: str | None) -> None:
    connection = parse(address=text).connection()
    assert (connection.host, connection.port) == (host, port)
    assert connection.place == (place or text)


def test_whom_a_certificate_must_name() -> None:
    plain = Connection(host="::1", port=5)
    assert (plain.name, plain.named_place) == ("::1", "[::1]:5")
    other = plain.model_copy(update={"server_name": "mq"})
    assert (other.name, other.named_place, other.place) == ("mq", "mq:5", "[::1]:5")


def test_addresses_name_in_kubemqs_own_scaler() -> None:
    metadata = {"kubemqAddress": PLACE, "queueName": "orders", "targetWaiting": "10"}
    assert Parameters.parse(metadata).connection() == parse().connection()


WHERE = "must be host:port, as in kubemq.shop.svc:50000, an IPv6 address in brackets"


@pytest.mark.parametrize(
    ("metadata", "path", "message"),
    [
        ({"address": ""}, "metadata.address", "required; write it in metadata"),
        ({"address": "mq"}, "metadata.address", f"{WHERE}, not 'mq'"),
        ({"address": ":50000"}, "metadata.address", WHERE),
        ({"address": "::1:50000"}, "metadata.address", WHERE),
        ({"address": "[mq]:50000"}, "metadata.address", WHERE),
        ({"address": "[fe80::1%eth0]:50000"}, "metadata.address", WHERE),
        ({"address": "grpc://mq:50000"}, "metadata.address", WHERE),
        ({"address": "user@mq:50000"}, "metadata.address", WHERE),
        ({"address": "m q:50000"}, "metadata.address", WHERE),
        ({"address": "n℀s:50000"}, "metadata.address", WHERE),
        ({"address": "-mq:50000"}, "metadata.address", WHERE),
        ({"address": "a" * 254 + ":50000"}, "metadata.address", WHERE),
        ({"address": "mq:"}, "metadata.address", "must end in a port from 1 to 65535"),
        ({"address": "mq:0"}, "metadata.address", "must end in a port from 1 to 65535, not 'mq:0'"),
        ({"address": "mq:65536"}, "metadata.address", "must end in a port from 1 to 65535"),
        ({"address": "mq:http"}, "metadata.address", "must end in a port from 1 to 65535"),
        ({"address": "mq:²"}, "metadata.address", "must end in a port from 1 to 65535"),
        ({"queueName": ""}, "metadata.queueName", "required; write it in metadata"),
        ({"queueName": "a b"}, "metadata.queueName", "must hold no space, * or >, nor end in a dot, not 'a b'"),
        ({"queueName": "a\tb"}, "metadata.queueName", "must hold no space, * or >, nor end in a dot"),
        ({"queueName": "a*"}, "metadata.queueName", "must hold no space, * or >, nor end in a dot"),
        ({"queueName": ">"}, "metadata.queueName", "must hold no space, * or >, nor end in a dot"),
        ({"queueName": "a."}, "metadata.queueName", "must hold no space, * or >, nor end in a dot"),
        ({"queueName": "a" * 257}, "metadata.queueName", "must be at most 256 characters long"),
        ({"targetWaiting": "0"}, "metadata.targetWaiting", "must be greater than 0, not '0'"),
        ({"targetWaiting": "-1"}, "metadata.targetWaiting", "must be greater than 0, not '-1'"),
        ({"targetWaiting": "Inf"}, "metadata.targetWaiting", "must be a number as in JSON (5, 2.5, 1e3), not 'Inf'"),
        ({"targetWaiting": "1e999"}, "metadata.targetWaiting", "must be a number as in JSON"),
        ({"activationTargetWaiting": "-0.1"}, "metadata.activationTargetWaiting", "greater than or equal to 0"),
        ({"activationTargetWaiting": "NaN"}, "metadata.activationTargetWaiting", "must be a number as in JSON"),
        ({"missingQueue": "ignore"}, "metadata.missingQueue", "must be 'zero' or 'error', not 'ignore'"),
        ({"tls": "enabled"}, "metadata.tls", "must be true or false, not 'enabled'"),
        ({"tls": "yes"}, "metadata.tls", "must be true or false, not 'yes'"),
        ({"tlsServerName": "mq"}, "metadata.tlsServerName", "needs tls: true"),
        ({"tlsServerName": "mq:1", "tls": "true"}, "metadata.tlsServerName", "must be the name of a host, not 'mq:1'"),
        (
            {"authToken": "canary"},
            "metadata.authToken",
            "unknown; write authToken in authentication or metadata.authTokenFromEnv",
        ),
        ({"ca": "x"}, "metadata.ca", "unknown; write ca in authentication"),
        ({"queuName": "q"}, "metadata.queuName", "did you mean 'queueName'?"),
    ],
)
def test_problems(metadata: dict[str, str], path: str, message: str) -> None:
    found = problems(**metadata)
    assert found.keys() == {path}
    assert message in found[path]


@pytest.mark.parametrize(
    ("auth", "path", "message"),
    [
        (
            {"authToken": "canary\ncanary"},
            "authentication.authToken",
            "must be printable ASCII, in one line, not '***'",
        ),
        ({"authToken": "cänary"}, "authentication.authToken", "must be printable ASCII"),
        ({"ca": "canary"}, "authentication.ca", "must be one or more certificates in PEM, not '***'"),
        ({"ca": "cänary"}, "authentication.ca", "must be one or more certificates in PEM, not '***'"),
        ({"cert": "canary", "key": KEY}, "authentication.cert", "must be a certificate in PEM, not '***'"),
        ({"cert": CERTIFICATE}, "authentication.cert", "cert and key need each other"),
        ({"key": KEY}, "authentication.cert", "cert and key need each other"),
        (PAIR | {"key": "canary"}, "authentication.cert", "cert and key do not load: both must be PEM, belong to each"),
        (PAIR | {"key": Authority().client()[1]}, "authentication.cert", "cert and key do not load"),
        (PAIR | {"key": encrypted(KEY)}, "authentication.cert", "and the key have no password"),
    ],
)
def test_problems_of_authentication(auth: dict[str, str], path: str, message: str) -> None:
    """Whether they are used or not."""
    for tls in ("true", "false"):
        found = problems(auth, tls=tls)
        assert found.keys() == {path}
        assert message in found[path]


def test_a_bundle_may_name_its_authorities_in_any_script() -> None:
    text = f"# Főtanúsítvány\n{CERTIFICATE}"
    assert parse({"ca": text}).ca == text.strip()


def test_all_problems_are_told_at_once() -> None:
    found = problems({"key": KEY}, address="mq", queueName="a b", targetWaiting="0")
    assert found.keys() == {
        "metadata.address",
        "metadata.queueName",
        "metadata.targetWaiting",
        "authentication.cert",
    }


def test_the_token_comes_from_authentication_before_the_environment() -> None:
    env = {"TOKEN": "from-env"}
    assert parse({}, env, authTokenFromEnv="TOKEN").connection().token == SecretStr("from-env")
    assert parse({"authToken": "a"}, env, authTokenFromEnv="TOKEN").connection().token == SecretStr("a")
    assert problems(authTokenFromEnv="TOKEN") == {
        "metadata.authTokenFromEnv": "the target's container sets no variable 'TOKEN'"
    }


def test_what_authentication_can_give() -> None:
    assert Parameters.secrets() == {"authToken", "ca", "cert", "key"}


def test_there_is_no_pod_identity() -> None:
    with pytest.raises(Invalid, match="this type has no pod identity, not 'aws'"):
        Parameters.parse({"address": PLACE, "queueName": "q"}, identity=Identity(provider="aws"))


NO_EFFECT = "ca, cert and key have no effect without tls: true"


@pytest.mark.parametrize(
    ("auth", "metadata", "warnings"),
    [
        ({"authToken": "t"}, {}, ["authToken travels in clear text without tls: true"]),
        ({"authToken": "t"}, {"tls": "true"}, []),
        ({"ca": SESSION.pem}, {}, [NO_EFFECT]),
        (PAIR, {}, [NO_EFFECT]),
        (PAIR | {"ca": SESSION.pem}, {"tls": "true"}, []),
        ({}, {"queueName": "_orders.x"}, ["open servers list this queue as 'orders.x'"]),
        ({}, {"queueName": "ORDERS"}, ["open servers list this queue as 'ORDER'"]),
    ],
)
def test_what_may_not_be_meant_is_told(auth: dict[str, Any], metadata: dict[str, str], warnings: list[str]) -> None:
    found = parse(auth, **metadata).warnings()
    assert len(found) == len(warnings)
    assert all(text.startswith(wanted) for text, wanted in zip(found, warnings, strict=True))


def test_what_has_no_effect_makes_no_other_connection() -> None:
    assert parse(PAIR | {"ca": SESSION.pem}).connection() == parse().connection()
