"""Whether a server answers, asked in its own protocol."""

import asyncio
import contextlib
from urllib.parse import urlsplit

PROBE_SECONDS = 2.0
DEFAULT_PORTS = {"amqp": 5672, "amqps": 5671, "redis": 6379, "rediss": 6379}
AMQP_HEADER = b"AMQP\x00\x00\x09\x01"
AMQP_METHOD_FRAME = b"\x01"


async def amqp_answers(port: int) -> bool:
    return await _conversation("127.0.0.1", port, AMQP_HEADER, length=1) == AMQP_METHOD_FRAME


async def redis_answers(port: int, password: str) -> bool:
    expected = b"+OK\r\n+PONG\r\n"
    request = f"AUTH {password}\r\nPING\r\n".encode()
    return await _conversation("127.0.0.1", port, request, length=len(expected)) == expected


async def is_reachable(url: str) -> bool:
    """Whether anything accepts connections there; whether it also accepts us is for its user to find out."""
    parts = urlsplit(url)
    port = parts.port or DEFAULT_PORTS.get(parts.scheme, 0)
    return await _conversation(parts.hostname or "localhost", port, b"", length=0) is not None


async def _conversation(host: str, port: int, request: bytes, length: int) -> bytes | None:
    """The first `length` bytes of the answer; None without one."""
    with contextlib.suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
        async with asyncio.timeout(PROBE_SECONDS):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(request)
                return await reader.readexactly(length)
            finally:
                writer.close()
    return None
