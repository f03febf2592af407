"""Which streams are compared with their owners when an owner says what its epoch is."""

from uuid import UUID

import pytest
from realtime_fakes import some_principal

from realtime_service.events import TopicEvent
from realtime_service.hub import Hub
from realtime_service.positions import Position
from realtime_service.topics import TopicStream
from shared.events.topics import stream_of

ANNA = some_principal()
AUDIENCE = UUID(int=7)  # in the names of tests: the same in every process


class Reader:
    principal = ANNA

    def moved(self, position: Position, reason: str | None) -> None:
        assert reason is None, "it only begins"

    def deliver(self, event: TopicEvent) -> None:
        raise AssertionError("nothing happens here")


@pytest.mark.parametrize(
    ("stream", "epoch", "is_compared"),
    [
        ("tasks:1", "e1", True),
        ("tasks:1", "e2", False),
        ("chat:1", "e1", False),  # another service keeps it
        (stream_of("list:1", AUDIENCE), f"e1-{AUDIENCE}", True),
        (stream_of("list:1", AUDIENCE), f"e2-{AUDIENCE}", False),
    ],
)
def test_streams_of_another_epoch_are_compared_with_their_owner(stream: str, epoch: str, is_compared: bool) -> None:
    compared: list[TopicStream] = []
    hub = Hub(compared.append, lambda _stream: None, lambda _number, _seconds: None)
    joined = hub.join(Reader(), stream)  # type: ignore[arg-type]  # nothing else is called
    joined.open(Position(epoch, 4))

    assert hub.suspect_other_epochs("project", "e2") is is_compared
    assert compared == [joined] * is_compared


def test_a_stream_that_does_not_know_yet_where_it_stands_is_left_alone() -> None:
    compared: list[TopicStream] = []
    hub = Hub(compared.append, lambda _stream: None, lambda _number, _seconds: None)
    hub.join(Reader(), "tasks:1")  # type: ignore[arg-type]

    assert not hub.suspect_other_epochs("project", "e2")
    assert compared == []
