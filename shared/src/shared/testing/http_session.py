"""An HTTP client whose connections all end with it."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from aiohttp import AddrInfoType, ClientSession, TCPConnector


@asynccontextmanager
async def http_session(base_url: str | None = None, *, limit: int = 100) -> AsyncIterator[ClientSession]:
    """`limit` is the number of connections at once. Paths are relative to `base_url`, where there is one."""
    sockets: list[socket.socket] = []

    def make_socket(address: AddrInfoType) -> socket.socket:
        family, kind, protocol, *_ = address
        made = socket.socket(family, kind, protocol)
        sockets.append(made)
        return made

    try:
        async with ClientSession(base_url, connector=TCPConnector(limit=limit, socket_factory=make_socket)) as session:
            yield session
    finally:
        await _end(sockets)


async def _end(sockets: list[socket.socket]) -> None:
    """aiohttp keeps a connection until all of a body is sent, even a refused one; nobody closes it after the loop."""
    for left in sockets:
        with suppress(OSError):  # closed already
            left.shutdown(socket.SHUT_RDWR)
    while any(left.fileno() >= 0 for left in sockets):
        await asyncio.sleep(0)
