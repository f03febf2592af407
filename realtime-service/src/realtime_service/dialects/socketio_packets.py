"""Engine.IO 4 and Socket.IO 5 on the wire, as far as JSON goes: packets are text, told apart by their first digits.

https://socket.io/docs/v4/engine-io-protocol/ and https://socket.io/docs/v4/socket-io-protocol/
"""

import re
from enum import IntEnum
from typing import Any, NamedTuple

import msgspec

from realtime_service.errors import InvalidMessage
from realtime_service.frames import encode_json, require_readable, text_frame

SEPARATOR = b"\x1e"  # between the packets of one poll
OPEN, CLOSE, PING, PONG, MESSAGE, UPGRADE, NOOP = (b"%d" % number for number in range(7))
PROBE = b"probe"
_PACKET = re.compile(rb"([0-6])(?:(/[^,?]{0,100})(?:\?[^,]*)?(?:,|\Z))?([0-9]{1,15})?(.*)", re.DOTALL)
_read_event = msgspec.json.Decoder(list[msgspec.Raw]).decode
_read_name = msgspec.json.Decoder(str).decode


class PacketType(IntEnum):
    CONNECT = 0
    DISCONNECT = 1
    EVENT = 2
    ACK = 3
    CONNECT_ERROR = 4
    BINARY_EVENT = 5
    BINARY_ACK = 6


class Packet(NamedTuple):
    type: PacketType
    namespace: str
    ack: int | None
    """The client wants an answer, which names this number."""
    data: bytes


class Call(NamedTuple):
    """An event that the client emitted; `argument` is the JSON of its first argument."""

    name: str
    argument: bytes


def read_packet(text: bytes) -> Packet:
    """Of a message's text. Raises InvalidMessage."""
    found = _PACKET.fullmatch(text)
    if found is None:
        raise InvalidMessage
    kind, namespace, ack, data = found.groups()
    name = (namespace or b"/").decode(errors="replace")
    return Packet(PacketType(int(kind)), name, None if ack is None else int(ack), data)


def read_call(packet: Packet) -> Call:
    """Raises InvalidMessage."""
    require_readable(packet.data)
    try:
        name, *arguments = _read_event(packet.data)
        return Call(_read_name(name), bytes(arguments[0]) if arguments else b"null")
    except (ValueError, RecursionError) as error:
        raise InvalidMessage from error


def open_frame(sid: str, *, can_upgrade: bool, ping_seconds: float, ping_timeout_seconds: float, limit: int) -> bytes:
    about = {
        "sid": sid,
        "upgrades": ["websocket"] if can_upgrade else [],
        "pingInterval": round(ping_seconds * 1000),
        "pingTimeout": round(ping_timeout_seconds * 1000),
        "maxPayload": limit,
    }
    return text_frame(OPEN + encode_json(about))


def message_frame(kind: PacketType, data: Any, ack: int | None = None) -> bytes:
    number = b"" if ack is None else b"%d" % ack
    return text_frame(b"%b%d%b%b" % (MESSAGE, kind, number, encode_json(data)))


def event_packet(name: str, data: Any) -> bytes:
    return message_frame(PacketType.EVENT, [name, data])


PING_FRAME = text_frame(PING)
