"""HTTP for workspace sessions, each seen by its own user only."""

from uuid import UUID

from project_service.sessions.errors import SessionNotFound
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
from project_service.sessions.service import SessionService
from shared.errors import LimitReached, PreconditionFailed
from shared.http.answers import Created
from shared.http.conditions import IfMatch
from shared.http.routes import Routes
from shared.pagination import PageOf
from shared.principal import Principal

SESSIONS = "/api/v1/sessions"
SESSION = SESSIONS + "/{session_id}"
FORK = SESSIONS + "/{fork_id}"
_WRITE_ERRORS = [SessionNotFound, PreconditionFailed]

routes = Routes("sessions", resource="sessions")


@routes.get(SESSIONS, summary="List your workspace sessions")
async def list_sessions(principal: Principal, sessions: SessionService, query: SessionQuery) -> PageOf[SessionSummary]:
    return await sessions.find(principal, query)


@routes.post(SESSIONS, summary="Keep a workspace session", errors=[LimitReached], location=SESSION)
async def add_session(principal: Principal, sessions: SessionService, body: CreateSession) -> Created[SessionView]:
    return Created(await sessions.add(principal, body))


@routes.get(SESSIONS + "/related", summary="Find your sessions by what their tags have in common with others")
async def list_related_sessions(
    principal: Principal, sessions: SessionService, query: RelatedQuery
) -> PageOf[RelatedSession]:
    return await sessions.find_related(principal, query)


@routes.get(SESSION, summary="Read a session", errors=[SessionNotFound])
async def get_session(principal: Principal, sessions: SessionService, session_id: UUID) -> SessionView:
    return await sessions.get(principal, session_id)


@routes.put(SESSION, summary="Change a session (the same as PATCH)", errors=_WRITE_ERRORS)
@routes.patch(SESSION, summary="Change a session", errors=_WRITE_ERRORS)
async def change_session(
    principal: Principal, sessions: SessionService, session_id: UUID, body: PatchSession, if_match: IfMatch
) -> PatchedSession:
    return await sessions.change(principal, session_id, body, if_match)


@routes.delete(SESSION, summary="Delete a session", errors=_WRITE_ERRORS)
async def remove_session(principal: Principal, sessions: SessionService, session_id: UUID, if_match: IfMatch) -> None:
    await sessions.remove(principal, session_id, if_match)


@routes.post(
    SESSION + "/fork", summary="Begin a session from another one", errors=[SessionNotFound, LimitReached], location=FORK
)
async def fork_session(
    principal: Principal, sessions: SessionService, session_id: UUID, body: ForkSession
) -> Created[SessionView]:
    return Created(await sessions.fork(principal, session_id, body))
