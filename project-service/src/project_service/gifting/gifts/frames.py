"""The frames between the service and the process that reads pages: four bytes of length, then so many bytes."""

from typing import BinaryIO

LENGTH_BYTES = 4


def frame(content: bytes) -> bytes:
    return len(content).to_bytes(LENGTH_BYTES, "big") + content


def length_of(head: bytes) -> int:
    return int.from_bytes(head, "big")


def read(stream: BinaryIO) -> bytes | None:
    """The next frame; None at the end of the stream."""
    head = stream.read(LENGTH_BYTES)
    if len(head) < LENGTH_BYTES:
        return None
    size = length_of(head)
    content = stream.read(size)
    return content if len(content) == size else None
