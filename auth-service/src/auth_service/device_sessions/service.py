"""Use cases of one's own devices: seeing where one is signed in, and signing out elsewhere."""

from uuid import UUID

from auth_service.device_sessions import repository
from auth_service.device_sessions.errors import SessionNotFound
from auth_service.device_sessions.schemas import SessionQuery, SessionView
from auth_service.sessions.domain import EndReason
from auth_service.sessions.ending import Selection, end_sessions
from shared.clock import Clock
from shared.db.databases import Database
from shared.pagination import PageOf
from shared.principal import Principal


class DeviceSessions:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def find(self, principal: Principal, query: SessionQuery) -> PageOf[SessionView]:
        async with self._database.system_work() as work:
            return await repository.find_page(work, principal, query, self._clock.now())

    async def end(self, principal: Principal, session_id: UUID) -> None:
        """Raises SessionNotFound."""
        async with self._database.system_work(actor_id=principal.user_id) as work:
            one = Selection(principal.user_id, only=session_id)
            if not await end_sessions(work, one, EndReason.DEVICE_REVOKED, self._clock.now()):
                raise SessionNotFound

    async def end_others(self, principal: Principal) -> None:
        async with self._database.system_work(actor_id=principal.user_id) as work:
            others = Selection(principal.user_id, but=principal.session_id)
            await end_sessions(work, others, EndReason.DEVICE_REVOKED, self._clock.now())
