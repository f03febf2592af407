"""Which streams are compared with their owners when an owner says what its epoch is."""

from uuid import UUID

import pytest
from realtime_fakes import some_principal

from realtime_service import epoch_checks
from realtime_service.events import TopicEvent
from realtime_service.hub import Hub
from realtime_service.positions import Position
from realtime_service.replay import Missed
from realtime_service.topics import TopicStream
from shared.events.topics import stream_of

ANNA = some_principal()
AUDIENCE = UUID(int=7)  # in the names of tests: the same in every process


class Reader:
    principal = ANNA

    def moved(self, position: Position, reason: str | None) -> None:
        """What a subscriber makes of it is another test."""

    def deliver(self, event: TopicEvent) -> None:
        raise AssertionError("nothing happens here")


@pytest.fixture
def compared() -> list[TopicStream]:
    return []


@pytest.fixture
def hub(compared: list[TopicStream]) -> Hub:
    return Hub(compared.append, lambda _stream: None, lambda _number, _seconds: None)


def opened(hub: Hub, name: str, epoch: str, reader: Reader | None = None) -> TopicStream:
    stream = hub.join(reader or Reader(), name)  # type: ignore[arg-type]  # nothing else is called
    stream.open(Position(epoch, 4))
    return stream


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
def test_streams_of_another_epoch_are_compared_with_their_owner(
    hub: Hub, compared: list[TopicStream], stream: str, epoch: str, is_compared: bool
) -> None:
    joined = opened(hub, stream, epoch)

    hub.epochs.announced("project", "e2")
    hub.epochs.compare_next()

    assert compared == [joined] * is_compared


def test_a_stream_that_does_not_know_yet_where_it_stands_is_left_alone_until_it_does(
    hub: Hub, compared: list[TopicStream]
) -> None:
    stream = hub.join(Reader(), "tasks:1")  # type: ignore[arg-type]  # nothing else is called

    assert hub.epochs.announced("project", "e2")
    hub.epochs.compare_next()
    stream.open(Position("e1", 4))  # an answer from before
    assert compared == []
    assert not hub.epochs.announced("project", "e2"), "it is the same"
    hub.epochs.compare_next()

    assert compared == [stream]


def test_streams_that_were_found_in_the_epoch_are_not_looked_at_again(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[str] = []

    def look(stream: str, epoch: str) -> str:
        looks.append(stream)
        return epoch

    monkeypatch.setattr(epoch_checks, "epoch_in", look)
    first = opened(hub, "tasks:1", "e2")
    opened(hub, "tasks:2", "e2")

    def announced(epoch: str) -> list[str]:
        looks.clear()
        hub.epochs.announced("project", epoch)
        hub.epochs.compare_next()
        return list(looks)

    assert announced("e2") == ["tasks:1", "tasks:2"]
    assert announced("e2") == []
    opened(hub, "tasks:3", "e2")
    assert announced("e2") == ["tasks:3"], "what is new"
    first.suspect()
    first.about_to_ask()
    first.mend(Missed([], Position("e1", 9), "epoch_changed"))  # an answer from before
    assert announced("e2") == ["tasks:1"], "and what a repair has moved"
    assert announced("e3") == ["tasks:2", "tasks:3"], "all that are not being repaired"


def test_streams_of_a_new_epoch_are_compared_a_few_at_a_time(hub: Hub, compared: list[TopicStream]) -> None:
    reader = Reader()
    streams = [opened(hub, f"tasks:{number}", "e1", reader) for number in range(120)]
    assert hub.epochs.announced("project", "e2")

    hub.epochs.compare_next()
    assert compared == streams[:50]
    hub.leave(reader, streams[50])  # type: ignore[arg-type]  # nothing else is called
    hub.epochs.announced("project", "e2")
    hub.epochs.compare_next()
    hub.epochs.compare_next()

    assert compared == streams[:50] + streams[51:]


def test_all_are_compared_within_seconds_however_many_they_are(hub: Hub, compared: list[TopicStream]) -> None:
    for number in range(10_000):
        opened(hub, f"tasks:{number}", "e1")
    hub.epochs.announced("project", "e2")

    for _ in range(round(epoch_checks.SPREAD_SECONDS / epoch_checks.PAUSE_SECONDS)):
        hub.epochs.compare_next()

    assert len(compared) == 10_000
