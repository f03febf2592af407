"""The relay: nothing lost, order kept per topic, whatever the bus does and however many relays run."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from sample_service.notes import NoteAdded, add_note

from shared.db.databases import Database
from shared.events.envelope import Envelope, decode
from shared.ids import new_id
from shared.messaging import relay as relay_module
from shared.messaging.bus import Offered, OutgoingMessage, PublishFailed
from shared.messaging.relay import Relay
from shared.testing.eventually import eventually

TENANT = new_id()


class RecordingBus:
    queues = ("reader.events",)

    def __init__(self) -> None:
        self.messages: list[OutgoingMessage] = []
        self.is_down = False

    async def publish(self, messages: Sequence[OutgoingMessage]) -> None:
        if self.is_down:
            raise PublishFailed("down")
        await asyncio.sleep(0.002)
        self.messages.extend(messages)

    async def offer(self, messages: Sequence[OutgoingMessage]) -> Offered:
        await self.publish(messages)
        return Offered(len(messages), {})

    def first_seen(self) -> list[Envelope]:
        """What a consumer with an inbox applies: each event once, at its first arrival."""
        first = {message.id: message for message in self.messages}
        return [decode(message.body) for message in first.values()]


class UnreliableBus(RecordingBus):
    """Stores a random part of a batch and then fails, sometimes without saying how much it stored."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._chance = random.Random(seed)

    async def publish(self, messages: Sequence[OutgoingMessage]) -> None:
        await asyncio.sleep(self._chance.uniform(0, 0.003))
        if self._chance.random() < 0.7:
            await super().publish(messages)
            return
        stored = self._chance.randint(0, len(messages))
        await super().publish(messages[:stored])
        if self._chance.random() < 0.3:
            raise ConnectionResetError
        raise PublishFailed("part of it", confirmed=self._chance.randint(0, stored))


async def test_a_committed_event_reaches_the_bus_as_a_cloud_event(database: Database) -> None:
    bus = RecordingBus()
    actor, note = new_id(), new_id()
    async with _relaying(Relay(database, bus, "sample")):
        async with database.unit_of_work(TENANT, actor_id=actor) as work:
            event_id = work.publish(NoteAdded(note_id=note), topics=["a", "b"], subject=str(note))
        await eventually(lambda: len(bus.messages) == 1)

    [message] = bus.messages
    envelope = decode(message.body)
    assert (message.service, message.type, message.id) == ("sample", "sample.note.added", event_id)
    assert (envelope.id, envelope.tenantid, envelope.actorid) == (event_id, TENANT, actor)
    assert (envelope.source, envelope.subject) == ("tessera/sample", str(note))
    assert [(place.topic, place.offset) for place in envelope.topics] == [("a", 1), ("b", 1)]
    assert bytes(envelope.data) == f'{{"note_id":"{note}","writer":0,"number":0}}'.encode()


async def test_nothing_is_sent_for_a_transaction_that_is_rolled_back(database: Database) -> None:
    bus = RecordingBus()
    async with _relaying(Relay(database, bus, "sample")):
        with pytest.raises(LookupError):
            await _publish_and_fail(database)
        async with database.unit_of_work(TENANT) as work:
            work.publish(NoteAdded(note_id=new_id()), topics=["a"], subject="kept")
        await eventually(lambda: len(bus.messages) == 1)

    assert [envelope.subject for envelope in bus.first_seen()] == ["kept"]


async def test_events_wait_while_the_bus_is_down(database: Database) -> None:
    bus = RecordingBus()
    bus.is_down = True
    relay = Relay(database, bus, "sample")
    async with _relaying(relay):
        for number in range(5):
            await _publish(database, number=number)
        assert await relay.age_seconds() > 0

        bus.is_down = False
        await eventually(lambda: len(bus.messages) == 5, within=5)
        await eventually(lambda: _is_all_sent(database))

    assert await relay.age_seconds() == 0
    assert _is_in_order(bus.first_seen())


@pytest.mark.parametrize("seed", [1, 2])
async def test_competing_relays_lose_nothing_and_keep_the_order(database: Database, seed: int) -> None:
    bus = UnreliableBus(seed)
    published = 0

    async def writer(name: int) -> None:
        nonlocal published
        tenant = new_id()
        for number in range(25):
            await _publish(database, tenant=tenant, topics=("all", f"topic:{number % 3}"), writer=name, number=number)
            published += 1

    async with _relaying(Relay(database, bus, "sample")), _relaying(Relay(database, bus, "sample")):
        await asyncio.gather(*(writer(name) for name in range(10)))
        await eventually(lambda: len({message.id for message in bus.messages}) == published, within=20)

    assert published == 250
    assert _is_in_order(bus.first_seen())


async def test_competing_relays_do_not_send_the_same_event(database: Database) -> None:
    bus = RecordingBus()
    for number in range(50):
        await _publish(database, tenant=new_id(), number=number)

    async with _relaying(Relay(database, bus, "sample")), _relaying(Relay(database, bus, "sample")):
        for number in range(50):
            await _publish(database, number=number)
        await eventually(lambda: _is_all_sent(database))

    assert len(bus.messages) == 100
    assert len(bus.first_seen()) == 100


