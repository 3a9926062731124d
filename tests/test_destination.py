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
        "LOCALHOST",
        "::1",
        "0.0.0.0",
        "::",
        "169.254.169.254",
        "169.254.170.23",
        "fe80::1",
        "fe80::1%lo",
        "fd00:ec2::254",
        "fd00:ec2::23",
        "fd20:ce::254",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "224.0.0.1",
        "ff02::1",
        # Other ways to write an address of IPv4.
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "127.1",
        "0",
        "2852039166",
        # And to lead to one by IPv6: mapped, translated, compatible, 6to4.
        "::ffff:127.0.0.1",
        "::ffff:a9fe:a9fe",
        "64:ff9b::127.0.0.1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::7f00:1",
        "::ffff:0:127.0.0.1",
        "::127.0.0.1",
        "2002:7f00:1::1",
        "2002:a9fe:a9fe::",
    ],
)
async def test_refused(host: str) -> None:
    with pytest.raises(ScalerError, match="--allow-destination"):
        await destinations().resolve(host, 5672)


class Names:
    """A resolver that knows a few names, and what each leads to at each asking, the last for ever."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **known: list[list[str]]) -> None:
        self.known = {name.replace("_", "."): answers for name, answers in known.items()}
        monkeypatch.setattr("scaler.destination.lookup", self.lookup)

    async def lookup(self, host: str, _port: int) -> list[str]:
        answers = self.known.get(host.rstrip("."), [[host]])
        return answers.pop(0) if len(answers) > 1 else answers[0]


@pytest.mark.parametrize(
    "addresses", [["127.0.0.1"], ["10.0.0.1", "127.0.0.1"], ["10.0.0.1", "::1"], ["169.254.169.254"]]
)
@pytest.mark.parametrize("host", ["evil.example", "evil.example."])
async def test_every_address_of_a_name_is_judged(
    monkeypatch: pytest.MonkeyPatch, addresses: list[str], host: str
) -> None:
    Names(monkeypatch, evil_example=[addresses])
    with pytest.raises(ScalerError, match="--allow-destination"):
        await destinations().resolve(host, 5672)


async def test_a_name_that_answers_twice_is_judged_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it gives is the address that was judged, so there is nothing to ask the name for afterwards."""
    Names(monkeypatch, evil_example=[["10.0.0.1"], ["169.254.169.254"]])
    guard = destinations()
    assert await guard.resolve("evil.example", 80) == "10.0.0.1"
    with pytest.raises(ScalerError, match="metadata"):
        await guard.resolve("evil.example", 80)


@pytest.mark.parametrize("address", ["10.0.0.9", "::ffff:10.0.0.9", "64:ff9b::10.0.0.9"])
@pytest.mark.parametrize("port", [8080, 8081])
async def test_our_own_ports_are_refused(monkeypatch: pytest.MonkeyPatch, address: str, port: int) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "scaler")
    Names(monkeypatch, scaler=[["10.0.0.9"]], evil_example=[[address]])
    with pytest.raises(ScalerError, match="the scaler itself"):
        await destinations().resolve("evil.example", port)
    assert await destinations().resolve("evil.example", 5672) == address
    assert await destinations("10.0.0.0/8").resolve("evil.example", port) == address


@pytest.mark.parametrize("host", ["10.1.2.3", "192.0.2.7", "2001:db8::7"])
async def test_reached(host: str) -> None:
    assert await destinations().resolve(host, 5672) == host


@pytest.mark.parametrize(
    ("allowed", "host"),
    [
        ("127.0.0.0/8", "127.0.0.1"),
        ("127.0.0.0/8", "::ffff:127.0.0.1"),
        ("127.0.0.1", "127.0.0.1"),
        ("localhost", "localhost"),
        ("::1/128", "::1"),
    ],
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


async def test_the_api_server_is_refused_by_whatever_name(monkeypatch: pytest.MonkeyPatch) -> None:
    Names(monkeypatch, api_example=[["10.0.0.1", "10.0.0.2"]], evil_example=[["10.0.0.2"]])
    with pytest.raises(ScalerError, match="API server"):
        await destinations(api_server="api.example").resolve("evil.example", 5672)


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
