"""What is reachable from outside, where it goes, who may ask and how much of it: the security specification.

A path that no row covers does not exist. The longest path wins; a row covers its own path, and everything below it
where it says so. Rows of one path are told apart by method.
"""

from collections.abc import Iterable
from enum import Enum, StrEnum

import msgspec

from shared.audit import PLANNING
from shared.errors import MethodNotAllowed, RouteNotFound
from shared.scopes import ANY_KEY, EVERY_RESOURCE, SOME_RESOURCE

KIB = 1024
MIB = 1024 * KIB
ANSWER_SECONDS = 150.0  # a language model may take two minutes for an answer that is not streamed
BATCH_LIMIT = 32 * MIB
ATTACHMENT_LIMIT = 25 * MIB + 64 * KIB  # a form around it included
ARCHIVE_LIMIT = 100 * MIB + 64 * KIB  # a form around it included
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
    IF_GOOD = "anyone; a credential that is good is passed on, and any other counts as none"
    OPERATOR = "callers on loopback or in METRICS_ALLOW"


class LimitClass(Enum):
    """Whose requests are counted; the quotas are in `rate_limit.policies`."""

    NONE = "nobody's: probes are always answered"
    PUBLIC = "the address's"
    USER = "the user's and the tenant's; the address's for whoever shows no credential"
    MESSAGES = "the user's and the tenant's, and messages of the user"
    LIVE = "new live connections of the address"


class Row(msgspec.Struct, frozen=True, kw_only=True):
    path: str
    service: Service
    access: Access = Access.USER
    covers_below: bool = False
    methods: frozenset[str] = frozenset()
    """Empty: every method, the service decides."""
    limit_class: LimitClass = LimitClass.USER
    posts_within: dict[bytes, LimitClass] = {}
    """Where POST to `/<path>/<id>/<name>` is limited otherwise: by that name."""
    body_limit: int = MIB
    """Bytes."""
    timeout: float = 30.0
    """Seconds until the answer begins, and between two parts of it."""
    is_streaming: bool = False
    """The answer may stay silent for any time between two parts."""
    accepts_websocket: bool = False
    credential_in_query: bool = False
    """For clients that cannot set headers: `token` and `ticket` count, and go no further."""
    keeps_cookies: bool = False
    acts_on_cookie: bool = False
    """Public, and yet its service takes the session cookie for a credential."""
    resource: str | None = None
    """What the scopes of an API key must name; None: closed to keys."""
    resources_within: dict[bytes, str] = {}
    """Where `/<path>/<id>/<name>` belongs to another resource: by that name."""
    body_limits_within: dict[bytes, int] = {}
    """Where more, or less, may be sent to `/<path>/<id>/<name>`: by that name."""
    body_limits_at_end: dict[bytes, int] = {}
    """The same for paths that end with `/<name>`."""

    recorded_bodies: frozenset[str] = frozenset()
    """Things (as actions name them) whose JSON bodies the audit log keeps, sanitised. By default no body is kept."""

    @property
    def is_way_in(self) -> bool:
        """Only the answer tells who it was that came."""
        is_open = self.access in (Access.PUBLIC, Access.IF_GOOD)
        return is_open and self.service is Service.AUTH and "POST" in self.methods

    def tells_timing(self, method: str) -> bool:
        """Not where a stranger could read from it what exists, nor where credentials and addresses are looked at."""
        return self.access is not Access.PUBLIC and (self.service is not Service.AUTH or method in _READS)

    def resource_at(self, path: bytes) -> str | None:
        """Of a path that this row covers."""
        if not self.resources_within:
            return self.resource
        return self.resources_within.get(self._name_within(path)) or self.resource

    def limit_class_at(self, method: str, path: bytes) -> LimitClass:
        """Of a request that this row covers."""
        if not self.posts_within or method != "POST":
            return self.limit_class
        return self.posts_within.get(self._name_within(path), self.limit_class)

    def body_limit_at(self, path: bytes) -> int:
        """Of a path that this row covers."""
        if not self.body_limits_within:
            return self.body_limit
        within = self.body_limits_within.get(self._name_within(path), self.body_limit)
        return self.body_limits_at_end.get(path[path.rfind(b"/") + 1 :], within)

    def _name_within(self, path: bytes) -> bytes:
        names = path[len(self.path) :].split(b"/", 3)
        return names[2] if len(names) > 2 else b""


