"""A wire between client and broker that can be cut at any moment, in the middle of any frame."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from yarl import URL


class Wire:
    """`url` leads to the broker behind it."""

    def __init__(self, broker: URL) -> None:
        self._broker = broker
        self._writers: set[asyncio.StreamWriter] = set()
        self.url = ""

    def cut(self) -> None:
        """Every connection that is open now; new ones may be made."""
        for writer in self._writers:
            writer.transport.abort()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(self._broker.host, self._broker.port)
        ends = {writer, far_writer}
        self._writers |= ends
        await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))
        self._writers -= ends


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while chunk := await reader.read(4096):
            writer.write(chunk)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.transport.abort()


@asynccontextmanager
async def wire_to(url: str) -> AsyncIterator[Wire]:
    wire = Wire(URL(url))
    server = await asyncio.start_server(wire.carry, "127.0.0.1", 0)
    wire.url = str(URL(url).with_port(server.sockets[0].getsockname()[1]))
    yield wire
    wire.cut()
    server.close()
    await server.wait_closed()
