"""Finds the one credential in a request: Bearer header, API key, cookie; on live addresses also `token`, `ticket`."""

import re
from collections.abc import Callable
from urllib.parse import unquote_to_bytes

import msgspec

from gateway.canonical_path import Target
from gateway.errors import AmbiguousCredentials
from gateway.request_head import RequestHead
from shared.errors import InvalidToken
from shared.introspection import API_KEY_PREFIX, MAX_CREDENTIAL, CredentialKind
from shared.session_cookie import session_cookie_values

_SCHEME = b"bearer "
SESSION_IN_QUERY = b"sid="
"""Of an Engine.IO session (long polling), which only its client knows."""

ENGINE_IO_IN_QUERY = b"EIO="

_KEY_PREFIX = API_KEY_PREFIX.encode()
_OPAQUE = re.compile(rf"[A-Za-z0-9_-]{{1,{MAX_CREDENTIAL}}}")


class Credential(msgspec.Struct, frozen=True, gc=False):
    """`kind` is None for an access token, which everybody can check; the others are opaque to us."""

    text: str
    kind: CredentialKind | None = None


class Presented(msgspec.Struct, frozen=True, gc=False):
    """`target` is what may be sent on: without token and ticket."""

    credential: Credential | None
    target: Target
    is_from_query: bool = False


def presented_credential(head: RequestHead, *, reads_query: bool) -> Presented:
    """Raises InvalidToken or AmbiguousCredentials."""
    noted = head.noted
    header = noted.get(b"authorization")
    found = None if header is None else _bearer(header)
    if b"x-api-key" in noted:
        found = _the_one(found, _opaque(noted[b"x-api-key"], CredentialKind.API_KEY))
    if b"cookie" in noted:
        found = _the_one(found, _session_cookie(head))
    if not reads_query or not head.target.query:
        return Presented(found, head.target)
    in_query, target = _taken_from_query(head.target)
    return Presented(_the_one(found, in_query), target, is_from_query=found is None and in_query is not None)


def carries_session_cookie(head: RequestHead) -> bool:
    return bool(_cookie_values(head))


def without_credentials(target: Target) -> Target:
    """What may be sent on of an address, whatever its credentials are worth."""
    pairs = (target.query or b"").split(b"&")
    kept = [pair for pair in pairs if unquote_to_bytes(pair.partition(b"=")[0]) not in _IN_QUERY]
    return Target(target.path, b"&".join(kept) or None)


def _session_cookie(head: RequestHead) -> Credential | None:
    found = None
    for value in _cookie_values(head):
        found = _the_one(found, _opaque(value, CredentialKind.SESSION_COOKIE))
    return found


def _cookie_values(head: RequestHead) -> list[bytes]:
    if b"cookie" not in head.noted:
        return []
    return session_cookie_values(value for name, value in head.headers if name == b"cookie")


def _the_one(first: Credential | None, second: Credential | None) -> Credential | None:
    if first is not None and second is not None and first != second:
        raise AmbiguousCredentials
    return first or second


def _bearer(header: bytes) -> Credential:
    text = header[len(_SCHEME) :].strip()
    if not text or header[: len(_SCHEME)].lower() != _SCHEME or not text.isascii():
        raise InvalidToken
    return _opaque(text, CredentialKind.API_KEY) if text.startswith(_KEY_PREFIX) else Credential(text.decode("ascii"))


def _opaque(value: bytes, kind: CredentialKind) -> Credential:
    text = value.strip().decode("latin-1")
    if not _OPAQUE.fullmatch(text):
        raise InvalidToken
    return Credential(text, kind)


def _taken_from_query(target: Target) -> tuple[Credential | None, Target]:
    """Access tokens and tickets only: what lives longer does not belong into an address.

    A client that polls repeats its address, but a ticket is good for one use: whoever names a session has used it.
    """
    kept: list[bytes] = []
    found: list[Credential] = []
    for pair in (target.query or b"").split(b"&"):
        name, _, value = pair.partition(b"=")
        read = _IN_QUERY.get(unquote_to_bytes(name))
        if read is None:
            kept.append(pair)
        elif value:
            found.append(read(unquote_to_bytes(value)))
    if any(pair.startswith(SESSION_IN_QUERY) for pair in kept):
        found = [credential for credential in found if credential.kind is not CredentialKind.LIVE_TICKET]
    if len(found) > 1:
        raise AmbiguousCredentials
    return found[0] if found else None, Target(target.path, b"&".join(kept) or None)


def _access_token(value: bytes) -> Credential:
    if not value.isascii():
        raise InvalidToken
    return Credential(value.decode("ascii"))


_IN_QUERY: dict[bytes, Callable[[bytes], Credential]] = {
    b"token": _access_token,
    b"ticket": lambda value: _opaque(value, CredentialKind.LIVE_TICKET),
}
