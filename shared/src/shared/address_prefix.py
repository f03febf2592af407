"""What is counted as one address."""

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

IPV6_PREFIX = 64  # what one customer is given at least: every address in it is the same person's to choose

_REMEMBERED = 4_096
"""Addresses: reading one costs as much as a good part of refusing a request."""


@lru_cache(maxsize=_REMEMBERED)
def address_prefix(address: str) -> str:
    """IPv4 /32, IPv6 /64. Text that is no address counts as itself."""
    try:
        parsed: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        mapped = parsed.ipv4_mapped
        return str(mapped or ip_network((parsed, IPV6_PREFIX), strict=False))
    return str(parsed)