def _own(path: str, **more: object) -> Row:
    row = Row(
        path=path,
        service=Service.GATEWAY,
        access=Access.PUBLIC,
        methods=_READS,
        limit_class=LimitClass.NONE,
        body_limit=0,
    )
    return msgspec.structs.replace(row, **more)


def _sign_in(path: str, *, acts_on_cookie: bool = False) -> Row:
    return Row(
        path=path,
        service=Service.AUTH,
        access=Access.PUBLIC,
        methods=frozenset({"POST"}),
        limit_class=LimitClass.PUBLIC,
        body_limit=64 * KIB,
        keeps_cookies=True,
        acts_on_cookie=acts_on_cookie,
    )


def _mailed(path: str, *, access: Access = Access.PUBLIC) -> Row:
    """For whoever has lost their way in: what was mailed to them is all they must show."""
    return Row(
        path=path,
        service=Service.AUTH,
        access=access,
        methods=frozenset({"POST"}),
        limit_class=LimitClass.PUBLIC,
        body_limit=64 * KIB,
    )


def _planning(name: str) -> Row:
    """Of planning gifts. The audit log keeps no bodies: whoever reads it may be whom a surprise is for."""
    return Row(
        path=f"/api/v1/{name}",
        service=Service.PROJECT,
        covers_below=True,
        body_limit=64 * KIB,
        resource="comments" if name == "comments" else "gifting",
    )


