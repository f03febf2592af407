"""Cookies in HTTP: the lines that set and clear them, and how they are read (RFC 6265bis)."""

from ipaddress import ip_address
from typing import TypeVar
from urllib.parse import urlsplit

from auth_service.sessions.cookies import SessionCookie
from shared.clock import Clock
from shared.http.answers import WithHeaders
from shared.http.app import Request
from shared.session_cookie import HOST_PREFIX, SESSION_COOKIE, cookie_values, session_cookie_values

T = TypeVar("T")
_ATTRIBUTES = "Path=/; HttpOnly; SameSite=Lax"


class CookieLines:
    """`web_url` is where the web app lives: only on this very machine may cookies go without TLS and plainly named."""

    def __init__(self, web_url: str) -> None:
        self.is_protected = is_protected(web_url)

    def line(self, name: str, value: str, seconds: int) -> str:
        if self.is_protected:
            return f"{HOST_PREFIX}{name}={value}; Max-Age={seconds}; {_ATTRIBUTES}; Secure"
        return f"{name}={value}; Max-Age={seconds}; {_ATTRIBUTES}"

    def former_line(self, name: str) -> str | None:
        """Clears what earlier releases set under the plain name; None where it is the name still."""
        return f"{name}=; Max-Age=0; {_ATTRIBUTES}; Secure" if self.is_protected else None


class SessionCookies:
    def __init__(self, lines: CookieLines, clock: Clock) -> None:
        self._lines = lines
        self._clock = clock

    def set(self, answer: T, cookie: SessionCookie | None) -> WithHeaders[T]:
        """The answer alone when there is no cookie."""
        if cookie is None:
            return WithHeaders(answer, {})
        seconds = max(0, int((cookie.expires_at - self._clock.now()).total_seconds()))
        return WithHeaders(answer, {"Set-Cookie": self._lines.line(SESSION_COOKIE, cookie.token.text, seconds)})

    def clear(self) -> WithHeaders[WithHeaders[None]]:
        cleared = WithHeaders(None, {"Set-Cookie": self._lines.line(SESSION_COOKIE, "", 0)})
        former = self._lines.former_line(SESSION_COOKIE)
        return WithHeaders(cleared, {} if former is None else {"Set-Cookie": former})


def is_protected(web_url: str) -> bool:
    return not _is_loopback(web_url)


def read_session_cookie(request: Request) -> str | None:
    values = session_cookie_values(_cookie_headers(request))
    return values[0].decode("latin-1") if values else None


def read_cookie(request: Request, name: str) -> str | None:
    """The protected one, else the plain one."""
    lines = _cookie_headers(request)
    values = cookie_values(lines, f"{HOST_PREFIX}{name}".encode()) or cookie_values(lines, name.encode())
    return values[0].decode("latin-1") if values else None


def _cookie_headers(request: Request) -> list[bytes]:
    return [line.encode("latin-1", "replace") for line in request.headers.getall("cookie", [])]


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
