"""Only proxies that the operator named may say where a request comes from."""

import pytest

from gateway.client_address import ClientAddresses
from gateway.request_head import RequestHead, read_head
from gateway.wire_limits import WireLimits


def head_with(*forwarded: bytes) -> RequestHead:
    fields = b"".join(b"X-Forwarded-For: %b\r\n" % value for value in forwarded)
    return read_head(b"GET / HTTP/1.1\r\nHost: a\r\n" + fields + b"\r\n", WireLimits())


@pytest.mark.parametrize(
    ("hops", "forwarded", "address"),
    [
        (0, [b"1.1.1.1"], "9.9.9.9"),
        (1, [], "9.9.9.9"),
        (1, [b"6.6.6.6, 1.1.1.1"], "1.1.1.1"),
        (1, [b"6.6.6.6", b"1.1.1.1"], "1.1.1.1"),
        (2, [b"6.6.6.6, 1.1.1.1, 10.0.0.1"], "1.1.1.1"),
        (2, [b"1.1.1.1"], "9.9.9.9"),
        (1, [b"1.1.1.1, nonsense"], "9.9.9.9"),
        (1, [b"2001:DB8::1"], "2001:db8::1"),
    ],
)
def test_the_address_is_what_the_outermost_trusted_proxy_saw(hops: int, forwarded: list[bytes], address: str) -> None:
    assert ClientAddresses(hops, []).of(head_with(*forwarded), "9.9.9.9") == address


def test_operators_are_loopback_and_listed_networks() -> None:
    addresses = ClientAddresses(0, ["10.1.0.0/16"])
    assert addresses.is_operator(head_with(), "127.0.0.1")
    assert addresses.is_operator(head_with(), "10.1.2.3")
    assert not addresses.is_operator(head_with(), "10.2.2.3")


def test_an_unannounced_proxy_on_loopback_is_no_operator() -> None:
    assert not ClientAddresses(0, []).is_operator(head_with(b"1.1.1.1"), "127.0.0.1")
