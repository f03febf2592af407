"""The two framings of a request body (RFC 9112, sections 6 and 7), taken piece by piece from what has arrived."""

import re
from typing import Protocol

from shared.errors import BadRequest, TooLarge

_SIZE_LINE = re.compile(rb"[0-9A-Fa-f]{1,8}")
_LONGEST_SIZE_LINE = 8
FREE_CHUNKS = 1_000
LEAST_CHUNK_BYTES = 16
"""On average, of a body with more chunks than FREE_CHUNKS: each chunk costs 3 us, and none needs to be smaller."""


class BodyReader(Protocol):
    is_complete: bool
    announced: int
    """Bytes that the framing has promised and that have not come yet."""

    def take(self, received: bytearray) -> bytes:
        """Removes what belongs to the body from the front of `received`; the payload in it. Raises BadRequest."""

    def framed(self, payload: bytes) -> bytes:
        """The payload as it is sent on, the end of the body included once it is complete."""


class SizedBody:
    def __init__(self, length: int) -> None:
        self.announced = length
        self.is_complete = length == 0

    def take(self, received: bytearray) -> bytes:
        payload = bytes(received[: self.announced])
        del received[: self.announced]
        self.announced -= len(payload)
        self.is_complete = self.announced == 0
        return payload

    def framed(self, payload: bytes) -> bytes:
        return payload


class ChunkedBody:
    """Chunk extensions and trailers are refused: nobody needs them and readers disagree about them."""

    def __init__(self) -> None:
        self.announced = 0
        self._ends_chunk = False
        self._chunks = 0
        self._bytes = 0
        self.is_complete = False

    def take(self, received: bytearray) -> bytes:
        pieces: list[bytes] = []
        while not self.is_complete:
            if self.announced:
                piece = bytes(received[: self.announced])
                if not piece:
                    break
                del received[: len(piece)]
                self.announced -= len(piece)
                pieces.append(piece)
            elif self._ends_chunk:
                if not self._take_line_end(received):
                    break
                self._ends_chunk = False
            elif not self._take_size(received):
                break
        return b"".join(pieces)

    def framed(self, payload: bytes) -> bytes:
        chunk = b"%x\r\n%b\r\n" % (len(payload), payload) if payload else b""
        return chunk + b"0\r\n\r\n" if self.is_complete else chunk

    def _take_size(self, received: bytearray) -> bool:
        end = received.find(b"\r\n", 0, _LONGEST_SIZE_LINE + 2)
        if end < 0:
            if len(received) >= _LONGEST_SIZE_LINE + 2 or b"\n" in received:
                raise BadRequest("The chunked body is not understandable.")
            return False
        if not _SIZE_LINE.fullmatch(received, 0, end):
            raise BadRequest("The chunked body is not understandable.")
        size = int(received[:end], 16)
        if size == 0:
            return self._take_end(received, end + 2)
        del received[: end + 2]
        self.announced, self._ends_chunk = size, True
        self._count(size)
        return True

    def _count(self, size: int) -> None:
        self._chunks += 1
        self._bytes += size
        if self._bytes < (self._chunks - FREE_CHUNKS) * LEAST_CHUNK_BYTES:
            raise BadRequest("The chunks of the body are too small.")

    def _take_end(self, received: bytearray, start: int) -> bool:
        ending = received[start : start + 2]
        if len(ending) < 2 and b"\r\n".startswith(ending):
            return False
        if ending != b"\r\n":
            raise BadRequest("The chunked body may not have trailers.")
        del received[: start + 2]
        self.is_complete = True
        return True

    def _take_line_end(self, received: bytearray) -> bool:
        ending = received[:2]
        if ending == b"\r\n":
            del received[:2]
            return True
        if b"\r\n".startswith(ending):
            return False
        raise BadRequest("The chunked body is not understandable.")


class LimitedBody:
    """The body of one request on its way through; raises TooLarge once it is clear that it exceeds what is allowed."""

    def __init__(self, reader: BodyReader) -> None:
        self._reader = reader
        self._left = 0
        self._captured: bytearray | None = None
        self._capacity = 0
        self.size = 0
        """Bytes of it that have come so far."""

    def limit_to(self, size: int) -> None:
        """In bytes; nothing is let through before."""
        self._left = size

    def capture(self, capacity: int) -> None:
        """Keep a copy of the body as far as it has no more bytes than that."""
        self._captured, self._capacity = bytearray(), capacity

    @property
    def captured(self) -> bytes | None:
        """The whole body; None when it was not to be kept, is too large or not complete."""
        if self._captured is None or self.size > self._capacity or not self.is_complete:
            return None
        return bytes(self._captured)

    @property
    def is_complete(self) -> bool:
        return self._reader.is_complete

    def pass_on(self, received: bytearray) -> bytes:
        """Removes the body from the front of `received`; the bytes to send on. Raises BadRequest too."""
        payload = self._reader.take(received)
        self._left -= len(payload)
        if self._left < self._reader.announced:
            raise TooLarge
        self.size += len(payload)
        if self._captured is not None and self.size <= self._capacity:
            self._captured += payload
        return self._reader.framed(payload)

    def skip(self, received: bytearray) -> None:
        """Drops what has come of a body that nobody will read."""
        try:
            self._reader.take(received)
        except BadRequest:
            received.clear()
