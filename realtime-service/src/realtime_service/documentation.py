"""What a client of the live addresses has to know, made from the frames themselves (`x-websocket`)."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from realtime_service import events_routes
from realtime_service.dialects.topics_frames import CLIENT_FRAMES, SERVER_FRAMES
from realtime_service.frames import CloseCode
from shared.http.app import App
from shared.http.documentation import serve_openapi
from shared.http.examples import Examples
from shared.http.openapi import openapi_document, schema_components
from shared.wire_enum import WireEnum

_JSON_FRAMES = "JSON in text frames of WebSocket (RFC 6455)"
_CLOSE_CODES = {
    CloseCode.UNSUPPORTED_DATA: "Binary frames are not read.",
    CloseCode.INVALID_TEXT: "A text frame was not UTF-8.",
    CloseCode.RESTARTING: "The node goes away: connect again and resume.",
    CloseCode.UNAUTHENTICATED: "No valid credential, or it has expired.",
    CloseCode.FORBIDDEN: "The right to the project has ended.",
    CloseCode.NOT_FOUND: "There is no such project.",
    CloseCode.TOO_SLOW: "The client reads more slowly than its events come.",
    CloseCode.SESSION_REVOKED: "The session, the membership or the account has ended.",
    CloseCode.TOO_MANY: "Too many frames or connections.",
}


_TOPICS = (
    "The handshake carries a credential like any request, or `?token=`; without one the first frame must be `auth`, "
    "within 10 seconds. Events of a topic come in order, once, without a silent gap: keep the last `epoch` and "
    "`offset` and send them as `since` after a lost connection."
)
_ANNOUNCED: dict[str, dict[str, Any]] = {
    "/ws/{project_id}": {
        "summary": "Everything of one project in one connection, for editors and app builders",
        "protocol": f"{_JSON_FRAMES}, `{{type, data}}`",
        "available": False,
    },
    "/ws/": {
        "summary": 'Chats with the stock socket.io-client 4, `path: "/ws"`',
        "protocol": "Socket.IO 5 over Engine.IO 4 (`EIO=4`): WebSocket, long polling, upgrade",
        "available": False,
    },
}
"""Part of the contract; this version answers 404 there."""


class MessageKind(WireEnum):
    TEXT = "text"
    SYSTEM = "system"
    FILE = "file"


class ServerMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A chat message as Socket.IO clients hear it."""

    chat_id: UUID
    message_id: UUID
    author: UUID | None
    content: str
    timestamp: int
    """Milliseconds since 1970."""
    type: MessageKind
    created_at: datetime
    epoch: str
    offset: int


def setup_documentation(app: App) -> None:
    serve_openapi(app, live_document)


def live_document() -> dict[str, Any]:
    """Sockets have no operations; their frames are components like any others."""
    shapes = [*CLIENT_FRAMES.values(), *SERVER_FRAMES, ServerMessage]
    schemas, components = schema_components(shapes)
    sent, received = schemas[: len(CLIENT_FRAMES)], schemas[len(CLIENT_FRAMES) : -1]
    topics = {
        "summary": "Follow topics: projects, tasks, conversations, one's own account",
        "protocol": _JSON_FRAMES,
        "available": True,
        "description": _TOPICS,
        "client": dict(zip(CLIENT_FRAMES, sent, strict=True)),
        "server": received,
        "closeCodes": {str(int(code)): meaning for code, meaning in _CLOSE_CODES.items()},
    }
    document = openapi_document("realtime", (events_routes.routes,))
    document["components"]["schemas"].update(components)
    document["webhooks"] = {"serverMessage": {"post": _server_message(schemas[-1], components)}}
    document["x-websocket"] = {"/ws": topics, **_ANNOUNCED}
    return document


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
