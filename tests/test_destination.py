"""Which addresses a rule may reach."""

import pytest

from scaler.destination import Destinations
from scaler.settings import Address, destination
from scalers import ScalerError

OWN = (Address("0.0.0.0", 8080), Address("127.0.0.1", 8081))


def destinations(*allowed: str, api_server: str | None = None) -> Destinations:
    return Destinations([destination(text) for text in allowed], api_server, OWN)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.9.9.9",
        "localhost",
        "::1",
        "0.0.0.0",
        "169.254.169.254",
        "fe80::1",
        "fd00:ec2::254",
        "100.100.100.200",
        "::ffff:127.0.0.1",
        "224.0.0.1",
    ],
)
async def test_refused(host: str) -> None:
    with pytest.raises(ScalerError, match="--allow-destination"):
        await destinations().resolve(host, 5672)


@pytest.mark.parametrize("host", ["10.1.2.3", "192.0.2.7", "2001:db8::7"])
async def test_reached(host: str) -> None:
    assert await destinations().resolve(host, 5672) == host


@pytest.mark.parametrize(
    ("allowed", "host"),
    [("127.0.0.0/8", "127.0.0.1"), ("127.0.0.1", "127.0.0.1"), ("localhost", "localhost"), ("::1/128", "::1")],
)
async def test_allowed(allowed: str, host: str) -> None:
    assert await destinations(allowed).resolve(host, 5672)


@pytest.mark.parametrize("suffix", ["host", ".ocalhost", "evil-localhost"])
async def test_a_suffix_ends_at_a_dot(suffix: str) -> None:
    with pytest.raises(ScalerError):
        await destinations(suffix).resolve("localhost", 5672)


async def test_the_api_server_is_refused() -> None:
    with pytest.raises(ScalerError, match="API server"):
        await destinations(api_server="10.0.0.1").resolve("10.0.0.1", 443)


async def test_an_unknown_host_is_named() -> None:
    with pytest.raises(ScalerError, match=r"no-such-host\.invalid"):
        await destinations().resolve("no-such-host.invalid", 5672)


@pytest.mark.parametrize("text", ["", ".", "10.0.0.0/99", "10.0.0", "bad host", "*.example.com"])
def test_bad_settings(text: str) -> None:
    with pytest.raises(ValueError, match="neither a network"):
        destination(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("127.0.0.1:80", ("127.0.0.1", 80)), (":8080", ("0.0.0.0", 8080)), ("[::1]:9", ("::1", 9))],
)
def test_addresses(text: str, expected: tuple[str, int]) -> None:
    address = Address.parse(text)
    assert (address.host, address.port) == expected


@pytest.mark.parametrize("text", ["", "8080", "host:", "host:x", "host:70000"])
def test_bad_addresses(text: str) -> None:
    with pytest.raises(ValueError, match="HOST:PORT"):
        Address.parse(text)
