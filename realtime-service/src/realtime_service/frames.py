"""Frames as they stand on the wire (RFC 6455): made once, written to as many sockets as like."""

from enum import IntEnum
from typing import Any

import msgspec
from websockets.frames import Frame, Opcode

encode_json = msgspec.json.Encoder().encode


class CloseCode(IntEnum):
    """Why we end a socket. The 4000s are ours, the others are registered."""

    NORMAL = 1000  # only ever the client's own wish
    UNSUPPORTED_DATA = 1003
    INVALID_TEXT = 1007
    RESTARTING = 1012
    UNAUTHENTICATED = 4001
    FORBIDDEN = 4003
    NOT_FOUND = 4004
    TOO_SLOW = 4008
    SESSION_REVOKED = 4009
    TOO_MANY = 4029


def text_frame(text: bytes) -> bytes:
    """`text` must be UTF-8."""
    return Frame(Opcode.TEXT, text).serialize(mask=False, extensions=[])


def json_frame(value: Any) -> bytes:
    return text_frame(encode_json(value))


PING = Frame(Opcode.PING, b"").serialize(mask=False, extensions=[])
