"""Several processes of one service behind one address, as with an orchestrator: who is ready gets connections."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Self, cast

import aiohttp

from gateway.websocket_pipe import join

LOOK_SECONDS = 0.25
CONNECT_SECONDS = 1.0


class Balancer:
    """Connections are piped through as they are, byte by byte, and end with the process that they went to."""

    def __init__(self, port: int, behind: Sequence[int]) -> None:
        """`behind`: the ports of the processes."""
        self._port = port
        self._behind = behind
        self._ready: list[int] = []
        self._turn = 0
        self._pipes: set[Any] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: _Waiting(self._begin), "127.0.0.1", self._port, backlog=4096, start_serving=True
        )
        self._start(self._look())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for pipe in tuple(self._pipes):
            pipe.abort()

    def _begin(self, waiting: "_Waiting") -> None:
        self._start(self._connect(waiting))

    async def _connect(self, waiting: "_Waiting") -> None:
        """To the next one that is ready and takes it."""
        client = waiting.transport
        for _ in range(len(self._ready)):
            self._turn += 1
            port = self._ready[self._turn % len(self._ready)]
            with suppress(OSError):
                async with asyncio.timeout(CONNECT_SECONDS):
                    upstream, _ = await asyncio.get_running_loop().create_connection(
                        asyncio.Protocol, "127.0.0.1", port
                    )
                if client.is_closing():
                    upstream.abort()
                    return
                join(client, upstream, self._pipes)
                upstream.write(bytes(waiting.ahead))
                return
        client.abort()

    async def _look(self) -> None:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=CONNECT_SECONDS)) as session:
            while True:
                states = await asyncio.gather(*(self._is_ready(session, port) for port in self._behind))
                self._ready = [port for port, is_ready in zip(self._behind, states, strict=True) if is_ready]
                await asyncio.sleep(LOOK_SECONDS)

    async def _is_ready(self, session: aiohttp.ClientSession, port: int) -> bool:
        """One that is too slow to say so is what it was."""
        try:
            async with session.get(f"http://127.0.0.1:{port}/health/ready") as answer:
                return answer.status == 200
        except TimeoutError:
            return port in self._ready
        except aiohttp.ClientError:
            return False

    def _start(self, work: Any) -> None:
        task: asyncio.Task[None] = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class _Waiting(asyncio.Protocol):
    """A client that has to wait until it is connected; `ahead` is what it has said until then."""

    transport: asyncio.Transport

    def __init__(self, begin: Callable[["_Waiting"], None]) -> None:
        self.ahead = bytearray()
        self._begin = begin

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._begin(self)

    def data_received(self, data: bytes) -> None:
        self.ahead += data
