"""Frames as they stand on the wire (RFC 6455): made once, written to as many sockets as like."""

from enum import IntEnum
from struct import pack
from typing import Any

import msgspec

from realtime_service.errors import InvalidMessage
from shared.errors import TesseraError
from shared.http.json_limits import require_modest

encode_json = msgspec.json.Encoder().encode


class Opcode(IntEnum):
    CONTINUATION = 0
    TEXT = 1
    BINARY = 2
    CLOSE = 8
    PING = 9
    PONG = 10


class CloseCode(IntEnum):
    """Why we end a socket. The 4000s are ours, the others are registered."""

    NORMAL = 1000  # only ever the client's own wish
    PROTOCOL_ERROR = 1002
    UNSUPPORTED_DATA = 1003
    INVALID_TEXT = 1007
    TOO_BIG = 1009
    RESTARTING = 1012
    UNAUTHENTICATED = 4001
    FORBIDDEN = 4003
    NOT_FOUND = 4004
    TOO_SLOW = 4008
    SESSION_REVOKED = 4009
    TOO_MANY = 4029


def require_readable(text: bytes) -> None:
    """Raises InvalidMessage for JSON that would hold up everybody else while it is parsed."""
    try:
        require_modest(text)
    except TesseraError as error:
        raise InvalidMessage(error.message) from error


def text_frame(text: bytes) -> bytes:
    """`text` must be UTF-8."""
    return _frame(Opcode.TEXT, text)


def json_frame(value: Any) -> bytes:
    return text_frame(encode_json(value))


def pong_frame(payload: bytes) -> bytes:
    return _frame(Opcode.PONG, payload)


def close_frame(payload: bytes) -> bytes:
    """`payload` as a peer sent it, or a code in two bytes."""
    return _frame(Opcode.CLOSE, payload)


def _frame(opcode: Opcode, payload: bytes) -> bytes:
    """Whole and unmasked, as servers send them."""
    first, length = 0x80 | opcode, len(payload)
    if length < 126:
        return pack("!BB", first, length) + payload
    if length < 2**16:
        return pack("!BBH", first, 126, length) + payload
    return pack("!BBQ", first, 127, length) + payload


PING = _frame(Opcode.PING, b"")
