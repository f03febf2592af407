"""Server-sent events as a client reads them: bytes in, frames out."""

from typing import Any, NamedTuple

import msgspec


class SeenFrame(NamedTuple):
    id: int
    event: str
    data: dict[str, Any]


def frames_in(body: bytes) -> list[SeenFrame]:
    """Comments are left out."""
    frames = []
    for block in body.decode().split("\n\n")[:-1]:
        fields = dict(line.split(": ", 1) for line in block.split("\n") if not line.startswith(":"))
        if fields:
            frames.append(SeenFrame(int(fields["id"]), fields["event"], msgspec.json.decode(fields["data"])))
    return frames


def text_of(frames: list[SeenFrame]) -> str:
    return "".join(frame.data["content"] for frame in frames if frame.event == "delta")
