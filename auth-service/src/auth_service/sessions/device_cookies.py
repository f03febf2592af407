"""The cookie of a known device in HTTP: set once at a sign-in, shown at the next ones (RFC 6265)."""

from typing import TypeVar

from auth_service.sessions.cookie_lines import CookieLines, read_cookie
from auth_service.throttling.known_devices import COOKIE, COOKIE_SECONDS
from auth_service.throttling.logins import Device
from shared.caller import Caller
from shared.http.answers import WithHeaders
from shared.http.app import Request

T = TypeVar("T")


class DeviceCookies:
    def __init__(self, lines: CookieLines) -> None:
        self._lines = lines

    def set(self, answer: T, cookie: str | None) -> WithHeaders[T]:
        """The answer alone when there is no cookie."""
        if cookie is None:
            return WithHeaders(answer, {})
        return WithHeaders(answer, {"Set-Cookie": self._lines.line(COOKIE, cookie, COOKIE_SECONDS)})


def read_device(request: Request, caller: Caller) -> Device:
    return Device(caller, read_cookie(request, COOKIE))
