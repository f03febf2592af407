"""`SMTP_URL`: which server takes our mail, and how the way there is protected."""

from typing import NamedTuple
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from shared.settings import SettingsError

_LOOPBACK_HOSTS = ("127.0.0.1", "::1", "localhost")
_SUBMISSION_PORT, _TLS_PORT = 587, 465  # RFC 6409, RFC 8314
_START_TLS = {"required": True, "never": False, "offered": None}


class SmtpAddress(NamedTuple):
    host: str
    port: int
    username: str | None
    password: str | None
    is_tls: bool
    start_tls: bool | None
    """True: the server must offer STARTTLS; None: used when it does."""


def read_smtp_url(url: str) -> SmtpAddress:
    """`smtps://user:password@host`, or `smtp://...` with `?starttls=required|offered|never`. Raises SettingsError.

    Without `starttls` a password is sent to another machine only over TLS.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise _unreadable() from error
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        raise _unreadable()
    is_tls = parts.scheme == "smtps"
    return SmtpAddress(
        host=parts.hostname,
        port=port or (_TLS_PORT if is_tls else _SUBMISSION_PORT),
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        is_tls=is_tls,
        start_tls=False if is_tls else _start_tls(parts),
    )


def _start_tls(parts: SplitResult) -> bool | None:
    carries_password_away = bool(parts.password) and parts.hostname not in _LOOPBACK_HOSTS
    default = "required" if carries_password_away else "offered"
    wanted = parse_qs(parts.query).get("starttls", [default])[-1]
    if wanted not in _START_TLS:
        raise _unreadable()
    return _START_TLS[wanted]


def _unreadable() -> SettingsError:
    return SettingsError("unreadable settings: SMTP_URL (expected smtp:// or smtps://)")
