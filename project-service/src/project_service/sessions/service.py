"""The use cases of workspace sessions, each one transaction. Members of every role have sessions of their own."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec

from project_service.limits import SESSIONS
from project_service.projects import repository as projects
from project_service.sessions import repository
from project_service.sessions.domain import EMPTY_STATE, differences, distinct, read_tags, require_small, state_of
from project_service.sessions.schemas import (
    CreateSession,
    ForkSession,
    PatchedSession,
    PatchSession,
    RelatedQuery,
    RelatedSession,
    SessionQuery,
    SessionSummary,
    SessionView,
)
from shared.clock import Clock
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.errors import FieldError, ValidationFailed
from shared.events.changes import Change, Removed
from shared.events.projects import SessionAdded, SessionDeleted, SessionState, SessionUpdated
from shared.http.conditions import IfMatch, refuse_stale
from shared.http.patch import changes
from shared.limits import require_room
from shared.pagination import PageOf
from shared.principal import Principal

TOUCHED_EVERY = timedelta(minutes=1)
"""A client that reads all the time does not write all the time."""


class SessionService:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def find(self, principal: Principal, query: SessionQuery) -> PageOf[SessionSummary]:
        async with self._database.unit_of_work(principal.tenant_id) as work:
            return await repository.find_page(work, principal, query)

    async def find_related(self, principal: Principal, query: RelatedQuery) -> PageOf[RelatedSession]:
        tags = read_tags(query.tags)
        async with self._database.unit_of_work(principal.tenant_id) as work:
            found = await repository.find_related(work, principal, tags, query.limit)
        return PageOf(
            items=found, total=None, page=1, page_size=query.limit, next_cursor=None, meta={"query_tags": tags}
        )

    async def get(self, principal: Principal, session_id: UUID) -> SessionView:
        """Also notes that it was looked at. Raises SessionNotFound."""
        now = self._clock.now()
        async with self._database.unit_of_work(principal.tenant_id) as work:
            session = await repository.get(work, principal, session_id)
            if now - session.last_accessed_at < TOUCHED_EVERY:
                return session
            await repository.touch(work, session, now)
            return msgspec.structs.replace(session, last_accessed_at=now)

    async def add(self, principal: Principal, new: CreateSession) -> SessionView:
        """Raises ValidationFailed."""
        state = require_small(state_of(new))
        values = {
            "name": new.name,
            "workspace_path": new.workspace_path,
            "project_id": new.project_id,
            "conversation_id": new.conversation_id,
            "tags": distinct(new.tags),
        }
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            await _require_visible(work, principal, new.project_id)
            return await self._add(work, principal, values, state)

    async def fork(self, principal: Principal, session_id: UUID, fork: ForkSession) -> SessionView:
        """A session of its own with all that the original holds. Raises SessionNotFound."""
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            original = await repository.get(work, principal, session_id)
            values = {
                "name": fork.name or original.name,
                "workspace_path": fork.workspace_path or original.workspace_path,
                "project_id": original.project_id,
                "conversation_id": original.conversation_id,
                "parent_session_id": original.id,
                "tags": original.tags,
            }
            return await self._add(work, principal, values, require_small(state_of(original)))

    async def change(
        self, principal: Principal, session_id: UUID, patch: PatchSession, if_match: IfMatch
    ) -> PatchedSession:
        """Raises SessionNotFound, PreconditionFailed, ValidationFailed."""
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            before = await repository.lock(work, principal, session_id)
            refuse_stale(if_match, before)
            changed = differences(before, changes(patch))
            if not changed:
                return _patched(before, ())
            await _require_visible(work, principal, changed.get("project_id"))
            after = await repository.update(work, before, _columns(before, changed), self._clock.now())
            _tell(
                work,
                SessionUpdated(
                    entity_id=after.id, version=after.version, changed_fields=tuple(changed), payload=_state(after)
                ),
            )
            return _patched(after, tuple(changed))

    async def remove(self, principal: Principal, session_id: UUID, if_match: IfMatch) -> None:
        """Raises SessionNotFound, PreconditionFailed."""
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            session = await repository.lock(work, principal, session_id)
            refuse_stale(if_match, session)
            await repository.remove(work, session)
            _tell(work, SessionDeleted(entity_id=session.id, version=session.version + 1, payload=Removed(session.id)))

    async def _add(self, work: Work, principal: Principal, values: dict[str, Any], state: str) -> SessionView:
        await require_room(work, SESSIONS, principal.tenant_id, principal.user_id)
        session = await repository.add(work, principal, values, state, self._clock.now())
        _tell(work, SessionAdded(entity_id=session.id, version=session.version, payload=_state(session)))
        return work.answer(session)


async def _require_visible(work: Work, principal: Principal, project_id: UUID | None) -> None:
    """Raises ValidationFailed."""
    if project_id is not None and not await projects.is_visible(work, principal, project_id):
        raise ValidationFailed([FieldError("project_id", "not_found", "There is no such project.")])


def _columns(before: SessionView, changed: dict[str, Any]) -> dict[str, Any]:
    """The parts of the state share one column. Raises ValidationFailed when they take too much."""
    columns = {name: value for name, value in changed.items() if name not in EMPTY_STATE}
    if columns.keys() != changed.keys():
        columns["state"] = require_small({part: changed.get(part, getattr(before, part)) for part in EMPTY_STATE})
    return columns


def _patched(session: SessionView, fields: tuple[str, ...]) -> PatchedSession:
    return PatchedSession(**msgspec.structs.asdict(session), fields_updated=fields)


def _state(session: SessionView) -> SessionState:
    return msgspec.convert(session, SessionState, from_attributes=True)


def _tell(work: Work, event: Change) -> None:
    work.publish(event, topics=[], subject=str(event.entity_id))
