"""A reader of an answer that hangs up at random moments and takes the stream up again where it was."""

import random
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from aiohttp import ClientError, ClientResponse

OpenStream = Callable[[str | None], AbstractAsyncContextManager[ClientResponse]]
"""Begins to read behind the frame whose id is given, or from the beginning; on any node."""

SHORTEST_STAY = 1
LONGEST_STAY = 400  # bytes read before the line is cut


async def read_with_cuts(open_stream: OpenStream, chance: random.Random) -> tuple[bytes, int]:
    """All frames as they came, in one piece, and how often the line was cut."""
    whole, cuts, last_id = b"", 0, None
    while True:
        part = await _read_some(open_stream, last_id, chance.randint(SHORTEST_STAY, LONGEST_STAY))
        frames, _, _ = part.rpartition(b"\n\n")
        complete = frames + b"\n\n" if frames else b""
        whole += complete
        events = [block for block in complete.split(b"\n\n") if block and not block.startswith(b":")]
        if events:
            last_id = events[-1].split(b"\n")[0].removeprefix(b"id: ").decode()
            if events[-1].split(b"\n")[1] in (b"event: done", b"event: error"):
                return whole, cuts
        cuts += 1


async def _read_some(open_stream: OpenStream, last_id: str | None, size: int) -> bytes:
    part = b""
    async with open_stream(last_id) as response:
        assert response.status == 200, response.status
        try:
            while len(part) < size:
                piece = await response.content.read(size - len(part))
                if not piece:
                    break
                part += piece
        except ClientError:
            pass  # a node that went away cuts as well
        response.close()
    return part
