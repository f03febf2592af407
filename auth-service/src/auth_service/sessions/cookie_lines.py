"""The session cookie in HTTP: the lines that set and clear it, and how it is read (RFC 6265)."""

from ipaddress import ip_address
from typing import TypeVar
from urllib.parse import urlsplit

from auth_service.sessions.cookies import SessionCookie
from shared.clock import Clock
from shared.http.answers import WithHeaders
from shared.http.app import Request
from shared.introspection import SESSION_COOKIE

T = TypeVar("T")


class SessionCookies:
    """`web_url` is where the web app lives: only on this very machine may the cookie go without TLS."""

    def __init__(self, web_url: str, clock: Clock) -> None:
        self._attributes = cookie_attributes(web_url)
        self._clock = clock

    def set(self, answer: T, cookie: SessionCookie | None) -> WithHeaders[T]:
        """The answer alone when there is no cookie."""
        if cookie is None:
            return WithHeaders(answer, {})
        seconds = max(0, int((cookie.expires_at - self._clock.now()).total_seconds()))
        return WithHeaders(answer, self._line(cookie.token.text, seconds))

    def clear(self) -> WithHeaders[None]:
        return WithHeaders(None, self._line("", 0))

    def _line(self, value: str, seconds: int) -> dict[str, str]:
        return {"Set-Cookie": f"{SESSION_COOKIE}={value}; Max-Age={seconds}; {self._attributes}"}


def cookie_attributes(web_url: str) -> str:
    return "Path=/; HttpOnly; SameSite=Lax" + ("" if _is_loopback(web_url) else "; Secure")


def read_session_cookie(request: Request) -> str | None:
    return request.cookies.get(SESSION_COOKIE) or None


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
