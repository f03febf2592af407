"""Moments in the life of a stream that chance visits rarely."""

from realtime_fakes import envelope_of, some_principal, task_added

from realtime_service.events import TopicEvent, topic_events
from realtime_service.held_events import MAX_HELD, MAX_HELD_BYTES, HeldEvents
from realtime_service.positions import Position
from realtime_service.replay import Missed
from realtime_service.topics import Direct, TopicStream
from shared.events.envelope import TopicOffset
from shared.events.registry import default_registry

TOPIC = "tasks:1"
ANNA = some_principal()


class Recorder:
    principal = ANNA

    def __init__(self) -> None:
        self.heard: list[object] = []

    def deliver(self, event: TopicEvent) -> None:
        self.heard.append(event.position.offset)

    def moved(self, position: Position, reason: str | None) -> None:
        self.heard.append((position.offset, reason))

    def refused(self) -> None:
        raise AssertionError("nobody is refused here")


class Outlet:
    def __init__(self) -> None:
        self.written: list[bytes] = []

    def put(self, frames: bytes) -> None:
        self.written.append(frames)


def stream_with_reader() -> tuple[TopicStream, Recorder, list[TopicStream]]:
    repairs: list[TopicStream] = []
    stream, reader = TopicStream(ANNA.tenant_id, TOPIC, repairs.append, lambda _number, _seconds: None), Recorder()
    stream.add(reader)
    return stream, reader, repairs


def event(offset: int, epoch: str = "e1", text: str = "") -> TopicEvent:
    envelope = envelope_of(task_added(description=text), ANNA.tenant_id, (TopicOffset(TOPIC, epoch, offset),))
    return topic_events(envelope, default_registry())[0]


def test_a_reset_before_the_position_is_known_causes_a_repair_afterwards() -> None:
    stream, _, repairs = stream_with_reader()

    stream.suspect()
    stream.open(Position("e1", 4))

    assert repairs == [stream]


def test_a_reset_during_a_repair_causes_another_one() -> None:
    stream, reader, repairs = stream_with_reader()
    stream.open(Position("e1", 4))
    stream.suspect()
    stream.about_to_ask()

    stream.suspect()
    stream.mend(Missed([event(5)], Position("e1", 5)))

    assert repairs == [stream, stream]
    assert stream.is_repairing
    assert reader.heard == [(4, None), 5]


def test_events_wait_for_the_repair_and_then_come_in_order() -> None:
    stream, reader, _ = stream_with_reader()
    stream.open(Position("e1", 0))

    stream.accept(event(3))
    stream.accept(event(2))
    stream.accept(event(3))
    stream.about_to_ask()
    stream.mend(Missed([event(1)], Position("e1", 1)))

    assert reader.heard == [(0, None), 1, 2, 3]
    assert not stream.is_repairing


def test_giving_up_is_told_and_goes_on_behind_the_last_gap() -> None:
    stream, reader, _ = stream_with_reader()
    stream.open(Position("e1", 0))
    for offset in (3, 7, 8):
        stream.accept(event(offset))

    stream.give_up("keeper_unreachable")
    stream.accept(event(9))

    assert reader.heard == [(0, None), (6, "keeper_unreachable"), 7, 8, 9]


def test_what_does_not_fit_while_waiting_is_repaired_like_any_gap() -> None:
    stream, reader, repairs = stream_with_reader()
    for offset in range(1, MAX_HELD + 11):
        stream.accept(event(offset))

    stream.open(Position("e1", 0))

    assert repairs == [stream]
    assert reader.heard == [(0, None)]


async def test_what_was_told_is_written_before_a_reader_attends_again() -> None:
    stream, reader, _ = stream_with_reader()
    outlet = Outlet()
    stream.open(Position("e1", 0))
    stream.shorten(reader, Direct(lambda told: b"%d" % told.position.offset, outlet))

    stream.accept(event(1))
    stream.attend(reader)
    stream.accept(event(2))

    assert outlet.written == [b"1"]
    assert reader.heard == [(0, None), 2]


def test_a_repair_goes_on_while_the_owner_has_more() -> None:
    stream, reader, repairs = stream_with_reader()
    stream.open(Position("e1", 0))
    stream.accept(event(4))
    stream.about_to_ask()

    stream.mend(Missed([event(1), event(2)], Position("e1", 2), has_more=True))
    is_repairing = stream.is_repairing
    position = stream.about_to_ask()
    stream.mend(Missed([event(3)], Position("e1", 3)))

    assert (is_repairing, position) == (True, Position("e1", 2))
    assert reader.heard == [(0, None), 1, 2, 3, 4]
    assert repairs == [stream]


def test_what_waits_is_bounded_in_bytes() -> None:
    held = HeldEvents()
    number = MAX_HELD_BYTES // 1_000_000

    kept = [held.add(event(offset, text="x" * 1_000_000)) for offset in range(1, number + 3)]

    assert kept == [True] * number + [False] * 2
    assert [each.position.offset for each in held] == list(range(3, number + 3))


def test_one_event_may_wait_however_large_it_is() -> None:
    held = HeldEvents()

    assert held.add(event(1, text="x" * (MAX_HELD_BYTES + 1)))
    assert len(held) == 1
