"""What waits for a polling client, and where it goes when a WebSocket takes over."""

from typing import Any, cast

from realtime_service.connection import Connection
from realtime_service.frames import text_frame
from realtime_service.polling import Polls
from realtime_service.taken_transport import SOFT_LIMIT
from realtime_service.websocket import WebSocket


class ConnectionDouble:
    def __init__(self) -> None:
        self.calls: list[str] = []

    def fell_behind(self) -> None:
        self.calls.append("fell behind")

    def caught_up(self) -> None:
        self.calls.append("caught up")


class StalledSocket:
    """Falls behind with the first byte."""

    is_open = True

    def __init__(self, connection: ConnectionDouble) -> None:
        self.transport = self
        self.written = b""
        self._connection = connection

    def write(self, data: bytes) -> None:
        self.written += data
        self._connection.fell_behind()


def test_a_client_that_is_behind_at_the_change_over_stays_behind() -> None:
    polling, connection = Polls().begin(None), ConnectionDouble()
    polling.attach(cast(Connection, connection))
    socket = StalledSocket(connection)
    frames = text_frame(b"4" + b"x" * SOFT_LIMIT) + text_frame(b"2")
    polling.write(frames)

    polling.change_over(cast(WebSocket, cast(Any, socket)))

    assert connection.calls == ["fell behind", "caught up", "fell behind"]
    assert socket.written == frames


def test_packets_count_with_the_memory_that_they_take() -> None:
    polling, connection = Polls().begin(None), ConnectionDouble()
    polling.attach(cast(Connection, connection))

    for _ in range(2_000):
        polling.write(text_frame(b"2"))

    assert connection.calls == ["fell behind"]
    assert polling.get_write_buffer_size() > SOFT_LIMIT
