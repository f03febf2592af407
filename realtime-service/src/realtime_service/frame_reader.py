"""What a peer sends, read by RFC 6455: whole messages and control frames, out of bytes as they come."""

import codecs
from collections.abc import Iterator
from struct import unpack_from
from typing import NamedTuple

from websockets.speedups import apply_mask

from realtime_service.frames import CloseCode, Opcode

MAX_MESSAGE_BYTES = 64 * 1024
_MAX_CONTROL_BYTES = 125
_OPCODES = frozenset(Opcode)
_REGISTERED = frozenset({1000, 1001, 1002, 1003, *range(1007, 1015)})  # close codes that may stand on the wire
_APPLICATION = range(3000, 5000)
_utf8_decoder = codecs.getincrementaldecoder("utf-8")

Heard = tuple[Opcode, bytes]
"""A message (TEXT, BINARY), a control frame (PING, PONG, CLOSE) or, as CONTINUATION, that a message has grown."""


class ProtocolViolation(Exception):
    def __init__(self, code: CloseCode) -> None:
        """`code` is what the peer has to be told."""
        self.code = code
        super().__init__(code.name)


class _Head(NamedTuple):
    opcode: Opcode
    is_final: bool
    mask_at: int
    end: int


class FrameReader:
    """Keeps no more than an unfinished frame and an unfinished message; both together stay below twice the limit."""

    __slots__ = ("_decoder", "_kind", "_message", "_unread")

    def __init__(self) -> None:
        self._unread: bytearray | None = None
        self._message: bytearray | None = None
        self._kind = Opcode.TEXT
        self._decoder: codecs.IncrementalDecoder | None = None

    def feed(self, data: bytes) -> Iterator[Heard]:
        """Text is valid UTF-8. Raises ProtocolViolation; nothing may be fed after that."""
        bytes_: bytes | bytearray = data
        if self._unread is not None:
            self._unread += data
            bytes_, self._unread = self._unread, None
        start = 0
        while (head := self._head(bytes_, start)) is not None and head.end <= len(bytes_):
            payload = apply_mask(bytes_[head.mask_at + 4 : head.end], bytes(bytes_[head.mask_at : head.mask_at + 4]))
            start = head.end
            yield self._heard(head, payload)
        if start == 0 and isinstance(bytes_, bytearray):
            self._unread = bytes_  # not copied with every piece of a frame that comes slowly
        elif start < len(bytes_):
            self._unread = bytearray(bytes_[start:])

    def _head(self, data: bytes | bytearray, at: int) -> _Head | None:
        """Of the frame that begins at `at`, judged before its payload is there; None while the head is not whole."""
        if len(data) < at + 2:
            return None
        first, second = data[at], data[at + 1]
        length, mask_at = second & 0x7F, at + 2
        if first & 0x70 or not second & 0x80 or first & 0x0F not in _OPCODES:
            raise ProtocolViolation(CloseCode.PROTOCOL_ERROR)
        opcode, is_final = Opcode(first & 0x0F), bool(first & 0x80)
        self._check_order(opcode, length, is_final=is_final)
        if length > _MAX_CONTROL_BYTES:
            size = 2 if length == 126 else 8
            if len(data) < mask_at + size:
                return None
            length = _long_length(data, mask_at, size)
            mask_at += size
        if opcode not in _CONTROL and length + len(self._message or b"") > MAX_MESSAGE_BYTES:
            raise ProtocolViolation(CloseCode.TOO_BIG)
        return _Head(opcode, is_final, mask_at, mask_at + 4 + length)

    def _check_order(self, opcode: Opcode, length: int, *, is_final: bool) -> None:
        if opcode in _CONTROL:
            is_wrong = length > _MAX_CONTROL_BYTES or not is_final
        else:
            is_wrong = (opcode is Opcode.CONTINUATION) is (self._message is None)
        if is_wrong:
            raise ProtocolViolation(CloseCode.PROTOCOL_ERROR)

    def _heard(self, head: _Head, payload: bytes) -> Heard:
        if head.opcode is Opcode.CLOSE:
            _check_close(payload)
        if head.opcode in _CONTROL:
            return head.opcode, payload
        if head.is_final and self._message is None:
            if head.opcode is Opcode.TEXT and not payload.isascii():
                _check_text(_utf8_decoder(), payload, is_final=True)
            return head.opcode, payload
        return self._grown(head, payload)

    def _grown(self, head: _Head, payload: bytes) -> Heard:
        """One more fragment. Wrong text is refused with the fragment in which it shows."""
        if self._message is None:
            self._message, self._kind = bytearray(), head.opcode
            self._decoder = _utf8_decoder() if head.opcode is Opcode.TEXT else None
        self._message += payload
        if self._decoder is not None:
            _check_text(self._decoder, payload, is_final=head.is_final)
        if not head.is_final:
            return Opcode.CONTINUATION, b""
        message, self._message, self._decoder = bytes(self._message), None, None
        return self._kind, message


_CONTROL = frozenset({Opcode.CLOSE, Opcode.PING, Opcode.PONG})


def _long_length(data: bytes | bytearray, at: int, size: int) -> int:
    """A length has to be written in the fewest bytes that can hold it."""
    length: int = unpack_from("!H" if size == 2 else "!Q", data, at)[0]
    if length <= _MAX_CONTROL_BYTES or (size == 8 and (length < 2**16 or length >= 2**63)):
        raise ProtocolViolation(CloseCode.PROTOCOL_ERROR)
    return length


def _check_close(payload: bytes) -> None:
    if not payload:
        return
    code = int.from_bytes(payload[:2], "big")
    if len(payload) == 1 or (code not in _REGISTERED and code not in _APPLICATION):
        raise ProtocolViolation(CloseCode.PROTOCOL_ERROR)
    _check_text(_utf8_decoder(), payload[2:], is_final=True)


def _check_text(decoder: codecs.IncrementalDecoder, payload: bytes, *, is_final: bool) -> None:
    try:
        decoder.decode(payload, is_final)
    except UnicodeDecodeError as error:
        raise ProtocolViolation(CloseCode.INVALID_TEXT) from error
