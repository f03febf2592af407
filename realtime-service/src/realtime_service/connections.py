"""All live connections of this node, found by user, and what they share."""

import asyncio
from collections.abc import Callable, Iterator
from functools import partial
from uuid import UUID

from realtime_service.buckets import Rate
from realtime_service.connection import FRAMES_PER_SECOND, Connection
from realtime_service.errors import TooManyConnections
from realtime_service.frames import CloseCode
from realtime_service.headcount import Headcount
from realtime_service.metrics import LiveMetrics
from realtime_service.settings import RealtimeSettings
from realtime_service.tenant_connections import OtherNodes
from realtime_service.timers import TimerWheel
from shared.clock import Clock
from shared.errors import SessionRevoked
from shared.principal import Principal
from shared.quotas import TierLimitExceeded

RETRY_MS = 30_000  # until one of too many connections may try again


class Connections:
    def __init__(self, settings: RealtimeSettings, clock: Clock, metrics: LiveMetrics, other_nodes: OtherNodes) -> None:
        self.settings = settings
        self.clock = clock
        self.wheel = TimerWheel()
        self.metrics = metrics
        rate = FRAMES_PER_SECOND * settings.rate_limit_scale
        self.frame_rate = Rate(rate, rate)
        self._headcount = Headcount(
            settings.rate_limit_scale, settings.live_quota_scale, other_nodes.connections_of, other_nodes.set_own
        )
        self._open: set[Connection] = set()
        self._by_user: dict[UUID, set[Connection]] = {}
        self._is_empty = asyncio.Event()
        self._is_empty.set()

    def __iter__(self) -> Iterator[Connection]:
        return iter(tuple(self._open))

    def __len__(self) -> int:
        return len(self._open)

    @property
    def buffered(self) -> int:
        return sum(connection.buffered for connection in self._open)

    def add(self, connection: Connection, address: str | None = None) -> None:
        """One too many of an address gets an error and is closed."""
        self._open.add(connection)
        connection.address = address
        if address is not None and not self._headcount.admit_address(address):
            connection.fail(TooManyConnections(), CloseCode.TOO_MANY, RETRY_MS)
        self._is_empty.clear()
        self.metrics.connections.labels(connection.session.dialect).inc()

    def remove(self, connection: Connection, close_code: int | None) -> None:
        self._open.discard(connection)
        self.metrics.connections.labels(connection.session.dialect).dec()
        self.metrics.closes.labels(str(close_code or "lost")).inc()
        if connection.address is not None:
            self._headcount.leave_address(connection.address)
        if connection.credentials is not None:
            self._remove_of_user(connection, connection.credentials.principal)
        if not self._open:
            self._is_empty.set()

    def _remove_of_user(self, connection: Connection, principal: Principal) -> None:
        """One that was refused has never counted."""
        of_user = self._by_user.get(principal.user_id)
        if of_user is None or connection not in of_user:
            return
        self._headcount.leave(principal)
        of_user.discard(connection)
        if not of_user:
            del self._by_user[principal.user_id]

    def seat(self, address: str) -> Callable[[], None] | None:
        """A place of an address for what is no connection yet, given back by calling it. None: there is none left."""
        if self._headcount.admit_address(address):
            return partial(self._headcount.leave_address, address)
        self._headcount.leave_address(address)
        return None

    def require_room(self, principal: Principal) -> None:
        """Raises TooManyConnections or TierLimitExceeded."""
        self._headcount.require_room(principal)

    async def until_empty(self) -> None:
        """A peer that does not answer its close is cut off by a timer, so this ends."""
        await self._is_empty.wait()

    def note_user(self, connection: Connection, principal: Principal) -> None:
        try:
            self._headcount.admit(principal)
        except (TooManyConnections, TierLimitExceeded) as error:
            connection.fail(error, CloseCode.TOO_MANY, RETRY_MS)
        else:
            self._by_user.setdefault(principal.user_id, set()).add(connection)

    def of_user(self, user_id: UUID) -> tuple[Connection, ...]:
        return tuple(self._by_user.get(user_id, ()))

    def of_tenant(self, tenant_id: UUID) -> Iterator[Connection]:
        for connection in self:
            if connection.credentials and connection.credentials.principal.tenant_id == tenant_id:
                yield connection

    def end_session(self, user_id: UUID, session_id: UUID) -> None:
        """Close what was let in by credentials of this session; a key is a session of its own."""
        for connection in self.of_user(user_id):
            credentials = connection.credentials
            if credentials and credentials.principal.session_id == session_id:
                connection.fail(SessionRevoked(), CloseCode.SESSION_REVOKED)

    def end_tenant(self, tenant_id: UUID) -> None:
        """Close what belongs to a tenant that was closed."""
        for connection in tuple(self.of_tenant(tenant_id)):
            connection.fail(SessionRevoked(), CloseCode.SESSION_REVOKED)

    def end_keys(self, tenant_id: UUID, user_id: UUID) -> None:
        """Close what was let in by API keys of this user in this tenant; a key that is still good comes back."""
        for connection in self.of_user(user_id):
            principal = connection.credentials and connection.credentials.principal
            if principal and principal.tenant_id == tenant_id and principal.scopes is not None:
                connection.fail(SessionRevoked(), CloseCode.SESSION_REVOKED)
