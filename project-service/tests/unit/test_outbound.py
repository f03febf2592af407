"""No request leaves for an address inside, however it is written, named, answered or redirected to."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import IPv4Address, IPv6Address

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from hypothesis import given, strategies as st

from project_service.outbound.addresses import is_public
from project_service.outbound.client import OutboundClient, OutboundFailed
from project_service.outbound.destinations import (
    DestinationRefused,
    HostPort,
    Reason,
    allowed_destinations,
    check_destination,
)

HOSTILE = [
    "http://127.0.0.1:{port}/",
    "http://127.0.0.1.:{port}/",
    "http://127.1:{port}/",
    "http://127.0.1:{port}/",
    "http://2130706433:{port}/",
    "http://0x7f000001:{port}/",
    "http://0x7f.0.0.1:{port}/",
    "http://0177.0.0.1:{port}/",
    "http://017700000001:{port}/",
    "http://127.0.0.0x1:{port}/",
    "http://0:{port}/",
    "http://0.0.0.0:{port}/",
    "http://①②⑦.⓪.⓪.①:{port}/",
    "http://１２７.0.0.1:{port}/",
    "http://127。0。0。1:{port}/",
    "http://[::1]:{port}/",
    "http://[::]:{port}/",
    "http://[0:0:0:0:0:0:0:1]:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/",
    "http://[::ffff:7f00:1]:{port}/",
    "http://[::127.0.0.1]:{port}/",
    "http://[64:ff9b::7f00:1]:{port}/",
    "http://[2002:7f00:1::]:{port}/",
    "http://[fe80::1%25lo]:{port}/",
    "http://[fe80::1]:{port}/",
    "http://[fd00::1]:{port}/",
    "http://[ff02::1]:{port}/",
    "http://localhost:{port}/",
    "http://LOCALHOST:{port}/",
    "http://localhost.:{port}/",
    "http://api.localhost:{port}/",
    "http://printer.local:{port}/",
    "http://metadata.google.internal/computeMetadata/v1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://168.63.129.16/machine",
    "http://100.100.100.200/latest",
    "http://10.0.0.1:{port}/",
    "http://172.16.0.1:{port}/",
    "http://192.168.0.1:{port}/",
    "http://198.18.0.1:{port}/",
    "http://224.0.0.1:{port}/",
    "http://255.255.255.255:{port}/",
    "http://user:secret@127.0.0.1:{port}/",
    "http://example.com@127.0.0.1:{port}/",
    "http://127.0.0.1:{port}\\@example.com/",
    "http://example.com\\@127.0.0.1:{port}/",
    "http:///127.0.0.1:{port}/",
    "http:127.0.0.1:{port}/",
    "//127.0.0.1:{port}/",
    "http://127.0.0.1:{port}\t.example.com/",
    "http://127.0.0.1\n:{port}/",
    "ftp://127.0.0.1:{port}/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:{port}/_x",
    "data:text/html,x",
    "javascript:alert(1)",
    "http://127.0.0.1:0/",
    "http://127.0.0.1:99999/",
    "http://inside.example:{port}/",
    "http://mixed.example:{port}/",
    "http://mapped.example:{port}/",
]
NAMES = {
    "inside.example": ["127.0.0.1"],
    "mixed.example": ["93.184.215.14", "127.0.0.1"],
    "mapped.example": ["::ffff:127.0.0.1"],
}


class Names(AbstractResolver):
    """Answers each look-up of a name with the next list of addresses; the last one stays."""

    def __init__(self, **answers: list[list[str]]) -> None:
        self._answers = {name: [addresses] for name, addresses in NAMES.items()}
        self._answers |= {name.replace("_", "."): lists for name, lists in answers.items()}
        self.asked: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked.append(host)
        answers = self._answers.get(host)
        if answers is None:
            raise OSError("no such name")
        addresses = answers.pop(0) if len(answers) > 1 else answers[0]
        families = [socket.AF_INET6 if ":" in address else socket.AF_INET for address in addresses]
        return [
            ResolveResult(hostname=host, host=address, port=port, family=kind, proto=0, flags=socket.AI_NUMERICHOST)
            for address, kind in zip(addresses, families, strict=True)
        ]

    async def close(self) -> None: ...


class Trap:
    """A listener inside that must never be reached, or a server that answers what it is told to."""

    def __init__(
        self, answer: bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", *, stays_open: bool = False
    ) -> None:
        self.answer = answer
        self.stays_open = stays_open
        self.requests: list[bytes] = []
        self.port = 0
        self._accepted: set[asyncio.Task[None] | None] = set()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._accepted.add(asyncio.current_task())
        self.requests.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(self.answer)
        if self.stays_open:
            await reader.read()
        writer.close()
        await writer.wait_closed()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["Trap"]:
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            yield self
        await asyncio.gather(*filter(None, self._accepted))


@asynccontextmanager
async def client(names: Names, *allowed: HostPort) -> AsyncIterator[OutboundClient]:
    outbound = OutboundClient(frozenset(allowed), user_agent="tests", resolver=names)
    await outbound.open()
    try:
        yield outbound
    finally:
        await outbound.close()


async def fetch(outbound: OutboundClient, url: str, *, most_bytes: int = 100, redirects: int = 0) -> bytes:
    return (await outbound.get(url, seconds=5, most_bytes=most_bytes, redirects=redirects)).body


async def test_no_spelling_of_an_address_inside_is_ever_connected_to() -> None:
    async with Trap().listening() as trap, client(Names()) as outbound:
        for template in HOSTILE:
            with pytest.raises(DestinationRefused):
                await fetch(outbound, template.format(port=trap.port))

    assert trap.requests == []


async def test_a_name_is_resolved_once_so_that_a_second_answer_gains_nothing() -> None:
    names = Names(rebinding_example=[["127.0.0.1"], ["93.184.215.14"], ["127.0.0.1"]])
    async with Trap().listening() as trap, client(names) as outbound:
        with pytest.raises(DestinationRefused):
            await fetch(outbound, f"http://rebinding.example:{trap.port}/")

    assert names.asked == ["rebinding.example"]
    assert trap.requests == []


async def test_a_redirect_is_not_followed_unless_asked_and_then_judged_like_the_first_address() -> None:
    async with Trap().listening() as trap:
        target = f"http://127.0.0.1:{trap.port}/"
        door = Trap(f"HTTP/1.1 302 Found\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n".encode())
        async with door.listening(), client(Names(), HostPort("127.0.0.1", door.port)) as outbound:
            await fetch(outbound, f"http://127.0.0.1:{door.port}/")
            with pytest.raises(DestinationRefused):
                await fetch(outbound, f"http://127.0.0.1:{door.port}/", redirects=3)

    assert len(door.requests) == 2
    assert trap.requests == []


async def test_what_the_operator_allows_is_reached_by_that_port_only() -> None:
    async with (
        Trap().listening() as allowed,
        Trap().listening() as other,
        client(Names(), HostPort("inside.example", allowed.port)) as outbound,
    ):
        await fetch(outbound, f"http://inside.example:{allowed.port}/")
        with pytest.raises(DestinationRefused):
            await fetch(outbound, f"http://inside.example:{other.port}/")

    assert (len(allowed.requests), other.requests) == (1, [])


async def test_an_answer_is_cut_at_the_size_asked_for() -> None:
    async with (
        Trap(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 100_000).listening() as server,
        client(Names(), HostPort("127.0.0.1", server.port)) as outbound,
    ):
        answer = await outbound.get(f"http://127.0.0.1:{server.port}/", seconds=5, most_bytes=10)

    assert (answer.body, answer.is_cut) == (b"x" * 10, True)


@pytest.mark.parametrize("answer", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"])
async def test_no_usable_answer_is_one_kind_of_failure(answer: bytes) -> None:
    async with Trap(answer).listening() as server, client(Names(), HostPort("127.0.0.1", server.port)) as outbound:
        with pytest.raises(OutboundFailed):
            await fetch(outbound, f"http://127.0.0.1:{server.port}/")


async def test_a_server_that_never_answers_costs_no_more_than_the_time_given() -> None:
    half = Trap(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", stays_open=True)
    async with half.listening(), client(Names(), HostPort("127.0.0.1", half.port)) as outbound:
        with pytest.raises(OutboundFailed, match="too long"):
            await outbound.get(f"http://127.0.0.1:{half.port}/", seconds=0.05, most_bytes=1)


async def test_an_unknown_name_is_a_failure_and_not_a_refusal() -> None:
    async with client(Names()) as outbound:
        with pytest.raises(OutboundFailed):
            await fetch(outbound, "http://nowhere.example/")


@pytest.mark.parametrize(
    "url",
    ["https://example.com/hook?x=1", "http://example.com:8080", "https://93.184.215.14/", "https://bücher.example/"],
)
def test_ordinary_addresses_pass(url: str) -> None:
    assert check_destination(url).host


def test_the_reason_of_a_refusal_can_be_told() -> None:
    with pytest.raises(DestinationRefused) as refused:
        check_destination("https://me:secret@example.com/")

    assert refused.value.reason is Reason.CREDENTIALS
    assert "secret" not in str(refused.value)


@given(st.text(max_size=60) | st.from_regex(r"https?://[^/]{0,40}(/.*)?", fullmatch=True))
def test_any_text_is_either_refused_or_has_a_public_looking_host(text: str) -> None:
    try:
        url = check_destination(text)
    except DestinationRefused:
        return

    assert url.scheme in ("http", "https")
    assert url.raw_host


@given(
    st.ip_addresses(network="10.0.0.0/8") | st.ip_addresses(network="fc00::/7") | st.ip_addresses(network="fe80::/10")
)
def test_addresses_of_private_ranges_are_not_public(address: IPv4Address | IPv6Address) -> None:
    assert not is_public(address)


def test_the_allow_list_is_host_and_port() -> None:
    assert allowed_destinations("Hooks.test:9000, [::1]:80,") == {HostPort("hooks.test", 9000), HostPort("::1", 80)}
    for wrong in ("host", ":80", "host:http"):
        with pytest.raises(ValueError, match=r".+"):
            allowed_destinations(wrong)
