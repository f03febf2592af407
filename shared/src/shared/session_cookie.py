"""The names of the session cookie, and which of the cookies that a browser sends count.

Over TLS it is `__Host-tessera_session`: browsers take that name only from the host itself, with `Secure` and `Path=/`,
so a page of another subdomain can neither set nor replace it. The plain name is for http on this very machine.
"""

from collections.abc import Iterable

SESSION_COOKIE = "tessera_session"
HOST_PREFIX = "__Host-"
HOST_SESSION_COOKIE = HOST_PREFIX + SESSION_COOKIE
HOST_VALUE = "tsh_"
"""How values begin that are set under the protected name."""

_NAME, _HOST_NAME, _HOST_VALUE = SESSION_COOKIE.encode(), HOST_SESSION_COOKIE.encode(), HOST_VALUE.encode()


def session_cookie_values(lines: Iterable[bytes]) -> list[bytes]:
    """Of the `Cookie` lines of a request. Those of the protected name, if there are any; else those of the plain one.

    A value of the protected name is not good under the plain one, where anybody's subdomain could have put it.
    """
    lines = tuple(lines)
    protected = cookie_values(lines, _HOST_NAME)
    return protected or [value for value in cookie_values(lines, _NAME) if not value.startswith(_HOST_VALUE)]


def cookie_values(lines: Iterable[bytes], name: bytes) -> list[bytes]:
    """Not empty ones. Semicolons part cookies and nothing else does: a comma belongs to somebody's value."""
    pairs = (pair.partition(b"=") for line in lines for pair in line.split(b";"))
    values = (value.strip(b" \t") for found, _, value in pairs if found.strip(b" \t") == name)
    return [value for value in values if value]
