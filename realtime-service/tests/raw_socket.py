"""A WebSocket peer that sends any bytes it likes, and reads what comes back frame by frame."""

import asyncio
from struct import pack
from typing import NamedTuple, Self

from realtime_client import SECRET

from shared.clock import SystemClock
from shared.identity import HEADER, mint_identity
from shared.principal import Principal

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
WAIT_SECONDS = 3.0


class Got(NamedTuple):
    opcode: int
    payload: bytes


def frame(
    opcode: int, payload: bytes = b"", *, fin: bool = True, reserved: int = 0, mask: bytes | None = b"\x37\xfa\x21\x3d"
) -> bytes:
    """As a client sends it, right or wrong."""
    first, length = (0x80 if fin else 0) | reserved << 4 | opcode, len(payload)
    size = (
        pack("!B", length) if length < 126 else pack("!BH", 126, length) if length < 2**16 else pack("!BQ", 127, length)
    )
    if mask is None:
        return bytes([first]) + size + payload
    masked = bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))
    return bytes([first, size[0] | 0x80]) + size[1:] + mask + masked


def closing(code: int, reason: bytes = b"") -> bytes:
    return frame(CLOSE, pack("!H", code) + reason)


class RawSocket:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, port: int, principal: Principal | None, ahead: bytes = b"", path: str = "/ws") -> Self:
        """`ahead` is sent with the handshake, without waiting for its answer."""
        known = principal and mint_identity(principal, "realtime", SECRET, SystemClock().now())
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(
            f"GET {path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n".encode()
            + b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            + (f"{HEADER}: {known}\r\n\r\n" if known else "\r\n").encode()
            + ahead
        )
        answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), WAIT_SECONDS)
        assert answer.startswith(b"HTTP/1.1 101 ")
        assert b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in answer
        return cls(reader, writer)

    async def send(self, data: bytes, *, piece: int | None = None) -> None:
        """In one go, or in pieces of so many bytes that arrive one by one."""
        for start in range(0, len(data), piece or max(1, len(data))):
            self._writer.write(data[start : start + (piece or len(data))])
            await self._writer.drain()
            await asyncio.sleep(0)

    async def heard(self) -> list[Got]:
        """All frames until the other side ends the connection; its close is answered."""
        frames = []
        async with asyncio.timeout(WAIT_SECONDS):
            while (got := await self._next()) is not None:
                frames.append(got)
                if got.opcode == CLOSE:
                    self._writer.write(frame(CLOSE, got.payload))
        self._writer.close()
        return frames

    async def next(self) -> Got:
        async with asyncio.timeout(WAIT_SECONDS):
            got = await self._next()
        assert got is not None
        return got

    def end(self) -> None:
        """Sends no more; still reads."""
        self._writer.write_eof()

    def close(self) -> None:
        self._writer.close()

    async def _next(self) -> Got | None:
        try:
            first, second = await self._reader.readexactly(2)
            assert not second & 0x80, "servers do not mask"
            length = second & 0x7F
            if length > 125:
                length = int.from_bytes(await self._reader.readexactly(2 if length == 126 else 8), "big")
            return Got(first & 0x0F, await self._reader.readexactly(length))
        except (asyncio.IncompleteReadError, ConnectionResetError):
            return None
