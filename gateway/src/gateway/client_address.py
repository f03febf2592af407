"""Where a request really comes from, when known proxies of our own stand in front (TRUSTED_PROXY_HOPS)."""

from collections.abc import Iterable
from ipaddress import ip_address, ip_network

from gateway.request_head import RequestHead


class ClientAddresses:
    def __init__(self, trusted_hops: int, operators: Iterable[str]) -> None:
        self._hops = trusted_hops
        self._operators = tuple(ip_network(network, strict=False) for network in operators)

    def of(self, head: RequestHead, peer: str) -> str:
        """The entry that the outermost of our own proxies wrote; the peer when there is no readable one."""
        if self._hops == 0:
            return peer
        entries = head.noted.get(b"x-forwarded-for", b"").split(b",")
        if len(entries) < self._hops:
            return peer
        try:
            return str(ip_address(entries[-self._hops].strip().decode("ascii")))
        except ValueError:
            return peer

    def is_operator(self, head: RequestHead, peer: str) -> bool:
        """A loopback peer with forwarding headers is a proxy that nobody told us about, and speaks for anyone."""
        if self._hops == 0 and (b"x-forwarded-for" in head.noted or b"forwarded" in head.noted):
            return False
        address = ip_address(self.of(head, peer))
        return address.is_loopback or any(address in network for network in self._operators)
