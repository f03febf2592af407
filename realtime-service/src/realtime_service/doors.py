"""`/ws` and `/ws/{project_id}`: which dialect a client speaks, and who it is."""

import secrets
from functools import partial
from uuid import UUID

from sanic.response import HTTPResponse

from realtime_service.connection import Connection
from realtime_service.dialects.project import ProjectSession
from realtime_service.dialects.socketio import SocketIoSession
from realtime_service.dialects.topics import TopicsSession
from realtime_service.errors import UnknownPoll
from realtime_service.following import LiveParts
from realtime_service.node import Arrival, Dialect, Node
from realtime_service.polling import PollingSocket
from realtime_service.websocket import accept_websocket
from shared.errors import BadRequest, MethodNotAllowed, RouteNotFound, Unavailable
from shared.http.app import Request

_ENGINE_IO = "4"
_TEXT = "text/plain; charset=UTF-8"


class Door:
    """The request ends with the handshake, and its transport goes on as a socket; or it is a poll in place of one."""

    is_websocket = True  # tells Sanic that no response follows

    def __init__(self, node: Node) -> None:
        self._node = node

    async def __call__(self, request: Request) -> HTTPResponse | None:
        """Raises AuthRequired, SessionRevoked, UpgradeRequired, BadRequest, Unavailable, ..., as HTTP.

        But for Engine.IO: there a credential that is no good is told as Socket.IO does.
        """
        arrival = self._node.arrival(request)
        if "EIO" in request.args:
            return await self._engine_io(request, arrival)
        arrival.checked()
        if request.method != "GET":
            raise MethodNotAllowed(headers={"Allow": "GET"})
        self._check_readiness()
        accept_websocket(request, lambda socket: self._node.connect(socket, arrival, TopicsSession))
        return None

    async def _engine_io(self, request: Request, arrival: Arrival) -> HTTPResponse | None:
        sid, transport = request.args.get("sid"), request.args.get("transport")
        if request.args.get("EIO") != _ENGINE_IO or transport not in ("polling", "websocket"):
            raise BadRequest("Only Engine.IO 4 is spoken here, over polling and WebSocket.")
        if sid is None:
            self._check_readiness()
        polling = None if sid is None else self._known(sid, arrival)
        if transport == "websocket":
            self._websocket(request, arrival, polling)
            return None
        if polling is None:
            polling = self._begin_polling(request, arrival)
        if request.method == "POST":
            polling.hear(request.body)
            return HTTPResponse("ok", content_type=_TEXT)
        return HTTPResponse(await polling.take(), content_type=_TEXT, headers={"Cache-Control": "no-store"})

    def _websocket(self, request: Request, arrival: Arrival, polling: PollingSocket | None) -> None:
        if polling is None:
            begin = _socketio(secrets.token_urlsafe(18), arrival, can_upgrade=False)
            accept_websocket(request, lambda socket: self._node.connect(socket, arrival, begin))
        elif polling.can_upgrade:
            accept_websocket(request, lambda socket: self._node.upgrade(socket, polling, arrival))
        else:
            raise UnknownPoll

    def _begin_polling(self, request: Request, arrival: Arrival) -> PollingSocket:
        if request.method != "GET":
            raise BadRequest("A session begins with GET.")
        polling = self._node.polls.begin(arrival.owner)
        begin = _socketio(polling.sid, arrival, can_upgrade=True)
        polling.attach(self._node.connect(polling, arrival, begin))
        return polling

    def _known(self, sid: str, arrival: Arrival) -> PollingSocket:
        """Whoever names somebody else's session learns no more than about none at all. Raises UnknownPoll."""
        polling = self._node.polls.find(sid)
        if not polling.may_be_used_by(None if arrival.credentials is None else arrival.credentials.principal):
            raise UnknownPoll
        return polling

    def _check_readiness(self) -> None:
        if self._node.is_leaving:
            raise Unavailable


def _socketio(sid: str, arrival: Arrival, *, can_upgrade: bool) -> Dialect:
    return lambda parts, connection: SocketIoSession(
        parts, connection, sid, can_upgrade=can_upgrade, refusal=arrival.refusal
    )


class ProjectDoor:
    """Whether there is such a project is told on the socket, whatever the answer."""

    is_websocket = True

    def __init__(self, node: Node) -> None:
        self._node = node

    async def __call__(self, request: Request, project_id: str) -> None:
        """Raises RouteNotFound for what is no id, else as Door does."""
        begin = partial(_begin_project, project_id=_read_id(project_id))
        arrival = self._node.arrival(request).checked()
        if self._node.is_leaving:
            raise Unavailable
        accept_websocket(request, lambda socket: self._node.connect(socket, arrival, begin))


def _begin_project(parts: LiveParts, connection: Connection, *, project_id: UUID) -> ProjectSession:
    return ProjectSession(parts, connection, project_id)


def _read_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise RouteNotFound from None
