"""Reading a URL that a user chose: what it must look like before anybody connects to it.

Read by the parser of the HTTP client that will use it: two parsers that disagree about the host are the oldest hole.
"""

import re
from enum import StrEnum
from typing import NamedTuple

from yarl import URL

from project_service.outbound.addresses import is_public, literal

LONGEST_URL = 2048  # characters; what browsers and proxies agree on
_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f-\x9f\\]")
_NUMBER = re.compile(r"0x[0-9a-f]*|[0-9]+")
_INSIDE_NAMES = ("localhost", "local", "internal")


class Reason(StrEnum):
    MALFORMED = "This is not a usable http or https address."
    CREDENTIALS = "An address must not carry a user name or password."
    NOT_PUBLIC = "This address is not on the public internet."


class DestinationRefused(Exception):
    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


class HostPort(NamedTuple):
    host: str
    port: int


def allowed_destinations(text: str) -> frozenset[HostPort]:
    """`OUTBOUND_ALLOW`: host:port, separated by commas. Raises ValueError for anything else."""
    found = set()
    for part in filter(None, (part.strip() for part in text.split(","))):
        host, _, port = part.rpartition(":")
        if not host:
            raise ValueError("not host:port")
        found.add(HostPort(host.lower().strip("[]"), int(port)))
    return frozenset(found)


def check_destination(url: str, allowed: frozenset[HostPort] = frozenset()) -> URL:
    """`url` as the client will use it. Raises DestinationRefused for all that its spelling tells.

    A name that passes may still resolve to an address inside: the client looks at that when it connects.
    """
    read = _read(url)
    if read.raw_user is not None or read.raw_password is not None:
        raise DestinationRefused(Reason.CREDENTIALS)
    host, port = read.raw_host, read.port
    if not host or "%" in host or not port:
        raise DestinationRefused(Reason.MALFORMED)
    if HostPort(host, port) not in allowed and not _may_be_public(host):
        raise DestinationRefused(Reason.NOT_PUBLIC)
    return read


def _read(url: str) -> URL:
    if len(url) > LONGEST_URL or _UNPRINTABLE.search(url):
        raise DestinationRefused(Reason.MALFORMED)
    try:
        read = URL(url)
    except ValueError:
        raise DestinationRefused(Reason.MALFORMED) from None
    if read.scheme not in ("http", "https"):
        raise DestinationRefused(Reason.MALFORMED)
    return read.with_fragment(None)


def _may_be_public(host: str) -> bool:
    address = literal(host)
    if address is not None:
        return is_public(address)
    last_label = host.rstrip(".").rpartition(".")[2]
    # resolvers read `2130706433`, `0x7f.1` and `0177.1` as addresses, although no domain ends in a number
    is_number = not last_label or _NUMBER.fullmatch(last_label) is not None
    return ":" not in host and not is_number and last_label not in _INSIDE_NAMES
