"""A real RabbitMQ over TLS: whom we trust, and who we are."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scalers import Dial, Reading, ScalerError
from scalers.rabbitmq import Connection, Queue, Scaler
from scalers.tls import Tls
from tests import shared
from tests.rabbitmq import Rabbitmq
from tests.tls import KEY_PASSWORD, Authority

QUEUE = "over tls"


@pytest.fixture
def broker(session_folder: Path) -> Iterator[dict[str, Any]]:
    """Our own broker, with 2 messages in a queue, and a user `client` that has no password."""
    said = shared.shared("rabbitmq", session_folder)
    server = Rabbitmq(said["amqp_url"], said["management_url"])
    vhost = server.create_vhost()
    server.manage("PUT", "users/client", {"password_hash": "", "tags": ""})
    server.manage("PUT", f"permissions/{vhost.name}/client", {"configure": "", "write": "", "read": ".*"})
    vhost.declare(QUEUE)
    vhost.publish(QUEUE, 2)
    yield {**said, "vhost": vhost.name}
    server.delete_vhost(vhost)


def pem(broker: dict[str, Any], name: str) -> str:
    return (Path(broker["folder"]) / f"{name}.pem").read_text()


def connection(broker: dict[str, Any], protocol: str, tls: Tls, **login: str) -> Connection:
    amqp = protocol == "amqp"
    return Connection(
        protocol=protocol,
        scheme="amqps" if amqp else "https",
        host="localhost",
        port=broker["amqps_port" if amqp else "https_port"],
        vhost=broker["vhost"] if amqp else "",
        tls=tls,
        **(login or {"username": "guest", "password": "guest"}),
    )


async def read(broker: dict[str, Any], asked: Connection) -> Any:
    async def resolve(_host: str, _port: int) -> str:
        return "127.0.0.1"

    scaler = Scaler(asked, Dial(5, resolve))
    try:
        return (await scaler.read([Queue(name=QUEUE, vhost=broker["vhost"])]))[0]
    except ScalerError as error:
        return error
    finally:
        await scaler.close()


both = pytest.mark.parametrize("protocol", ["amqp", "http"])


@both
async def test_its_authority_is_trusted(broker: dict[str, Any], protocol: str) -> None:
    tls = Tls(authority=pem(broker, "ca"))
    assert await read(broker, connection(broker, protocol, tls)) == Reading(2, 2)


@both
async def test_nobody_elses_is(broker: dict[str, Any], protocol: str) -> None:
    for tls in (Tls(), Tls(authority=Authority().pem)):
        assert "certificate" in str(await read(broker, connection(broker, protocol, tls)))


@both
async def test_unless_the_rule_takes_any(broker: dict[str, Any], protocol: str) -> None:
    assert await read(broker, connection(broker, protocol, Tls(verify=False))) == Reading(2, 2)


@pytest.mark.parametrize("encrypted", [False, True])
async def test_a_certificate_is_the_login_over_amqp(broker: dict[str, Any], encrypted: bool) -> None:
    tls = Tls(
        authority=pem(broker, "ca"),
        certificate=pem(broker, "client"),
        key=pem(broker, "client-key-encrypted" if encrypted else "client-key"),
        key_password=KEY_PASSWORD if encrypted else None,
    )
    asked = connection(broker, "amqp", tls, username="ignored")
    assert asked.external
    assert await read(broker, asked) == Reading(2, 2)


@both
@pytest.mark.parametrize(
    ("tls", "fault"),
    [
        ({"authority": "canary"}, "ca holds no certificate in PEM"),
        ({"authority": "cänary"}, "ca holds no certificate in PEM"),
        ({"certificate": "canary", "key": "canary"}, "cert and key do not load"),
        ({"key": "another"}, "key does not belong to cert"),
        ({"key": "encrypted"}, "cert and key do not load"),
        ({"key": "encrypted", "key_password": "canary-wrong"}, "cert and key do not load"),
    ],
)
async def test_what_does_not_load_is_told(
    broker: dict[str, Any], protocol: str, tls: dict[str, str], fault: str
) -> None:
    keys = {"another": Authority().client()[1], "encrypted": pem(broker, "client-key-encrypted")}
    given = {"certificate": pem(broker, "client")} | tls if "key" in tls else tls
    if given.get("key") in keys:
        given = given | {"key": keys[given["key"]]}
    said = str(await read(broker, connection(broker, protocol, Tls(**given))))
    assert fault in said
    assert "canary" not in said
