"""`/ws` and `/ws/{project_id}`: which dialect a client speaks, and who it is."""

from realtime_service.dialects.topics import TopicsSession
from realtime_service.node import Node
from realtime_service.websocket import accept_websocket
from shared.errors import RouteNotFound, Unavailable
from shared.http.app import Request


class Door:
    """A socket per request, which is over when the socket is."""

    is_websocket = True  # tells Sanic that no response follows

    def __init__(self, node: Node) -> None:
        self._node = node

    async def __call__(self, request: Request) -> None:
        """Raises RouteNotFound, AuthRequired, SessionRevoked, UpgradeRequired, BadRequest or Unavailable, as HTTP."""
        if "EIO" in request.args or request.method != "GET":
            raise RouteNotFound
        if self._node.is_leaving:
            raise Unavailable
        credentials = self._node.authenticator.from_handshake(request)
        socket = accept_websocket(request, lambda socket: self._node.connect(socket, credentials, TopicsSession))
        await socket.until_lost()


class ProjectDoor:
    is_websocket = True

    def __init__(self, node: Node) -> None:
        self._node = node

    async def __call__(self, request: Request, project_id: str) -> None:
        raise RouteNotFound
