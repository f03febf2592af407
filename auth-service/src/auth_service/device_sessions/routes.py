"""HTTP for one's own devices."""

from uuid import UUID

from auth_service.device_sessions.errors import SessionNotFound
from auth_service.device_sessions.schemas import SessionQuery, SessionView
from auth_service.device_sessions.service import DeviceSessions
from shared.http.routes import Routes
from shared.pagination import PageOf
from shared.principal import Principal

routes = Routes("devices")
SESSIONS = "/api/v1/auth/sessions"


@routes.get(SESSIONS, summary="List the devices one is signed in on")
async def list_sessions(principal: Principal, devices: DeviceSessions, query: SessionQuery) -> PageOf[SessionView]:
    return await devices.find(principal, query)


@routes.delete(SESSIONS + "/{session_id}", summary="Sign one device out", errors=[SessionNotFound])
async def end_session(principal: Principal, devices: DeviceSessions, session_id: UUID) -> None:
    await devices.end(principal, session_id)


@routes.delete(SESSIONS, summary="Sign all other devices out")
async def end_other_sessions(principal: Principal, devices: DeviceSessions) -> None:
    await devices.end_others(principal)
