"""Frames as server-sent events."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from sanic.response import ResponseStream

from conversation_service.runs.frames import KEEP_ALIVE, as_server_sent_event
from shared.events.run_frames import RunFrame

SILENT_LOOKS = 10
"""After so many looks without news something is sent, for whoever in between hangs up on silence."""

_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


def event_stream(frames: AsyncGenerator[RunFrame | None, None], **headers: str) -> ResponseStream:
    """`headers` are further ones, with `_` for `-`."""

    async def write(response: Any) -> None:
        silence = 0
        async with aclosing(frames) as coming:
            async for frame in coming:
                silence = silence + 1 if frame is None else 0
                if frame is not None:
                    await response.write(as_server_sent_event(frame))
                elif silence % SILENT_LOOKS == 0:
                    await response.write(KEEP_ALIVE)

    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return ResponseStream(write, headers={**_HEADERS, **named}, content_type="text/event-stream; charset=utf-8")