ROWS: tuple[Row, ...] = (
    _own("/health", covers_below=True),
    _own("/ready"),
    _own("/api/v1/health"),
    _own("/api/v1/ready"),
    _own("/metrics", access=Access.OPERATOR),
    _own("/docs", covers_below=True),
    _own("/openapi.json"),
    _own("/asyncapi.json"),
    Row(
        path="/.well-known/jwks.json",
        service=Service.AUTH,
        access=Access.PUBLIC,
        methods=_READS,
        limit_class=LimitClass.PUBLIC,
        body_limit=0,
    ),
    _sign_in("/api/v1/auth/register"),
    _sign_in("/api/v1/auth/login"),
    _sign_in("/api/v1/auth/login/mfa"),
    _sign_in("/api/v1/auth/restore-tenant"),
    Row(path="/api/v1/auth/step-up", service=Service.AUTH, methods=frozenset({"POST"}), body_limit=64 * KIB),
    Row(path="/api/v1/auth/sessions", service=Service.AUTH, covers_below=True, body_limit=64 * KIB),
    Row(path="/api/v1/users/me/mfa", service=Service.AUTH, covers_below=True, body_limit=64 * KIB),
    Row(path="/api/v1/users/me/export", service=Service.AUTH, covers_below=True, body_limit=64 * KIB),
    Row(path="/api/v1/profile", service=Service.AUTH, body_limit=64 * KIB, resource="users"),
    Row(path="/api/v1/settings", service=Service.AUTH, covers_below=True, body_limit=64 * KIB, resource="settings"),
    _sign_in("/api/v1/auth/refresh", acts_on_cookie=True),
    _sign_in("/api/v1/auth/session-exchange"),
    Row(path="/api/v1/auth/session-token", service=Service.AUTH, methods=frozenset({"POST"}), body_limit=64 * KIB),
    Row(path="/api/v1/api-keys", service=Service.AUTH, covers_below=True, body_limit=64 * KIB),
    _mailed("/api/v1/auth/verify-email", access=Access.IF_GOOD),
    _mailed("/api/v1/auth/forgot-password"),
    _mailed("/api/v1/auth/reset-password"),
    Row(path="/api/v1/auth/resend-verification", service=Service.AUTH, body_limit=64 * KIB),
    Row(path="/api/v1/auth/switch-tenant", service=Service.AUTH, body_limit=64 * KIB),
    Row(path="/api/v1/users/me/password", service=Service.AUTH, body_limit=64 * KIB),
    Row(path="/api/v1/users", service=Service.AUTH, covers_below=True, body_limit=64 * KIB, resource="users"),
    Row(
        path="/api/v1/tenants",
        service=Service.AUTH,
        covers_below=True,
        body_limit=64 * KIB,
        recorded_bodies=frozenset({"tenant"}),
    ),
    Row(path="/api/v1/audit-logs", service=Service.AUTH, methods=_READS, body_limit=0),
    Row(path="/api/v1/invitations", service=Service.AUTH, covers_below=True, body_limit=64 * KIB),
    Row(path="/api/v1/auth/logout", service=Service.AUTH, body_limit=64 * KIB, keeps_cookies=True),
    Row(path="/api/v1/auth/me", service=Service.AUTH, body_limit=64 * KIB, resource="users"),
    Row(path="/api/v1/users/me", service=Service.AUTH, body_limit=64 * KIB, resource="users"),
    Row(
        path="/api/v1/projects",
        service=Service.PROJECT,
        covers_below=True,
        resource="projects",
        resources_within={
            b"files": "files",
            b"versions": "files",
            b"archive": "files",
            b"tasks": "tasks",
            b"comments": "comments",
        },
        body_limits_within={b"files": BATCH_LIMIT},
        body_limits_at_end={b"attachments": ATTACHMENT_LIMIT},
        recorded_bodies=frozenset({"project", "task", "task_label", "task_dependency", "tag", "team_member"}),
    ),
    Row(  # signed addresses: the signature is the credential
        path="/api/v1/attachments",
        service=Service.PROJECT,
        access=Access.PUBLIC,
        covers_below=True,
        methods=_READS,
        body_limit=0,
        limit_class=LimitClass.PUBLIC,
    ),
    Row(
        path="/api/v1/projects/import",
        service=Service.PROJECT,
        methods=frozenset({"POST"}),
        body_limit=ARCHIVE_LIMIT,
        timeout=60.0,
        resource="projects",
    ),
    Row(
        path="/api/v1/project-files",
        service=Service.PROJECT,
        covers_below=True,
        body_limit=BATCH_LIMIT,
        resource="files",
    ),
    Row(path="/api/v1/webhooks", service=Service.PROJECT, covers_below=True, body_limit=64 * KIB, resource="webhooks"),
    Row(path="/api/v1/favorites", service=Service.PROJECT, resource="projects"),
    Row(path="/api/v1/sessions", service=Service.PROJECT, covers_below=True, resource="sessions"),
    Row(path="/api/v1/search", service=Service.PROJECT, resource=EVERY_RESOURCE),
    Row(path="/api/v1/search/projects", service=Service.PROJECT, resource="projects"),
    Row(path="/api/v1/search/tasks", service=Service.PROJECT, resource="tasks"),
    Row(path="/api/v1/search/comments", service=Service.PROJECT, resource="comments"),
    *(_planning(name) for name in PLANNING),
    Row(
        path="/api/v1/conversations",
        service=Service.CONVERSATION,
        covers_below=True,
        posts_within={b"messages": LimitClass.MESSAGES, b"completions": LimitClass.MESSAGES},
        timeout=ANSWER_SECONDS,
        is_streaming=True,
        resource="conversations",
    ),
    Row(
        path="/api/v1/chat/completions",
        service=Service.CONVERSATION,
        methods=frozenset({"POST"}),
        limit_class=LimitClass.MESSAGES,
        timeout=ANSWER_SECONDS,
        is_streaming=True,
        resource="conversations",
    ),
    Row(
        path="/api/v1/messages",
        service=Service.CONVERSATION,
        covers_below=True,
        posts_within={b"regenerate": LimitClass.MESSAGES},
        timeout=ANSWER_SECONDS,
        is_streaming=True,
        resource="conversations",
    ),
    Row(
        path="/api/v1/shares",
        service=Service.CONVERSATION,
        access=Access.PUBLIC,
        covers_below=True,
        methods=_READS,
        limit_class=LimitClass.PUBLIC,
        body_limit=0,
    ),
    Row(
        path="/api/v1/models",
        service=Service.CONVERSATION,
        methods=_READS,
        body_limit=0,
        resource="conversations",
    ),
    Row(path="/api/v1/chats", service=Service.CONVERSATION, covers_below=True, resource="chats"),
    Row(
        path="/api/v1/notifications",
        service=Service.CONVERSATION,
        covers_below=True,
        body_limit=64 * KIB,
        resource="notifications",
        recorded_bodies=frozenset({"notification_settings"}),
    ),
    Row(
        path="/api/v1/support/faq",
        service=Service.CONVERSATION,
        access=Access.PUBLIC,
        methods=_READS,
        limit_class=LimitClass.PUBLIC,
        body_limit=0,
    ),
    Row(
        path="/api/v1/support/question",
        service=Service.CONVERSATION,
        methods=frozenset({"POST"}),
        limit_class=LimitClass.MESSAGES,
        body_limit=64 * KIB,
    ),
    Row(path="/api/v1/usage", service=Service.CONVERSATION, methods=_READS, body_limit=0, resource="conversations"),
    Row(
        path="/ws",
        service=Service.REALTIME,
        access=Access.OPTIONAL,
        covers_below=True,
        limit_class=LimitClass.LIVE,
        body_limit=64 * KIB,  # of a poll (Engine.IO), as realtime-service takes them
        is_streaming=True,
        accepts_websocket=True,
        credential_in_query=True,
        resource=SOME_RESOURCE,
    ),
    Row(
        path="/api/v1/realtime/ticket",
        service=Service.AUTH,
        methods=frozenset({"POST"}),
        body_limit=64 * KIB,
        resource=ANY_KEY,
    ),
    Row(path="/api/v1/events", service=Service.REALTIME, methods=_READS, body_limit=0, resource=SOME_RESOURCE),
    Row(
        path="/api/v1/events/stream",
        service=Service.REALTIME,
        methods=_READS,
        body_limit=0,
        is_streaming=True,
        credential_in_query=True,
        resource=SOME_RESOURCE,
    ),
)


