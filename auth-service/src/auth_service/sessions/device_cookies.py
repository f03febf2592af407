"""The cookie of a known device in HTTP: set once at a sign-in, shown at the next ones (RFC 6265)."""

from typing import TypeVar

from auth_service.sessions.cookie_lines import cookie_attributes
from auth_service.throttling.known_devices import COOKIE, COOKIE_SECONDS
from auth_service.throttling.logins import Device
from shared.caller import Caller
from shared.http.answers import WithHeaders
from shared.http.app import Request

T = TypeVar("T")


class DeviceCookies:
    """`web_url` is where the web app lives."""

    def __init__(self, web_url: str) -> None:
        self._attributes = cookie_attributes(web_url)

    def set(self, answer: T, cookie: str | None) -> WithHeaders[T]:
        """The answer alone when there is no cookie."""
        line = f"{COOKIE}={cookie}; Max-Age={COOKIE_SECONDS}; {self._attributes}"
        return WithHeaders(answer, {} if cookie is None else {"Set-Cookie": line})


def read_device(request: Request, caller: Caller) -> Device:
    return Device(caller, request.cookies.get(COOKIE) or None)