async def test_a_relay_that_is_killed_in_the_middle_loses_nothing(database: Database) -> None:
    bus = UnreliableBus(5)
    chance = random.Random(5)
    for number in range(60):
        await _publish(database, number=number)

    for _ in range(200):
        if await _is_all_sent(database):
            break
        async with _relaying(Relay(database, bus, "sample")):
            await asyncio.sleep(chance.uniform(0.02, 0.1))

    assert await _is_all_sent(database)
    assert len(bus.first_seen()) == 60
    assert _is_in_order(bus.first_seen())


async def test_recent_events_can_be_sent_again_at_the_start(database: Database) -> None:
    bus = RecordingBus()
    await _publish(database)
    async with _relaying(Relay(database, bus, "sample")):
        await eventually(lambda: _is_all_sent(database))

    async with _relaying(Relay(database, bus, "sample", redeliver_since=timedelta(minutes=5))):
        await eventually(lambda: len(bus.messages) == 2)

    assert bus.messages[0] == bus.messages[1]


class SlowBus(RecordingBus):
    """Confirms one message at a time; `on_publish` runs while the relay waits for it."""

    def __init__(self, confirms_per_call: int | None = None) -> None:
        super().__init__()
        self.confirms_per_call = confirms_per_call
        self.calls: list[int] = []
        self.waiting = asyncio.Event()
        self.may_go_on = asyncio.Event()
        self.may_go_on.set()

    async def publish(self, messages: Sequence[OutgoingMessage]) -> None:
        self.calls.append(len(messages))
        self.waiting.set()
        await self.may_go_on.wait()
        confirmed = len(messages) if self.confirms_per_call is None else self.confirms_per_call
        self.messages.extend(messages)
        if confirmed < len(messages):
            raise PublishFailed("TimeoutError", confirmed)


async def test_no_transaction_is_open_while_the_bus_is_waited_for(database: Database) -> None:
    bus = SlowBus()
    bus.may_go_on.clear()
    await _publish(database)

    async with _relaying(Relay(database, bus, "sample")):
        await asyncio.wait_for(bus.waiting.wait(), 5)
        states = await database.system_rows(
            "select state from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
            " and usename = current_user"
        )
        bus.may_go_on.set()
        await eventually(lambda: _is_all_sent(database))

    assert {row["state"] for row in states} == {"idle"}


async def test_what_a_slow_bus_has_confirmed_is_never_sent_again(database: Database) -> None:
    bus = SlowBus(confirms_per_call=4)
    for number in range(40):
        await _publish(database, number=number)

    async with _relaying(Relay(database, bus, "sample")):
        await eventually(lambda: _is_all_sent(database), within=20)

    assert bus.calls[0] == 40
    assert max(bus.calls[1:]) <= 8, "after a failure no more is begun than was confirmed, and twice that once it works"
    assert len(bus.first_seen()) == 40
    assert _is_in_order(bus.first_seen())


async def test_a_bus_that_never_confirms_is_offered_one_event_at_a_time(database: Database) -> None:
    bus = SlowBus(confirms_per_call=0)
    for number in range(20):
        await _publish(database, number=number)

    async with _relaying(Relay(database, bus, "sample")):
        await eventually(lambda: len(bus.calls) >= 3, within=5)
        assert set(bus.calls[1:]) == {1}
        bus.confirms_per_call = None
        await eventually(lambda: _is_all_sent(database), within=10)

    assert _is_in_order(bus.first_seen())


async def test_a_portion_is_bounded_in_bytes(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay_module, "PORTION_BYTES", 250)
    bus = SlowBus()
    for number in range(10):
        await _publish(database, number=number)  # about 80 bytes each

    async with _relaying(Relay(database, bus, "sample")):
        await eventually(lambda: _is_all_sent(database))

    assert max(bus.calls) == 4
    assert len(bus.messages) == 10


async def test_a_relay_that_has_stopped_loses_its_turn(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay_module, "SESSION_IDLE_SECONDS", 0.2)
    stuck, other = SlowBus(), RecordingBus()
    stuck.may_go_on.clear()
    await _publish(database)

    async with _relaying(Relay(database, stuck, "sample")):
        await asyncio.wait_for(stuck.waiting.wait(), 5)
        async with _relaying(Relay(database, other, "sample")):
            await eventually(lambda: _is_all_sent(database), within=5)

    assert len(other.messages) == 1


@asynccontextmanager
async def _relaying(relay: Relay) -> AsyncIterator[None]:
    task = asyncio.create_task(relay.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _publish(  # type: ignore[no-untyped-def]
    database: Database, *, tenant=TENANT, topics: Sequence[str] = ("all",), writer: int = 0, number: int = 0
) -> None:
    async with database.unit_of_work(tenant) as work:
        note = await add_note(work)
        work.publish(NoteAdded(note_id=note["id"], writer=writer, number=number), topics=topics, subject="note")


async def _publish_and_fail(database: Database) -> None:
    async with database.unit_of_work(TENANT) as work:
        work.publish(NoteAdded(note_id=new_id()), topics=["a"], subject="lost")
        raise LookupError


async def _is_all_sent(database: Database) -> bool:
    return not await database.system_rows("select id from outbox where sent_at is null")


def _is_in_order(envelopes: list[Envelope]) -> bool:
    last: dict[tuple[object, str], int] = {}
    for envelope in envelopes:
        for place in envelope.topics:
            if place.offset != last.get((envelope.tenantid, place.topic), 0) + 1:
                return False
            last[envelope.tenantid, place.topic] = place.offset
    return True