UNROUTED = Row(path="other", service=Service.GATEWAY, access=Access.PUBLIC, limit_class=LimitClass.NONE)
"""Stands in for the row of a request that was refused before it had one."""


class RouteTable:
    def __init__(self, rows: Iterable[Row] = ROWS) -> None:
        self._exact: dict[bytes, list[Row]] = {}
        self._below: dict[bytes, list[Row]] = {}
        for row in rows:
            self._exact.setdefault(row.path.encode(), []).append(row)
            if row.covers_below:
                self._below.setdefault(row.path.encode(), []).append(row)
        self._longest_below = max(map(len, self._below), default=0)

    def row(self, method: str, path: bytes) -> Row:
        """Raises RouteNotFound, or MethodNotAllowed naming what is allowed."""
        rows = self._exact.get(path) or self._covering(path)
        for row in rows:
            if not row.methods or method in row.methods:
                return row
        allowed = sorted({name for row in rows for name in row.methods})
        raise MethodNotAllowed(headers={"Allow": ", ".join(allowed)})

    def _covering(self, path: bytes) -> list[Row]:
        end = path.rfind(b"/", 0, self._longest_below + 1)  # a long path is not looked at from its end
        while end > 0:
            rows = self._below.get(path[:end])
            if rows:
                return rows
            end = path.rfind(b"/", 0, end)
        raise RouteNotFound
