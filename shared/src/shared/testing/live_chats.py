"""A reference client of the Socket.IO dialect, over WebSocket: hears the user's chats and checks what it hears."""

import json
from typing import Any
from uuid import UUID

from shared.events.topics import chat_topic
from shared.testing.live_reader import Followed, Recovery, SubscriptionRefused
from shared.testing.live_socket import LiveSocket

_PING, _PONG = "2", "3"  # Engine.IO 4
_CONNECT, _EVENT, _CONNECT_ERROR = "40", "42", "44"  # Socket.IO 5 in messages of Engine.IO
_NOTICES = ("degraded", "healthy", "going_away")


class LiveChats(LiveSocket):
    """Whatever chat the server joins is followed. Some events of chats have no words here, so offsets may jump."""

    path = "/?EIO=4&transport=websocket"

    def __init__(self, *about: Any, has_holes: bool = True, **more: Any) -> None:
        """As LiveSocket; `has_holes`: False where nothing happens in the chats but messages."""
        super().__init__(*about, **more)
        self._has_holes = has_holes

    async def _begin(self, token: str | None) -> None:
        since = {topic.partition(":")[2]: one.since for topic, one in self._followed.items() if one.since}
        await self._send(_CONNECT + json.dumps({"token": token, "since": since}))

    async def _hear(self, text: str) -> None:
        self._hear_anything()
        if text == _PING:
            await self._send(_PONG)
        elif text.startswith(_EVENT):
            await self._hear_emitted(*json.loads(text[2:]))
        elif text.startswith(_CONNECT_ERROR):
            self._end(SubscriptionRefused(json.loads(text[2:])["message"]))

    async def _hear_emitted(self, name: str, data: dict[str, Any]) -> None:
        topic = chat_topic(UUID(data["chat_id"])) if "chat_id" in data else ""
        if name == "roomJoined":
            self._followed.setdefault(topic, Followed(topic, self._has_holes))
            self._hear_place(Recovery(topic, data["epoch"], data["offset"], data["recovered"], data.get("reason")))
        elif name == "roomLeft":
            self._followed.pop(topic, None)
        elif "offset" in data:
            followed = self._followed.setdefault(topic, Followed(topic, self._has_holes))
            self._hear_event(followed, name, data["offset"], data)
        elif name == "token_expiring" and self._token:
            await self._send(_EVENT + json.dumps(["auth", {"token": await self._fresh_token()}]))
        elif name in _NOTICES:
            self._hear_notice(name, data.get("retry_after_ms"))
