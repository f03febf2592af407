"""Finds the one credential in a request: a Bearer header, or on live addresses a `token` in the query."""

from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from gateway.canonical_path import Target
from gateway.errors import AmbiguousCredentials
from gateway.request_head import RequestHead
from shared.errors import InvalidToken


class Presented(NamedTuple):
    """`target` is what may be sent on: without the token."""

    token: str | None
    target: Target


def presented_credential(head: RequestHead, *, reads_query: bool) -> Presented:
    """Raises InvalidToken or AmbiguousCredentials."""
    header = head.noted.get(b"authorization")
    in_header = None if header is None else _bearer(header)
    if not reads_query or not head.target.query:
        return Presented(in_header, head.target)
    in_query, target = _taken_from_query(head.target)
    if in_query is not None and in_header not in (None, in_query):
        raise AmbiguousCredentials
    return Presented(in_header or in_query, target)


def _bearer(header: bytes) -> str:
    scheme, _, token = header.partition(b" ")
    if scheme.lower() != b"bearer" or not token or not token.isascii():
        raise InvalidToken
    return token.strip().decode("ascii")


def _taken_from_query(target: Target) -> tuple[str | None, Target]:
    kept: list[bytes] = []
    tokens: list[bytes] = []
    for pair in (target.query or b"").split(b"&"):
        name, _, value = pair.partition(b"=")
        if unquote_to_bytes(name) == b"token":
            tokens.append(unquote_to_bytes(value))
        else:
            kept.append(pair)
    if len(tokens) > 1:
        raise AmbiguousCredentials
    if not tokens or not tokens[0]:
        return None, Target(target.path, b"&".join(kept) or None)
    if not tokens[0].isascii():
        raise InvalidToken
    return tokens[0].decode("ascii"), Target(target.path, b"&".join(kept) or None)
