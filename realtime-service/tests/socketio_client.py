"""The stock Python client of Socket.IO, with everything it hears in one queue."""

import asyncio
from typing import Any, Self

import aiohttp
import socketio
from event_source import as_gateway
from realtime_client import WAIT_SECONDS

from shared.principal import Principal

Heard = tuple[str, Any]


class ChatClient:
    def __init__(self) -> None:
        self._http = aiohttp.ClientSession()  # our own, for the client sends `headers` with its first request only
        self.client = socketio.AsyncClient(reconnection=False, http_session=self._http)
        self.refusals: list[Any] = []
        self._heard: asyncio.Queue[Heard] = asyncio.Queue()
        self.client.on("*", self._hear)
        self.client.on("connect_error", self._refused)

    @classmethod
    async def open(
        cls,
        port: int,
        principal: Principal | None = None,
        *,
        transports: list[str] | None = None,
        auth: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> Self:
        """Raises socketio.exceptions.ConnectionError; `refusals` of the error's client are lost then."""
        self = cls()
        await self.connect(port, principal, transports=transports, auth=auth, headers=headers)
        return self

    async def connect(
        self,
        port: int,
        principal: Principal | None = None,
        *,
        transports: list[str] | None = None,
        auth: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        self._http.headers.update({} if principal is None else as_gateway(principal))
        await self.client.connect(
            f"http://127.0.0.1:{port}",
            socketio_path="/ws",
            transports=transports or ["websocket"],
            auth=auth,
            headers=headers,
            wait_timeout=WAIT_SECONDS,
        )

    async def next(self) -> Heard:
        async with asyncio.timeout(WAIT_SECONDS):
            return await self._heard.get()

    async def next_of(self, name: str) -> Any:
        """Leaves out what else is heard before."""
        while True:
            heard, data = await self.next()
            if heard == name:
                return data

    async def ask(self, name: str, data: Any) -> Any:
        return await self.client.call(name, data, timeout=WAIT_SECONDS)

    async def until_disconnected(self) -> None:
        async with asyncio.timeout(WAIT_SECONDS):
            await self.client.wait()

    async def close(self) -> None:
        await self.client.shutdown()
        await self._http.close()

    async def _hear(self, name: str, data: Any = None) -> None:
        self._heard.put_nowait((name, data))

    async def _refused(self, data: Any) -> None:
        self.refusals.append(data)
