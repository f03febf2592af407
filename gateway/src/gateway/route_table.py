"""What is reachable from outside, where it goes, who may ask and how much of it: the security specification.

A path that no row covers does not exist. The longest path wins; a row covers its own path, and everything below it
where it says so. Rows of one path are told apart by method.
"""

from collections.abc import Iterable
from enum import Enum, StrEnum

import msgspec

from shared.errors import MethodNotAllowed, RouteNotFound

KIB = 1024
MIB = 1024 * KIB
_READS = frozenset({"GET", "HEAD"})


class Service(StrEnum):
    """Who answers. The value is also the audience of the identity that is sent along."""

    GATEWAY = "gateway"
    AUTH = "auth"
    PROJECT = "project"
    CONVERSATION = "conversation"
    REALTIME = "realtime"


class Access(Enum):
    PUBLIC = "anyone; a credential is not even looked at"
    USER = "a valid credential"
    OPTIONAL = "anyone; a credential that is presented must be valid"
    OPERATOR = "callers on loopback or in METRICS_ALLOW"


class Row(msgspec.Struct, frozen=True, kw_only=True):
    path: str
    service: Service
    access: Access = Access.USER
    covers_below: bool = False
    methods: frozenset[str] = frozenset()
    """Empty: every method, the service decides."""
    body_limit: int = MIB
    """Bytes."""
    timeout: float = 30.0
    """Seconds until the answer begins, and between two parts of it."""
    is_streaming: bool = False
    """The answer may stay silent for any time between two parts."""
    accepts_websocket: bool = False
    keeps_cookies: bool = False


def _own(path: str, **more: object) -> Row:
    row = Row(path=path, service=Service.GATEWAY, access=Access.PUBLIC, methods=_READS, body_limit=0)
    return msgspec.structs.replace(row, **more)


def _sign_in(path: str) -> Row:
    return Row(
        path=path,
        service=Service.AUTH,
        access=Access.PUBLIC,
        methods=frozenset({"POST"}),
        body_limit=64 * KIB,
        keeps_cookies=True,
    )


ROWS: tuple[Row, ...] = (
    _own("/health", covers_below=True),
    _own("/ready"),
    _own("/api/v1/health"),
    _own("/api/v1/ready"),
    _own("/metrics", access=Access.OPERATOR),
    Row(
        path="/.well-known/jwks.json",
        service=Service.AUTH,
        access=Access.PUBLIC,
        methods=_READS,
        body_limit=0,
    ),
    _sign_in("/api/v1/auth/register"),
    _sign_in("/api/v1/auth/login"),
    _sign_in("/api/v1/auth/refresh"),
    Row(path="/api/v1/auth/logout", service=Service.AUTH, body_limit=64 * KIB, keeps_cookies=True),
    Row(path="/api/v1/auth/me", service=Service.AUTH, body_limit=64 * KIB),
    Row(path="/api/v1/users/me", service=Service.AUTH, body_limit=64 * KIB),
    Row(path="/api/v1/projects", service=Service.PROJECT, covers_below=True),
    Row(path="/api/v1/conversations", service=Service.CONVERSATION, covers_below=True, is_streaming=True),
    Row(
        path="/ws",
        service=Service.REALTIME,
        access=Access.OPTIONAL,
        covers_below=True,
        is_streaming=True,
        accepts_websocket=True,
    ),
)


UNROUTED = Row(path="other", service=Service.GATEWAY, access=Access.PUBLIC)
"""Stands in for the row of a request that was refused before it had one."""


class RouteTable:
    def __init__(self, rows: Iterable[Row] = ROWS) -> None:
        self._exact: dict[bytes, list[Row]] = {}
        self._below: dict[bytes, list[Row]] = {}
        for row in rows:
            self._exact.setdefault(row.path.encode(), []).append(row)
            if row.covers_below:
                self._below.setdefault(row.path.encode(), []).append(row)

    def row(self, method: str, path: bytes) -> Row:
        """Raises RouteNotFound, or MethodNotAllowed naming what is allowed."""
        rows = self._exact.get(path) or self._covering(path)
        for row in rows:
            if not row.methods or method in row.methods:
                return row
        allowed = sorted({name for row in rows for name in row.methods})
        raise MethodNotAllowed(headers={"Allow": ", ".join(allowed)})

    def _covering(self, path: bytes) -> list[Row]:
        end = path.rfind(b"/")
        while end > 0:
            rows = self._below.get(path[:end])
            if rows:
                return rows
            end = path.rfind(b"/", 0, end)
        raise RouteNotFound
