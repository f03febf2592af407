"""What a client of the live addresses has to know, made from the frames themselves (`x-websocket`)."""

from collections.abc import Iterable, Mapping
from typing import Any

from realtime_service import events_routes
from realtime_service.connection import FRAMES_PER_SECOND, HARD_LIMIT
from realtime_service.dialects.project_frames import CLIENT_DATA, SERVER_DATA
from realtime_service.dialects.socketio_frames import ACKS, CLIENT_EVENTS, SERVER_EVENTS, ServerMessage
from realtime_service.dialects.topics import MAX_SUBSCRIPTIONS
from realtime_service.dialects.topics_frames import CLIENT_FRAMES, SERVER_FRAMES
from realtime_service.frame_reader import MAX_MESSAGE_BYTES
from realtime_service.frames import CloseCode
from realtime_service.headcount import MOST_OF_ADDRESS, MOST_OF_USER
from shared.http.app import App
from shared.http.documentation import serve_openapi
from shared.http.examples import Examples
from shared.http.openapi import openapi_document, schema_components
from shared.quotas import LIMITS, Quota

_JSON_FRAMES = "JSON in text frames of WebSocket (RFC 6455)"
_CLOSE_CODES = {
    CloseCode.PROTOCOL_ERROR: "The peer broke RFC 6455.",
    CloseCode.UNSUPPORTED_DATA: "Binary frames are not read.",
    CloseCode.INVALID_TEXT: "A text frame was not UTF-8.",
    CloseCode.TOO_BIG: "A message was longer than 64 KiB.",
    CloseCode.RESTARTING: "The node goes away: connect again and resume.",
    CloseCode.UNAUTHENTICATED: "No valid credential, or it has expired.",
    CloseCode.FORBIDDEN: "The right to the project has ended.",
    CloseCode.NOT_FOUND: "There is no such project.",
    CloseCode.TOO_SLOW: "The client reads more slowly than its events come.",
    CloseCode.SESSION_REVOKED: "The session, the membership or the account has ended.",
    CloseCode.TOO_MANY: "Too many frames or connections; an error before it names the limit.",
}


_TOPICS = (
    "The handshake carries a credential like any request, or `?token=`; without one the first frame must be `auth`, "
    "within 10 seconds. Events of a topic come in order, once, without a silent gap: keep the last `epoch` and "
    "`offset` and send them as `since` after a lost connection."
)
_PROJECT = (
    "`get_state` answers the state with its position, and what happens afterwards follows from there; after a lost "
    "connection `resume` with the last `epoch` and `offset` tells what was missed and then `resumed`, or the state "
    "anew. What is told before the answer belongs to neither: leave it out."
)
_LIMITS = {
    "connectionsOfAddress": MOST_OF_ADDRESS,
    "connectionsOfUser": MOST_OF_USER,
    "connectionsOfTenant": {tier.value: limit for tier, limit in LIMITS[Quota.LIVE_CONNECTIONS].items()},
    "subscriptions": MAX_SUBSCRIPTIONS,
    "framesPerSecond": FRAMES_PER_SECOND,
    "messageBytes": MAX_MESSAGE_BYTES,
    "unreadBytes": HARD_LIMIT,
    "secondsToSignIn": 10,
    "secondsToUpgrade": 10,
}
_CHATS = (
    'Connect with `io(url, {path: "/ws", auth: {token, since}})`. The user\'s chats are joined without asking, '
    "each told by `roomJoined`; keep the last `epoch` and `offset` of every chat and give them as `auth.since` "
    "(`{chat_id: {epoch, offset}}`) after a lost connection, or as `since` of `clientJoinRoom`. Refusals come as "
    "`connect_error`: `AUTH_REQUIRED`, `AUTH_SESSION_EXPIRED`. Messages are sent by REST."
)


def setup_documentation(app: App) -> None:
    serve_openapi(app, live_document)


def live_document() -> dict[str, Any]:
    """Sockets have no operations; their frames are components like any others."""
    document = openapi_document("realtime", (events_routes.routes,))
    components = document["components"]["schemas"]
    schema = _Schemas(components)
    document["x-websocket"] = {
        "/ws": {
            "summary": "Follow topics: projects, tasks, conversations, one's own account",
            "protocol": _JSON_FRAMES,
            "available": True,
            "description": _TOPICS,
            "client": schema.named(CLIENT_FRAMES),
            "server": schema.all(SERVER_FRAMES),
            "limits": _LIMITS,
            "closeCodes": {str(int(code)): meaning for code, meaning in _CLOSE_CODES.items()},
        },
        "/ws/{project_id}": {
            "summary": "Everything of one project in one connection, for editors and app builders",
            "protocol": f"{_JSON_FRAMES}, `{{type, data}}`",
            "available": True,
            "description": _PROJECT,
            "client": schema.named(CLIENT_DATA),
            "server": schema.named(SERVER_DATA),
        },
        "/ws/": {
            "summary": 'Chats with the stock socket.io-client 4, `path: "/ws"`',
            "protocol": "Socket.IO 5 over Engine.IO 4 (`EIO=4`): WebSocket, long polling, upgrade",
            "available": True,
            "description": _CHATS,
            "client": schema.named(CLIENT_EVENTS),
            "server": schema.named(SERVER_EVENTS),
            "acknowledgements": schema.all(ACKS),
        },
    }
    document["webhooks"] = {"serverMessage": {"post": _server_message(schema.all([ServerMessage])[0], components)}}
    return document


class _Schemas:
    """Makes components of frames, each once."""

    def __init__(self, components: dict[str, Any]) -> None:
        self._components = components

    def all(self, shapes: Iterable[type]) -> list[dict[str, Any]]:
        schemas, components = schema_components(shapes)
        self._components.update(components)
        return schemas

    def named(self, shapes: Mapping[str, type]) -> dict[str, Any]:
        return dict(zip(shapes, self.all(shapes.values()), strict=True))


def _server_message(schema: dict[str, Any], components: dict[str, Any]) -> dict[str, Any]:
    return {
        "operationId": "serverMessage",
        "summary": "A chat message, as the Socket.IO event `serverMessage`",
        "tags": ["live"],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": schema, "example": Examples(components).of(schema)}},
        },
        "responses": {"200": {"description": "Socket.IO expects no answer."}},
    }
