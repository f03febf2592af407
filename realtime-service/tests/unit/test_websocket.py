"""One socket on its transport: what it does with a peer that does not stop."""

from typing import Any

from raw_socket import PING, TEXT, closing, frame

from realtime_service.frames import CloseCode
from realtime_service.websocket import MAX_IGNORED, WebSocket


class Transport:
    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.is_closed = False

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def close(self) -> None:
        self.is_closed = True

    def set_write_buffer_limits(self, high: int) -> None:
        pass

    def set_protocol(self, protocol: Any) -> None:
        pass


class Listener:
    def __init__(self) -> None:
        self.messages: list[bytes] = []
        self.is_left = False

    def heard_bytes(self) -> None:
        pass

    def heard_message(self, message: bytes, *, is_text: bool) -> None:
        self.messages.append(message)

    def heard_close(self) -> None:
        self.is_left = True


def closed_socket() -> tuple[WebSocket, Transport, Listener]:
    transport, listener = Transport(), Listener()
    socket = WebSocket(transport, set(), lambda _socket: listener)  # type: ignore[arg-type] # as far as it is needed
    socket.close(CloseCode.TOO_MANY)
    return socket, transport, listener


def test_a_peer_that_sent_a_little_more_can_say_goodbye():
    socket, transport, listener = closed_socket()

    socket.data_received(frame(TEXT, b"x") * (MAX_IGNORED - 1) + closing(CloseCode.NORMAL))

    assert listener.is_left
    assert transport.is_closed
    assert not listener.messages


def test_a_peer_that_goes_on_after_our_goodbye_is_not_read():
    socket, transport, listener = closed_socket()

    socket.data_received(frame(PING, b"x") * MAX_IGNORED + closing(CloseCode.NORMAL))
    socket.data_received(closing(CloseCode.NORMAL))

    assert not listener.is_left
    assert len(transport.written) == 1
