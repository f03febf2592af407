"""A client on a real socket that shows every frame as it came."""

import asyncio
import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Self

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from shared.identity import HEADER, mint_identity
from shared.principal import Principal

SECRET = "a secret for tests that is long enough"
WAIT_SECONDS = 3.0


class RawClient:
    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    @classmethod
    async def open(
        cls, port: int, principal: Principal | None = None, *, expires_at: int | None = None, path: str = "/ws"
    ) -> Self:
        """With a principal: as the gateway opens it, with an identity attached."""
        headers = {}
        if principal is not None:
            headers[HEADER] = mint_identity(principal, "realtime", SECRET, datetime.now(UTC))
        if expires_at is not None:
            headers["X-Tessera-Token-Expires"] = str(expires_at)
        return cls(await connect(f"ws://127.0.0.1:{port}{path}", additional_headers=headers, max_size=None))

    async def send(self, **frame: Any) -> None:
        await self.socket.send(json.dumps(frame))

    async def text(self) -> str:
        async with asyncio.timeout(WAIT_SECONDS):
            text = await self.socket.recv()
        assert isinstance(text, str)
        return text

    async def next(self) -> dict[str, Any]:
        frame: dict[str, Any] = json.loads(await self.text())
        return frame

    async def ask(self, **frame: Any) -> dict[str, Any]:
        await self.send(**frame)
        return await self.next()

    async def subscribe(self, topic: str, **about: Any) -> dict[str, Any]:
        return await self.ask(action="subscribe", topic=topic, **about)

    async def until_closed(self) -> tuple[list[dict[str, Any]], int]:
        """What still came, and the close code."""
        frames = []
        with suppress(ConnectionClosed):
            while True:
                frames.append(await self.next())
        code = self.socket.close_code
        assert code is not None
        return frames, code

    async def hears_nothing(self) -> bool:
        """A ping answered next means that nothing was on its way."""
        return await self.ask(action="ping", id="quiet?") == {"action": "pong", "id": "quiet?"}

    async def close(self) -> None:
        await self.socket.close()
