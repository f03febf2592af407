"""The opaque id of a server-sent event: where its client stands in each topic of its stream."""

import base64
import binascii
from collections.abc import Iterable
from hashlib import blake2b

import msgspec

from realtime_service.positions import Position

MAX_LENGTH = 4 * 1024  # characters of an id; 128 topics take about 2,500, and a whole request head may have 8,192
_DIGEST_BYTES = 8
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(dict[str, dict[bytes, int]]).decode


class StreamPositions:
    """By topic. Topics are named by a digest: the address of the stream has their names already."""

    def __init__(self, topics: Iterable[str] = ()) -> None:
        self._digests = {topic: _digest(topic) for topic in topics}
        self._reached: dict[bytes, Position] = {}

    @classmethod
    def read(cls, text: str | None) -> "StreamPositions":
        """What is not one of our ids resumes nothing."""
        positions = cls()
        if not text or len(text) > MAX_LENGTH:
            return positions
        try:
            epochs = _decode(base64.urlsafe_b64decode(text))
        except (ValueError, binascii.Error, msgspec.DecodeError, RecursionError):
            return positions
        for epoch, offsets in epochs.items():
            for digest, offset in offsets.items():
                if 0 <= offset <= 2**53:
                    positions._reached[digest] = Position(epoch, offset)
        return positions

    def get(self, topic: str) -> Position | None:
        return self._reached.get(_digest(topic))

    def move(self, topic: str, position: Position) -> None:
        self._reached[self._digests[topic]] = position

    def text(self) -> bytes:
        epochs: dict[str, dict[bytes, int]] = {}
        for digest, (epoch, offset) in self._reached.items():
            epochs.setdefault(epoch, {})[digest] = offset
        return base64.urlsafe_b64encode(_encode(epochs))


def _digest(topic: str) -> bytes:
    return blake2b(topic.encode(errors="surrogatepass"), digest_size=_DIGEST_BYTES).digest()
