"""Frames as server-sent events."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from sanic.response import ResponseStream

from conversation_service.runs.frames import KEEP_ALIVE, as_server_sent_event
from shared.events.run_frames import RunFrame
from shared.http.answers import streamed

SILENT_LOOKS = 10
"""After so many looks without news something is sent, for whoever in between hangs up on silence."""

STREAM_HEADERS = {"Cache-Control": "no-cache, no-transform", "X-Accel-Buffering": "no"}
EVENT_STREAM = "text/event-stream; charset=utf-8"


async def event_stream(frames: AsyncGenerator[RunFrame | None, None], headers: dict[str, str]) -> ResponseStream:
    """Raises what keeps the first frame from coming: an error is an answer of its own until then."""
    first = await anext(frames, None)
    return streamed(_encoded(first, frames), {**STREAM_HEADERS, **headers}, EVENT_STREAM)


async def _encoded(
    first: RunFrame | None, frames: AsyncGenerator[RunFrame | None, None]
) -> AsyncGenerator[bytes, None]:
    silence = 0
    async with aclosing(frames) as coming:
        if first is not None:
            yield as_server_sent_event(first)
        async for frame in coming:
            silence = silence + 1 if frame is None else 0
            if frame is not None:
                yield as_server_sent_event(frame)
            elif silence % SILENT_LOOKS == 0:
                yield KEEP_ALIVE
