"""A full queue delays its own consumer and nobody else: the outbox keeps what it has no room for, in order."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from bus_networks import RETRY_DELAYS, Inbox, message, until
from sample_service.notes import NoteAdded

from deploy.local.rabbitmq import RabbitMQNode
from shared.db.databases import Database
from shared.events.envelope import decode
from shared.ids import new_id
from shared.messaging import backlog, dead_letter_files, memory_broker
from shared.messaging.bus import Binding, Bus, Delivery, Offered, OutgoingMessage, PublishFailed, QueueSpec
from shared.messaging.dead_letter_files import DeadLetterFiles
from shared.messaging.memory import MemoryBus
from shared.messaging.memory_broker import MemoryBroker
from shared.messaging.outbox import PARTITION_LOCK
from shared.messaging.queues import CONSUMER_QUEUES
from shared.messaging.rabbitmq.bus import RabbitBus
from shared.messaging.relay import Relay
from shared.personal_data import MESSAGING
from shared.testing.eventually import eventually

SLOW, LIVE = "slow.events", "live.events"
LIMIT = 250
EVENTS = 1200
TENANTS = tuple(new_id() for _ in range(4))

Connect = Callable[[], RabbitBus]


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[RabbitMQNode]:
    async with RabbitMQNode(tmp_path / "rabbitmq") as broker:
        yield broker


@pytest.fixture
async def connect(broker: RabbitMQNode) -> AsyncIterator[Connect]:
    nodes: list[RabbitBus] = []

    def connect() -> RabbitBus:
        nodes.append(RabbitBus(broker.url, f"node-{len(nodes)}", RETRY_DELAYS, queues=(SLOW, LIVE)))
        return nodes[-1]

    yield connect
    for node in nodes:
        await node.close()


def spec(queue: str, service: str = "sample") -> QueueSpec:
    return QueueSpec(queue, (Binding(service, "#"),))


async def limit(broker: RabbitMQNode, queue: str, messages: int = LIMIT) -> None:
    definition = f'{{"max-length": {messages}, "overflow": "reject-publish"}}'
    pattern = f"^{queue.replace('.', '[.]')}$"
    await broker.control("set_policy", queue, pattern, definition, "--priority", "99", "--apply-to", "queues")


async def started(bus: RabbitBus) -> RabbitBus:
    await bus.start()
    await until(lambda: bus.is_connected)
    return bus


async def consuming(bus: RabbitBus, queue: str) -> Inbox:
    inbox = Inbox()
    await bus.consume(spec(queue), inbox)
    return inbox


@asynccontextmanager
async def relaying(database: Database, bus: Bus) -> AsyncIterator[Relay]:
    relay = Relay(database, bus, "sample")
    task = asyncio.create_task(relay.run())
    try:
        yield relay
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def write(database: Database, count: int, first: int = 0) -> None:
    """Events of several tenants, each in the order of its number."""
    for start in range(first, first + count, 40):
        for tenant in TENANTS:
            async with database.unit_of_work(tenant) as work:
                for number in range(start, start + 40, len(TENANTS)):
                    work.publish(NoteAdded(note_id=new_id(), number=number), topics=["all"], subject="note")


def is_complete_and_in_order(bodies: Sequence[bytes], count: int) -> bool:
    """Of what arrives twice the first counts, as with an inbox."""
    first: dict[UUID, tuple[UUID | None, int]] = {}
    for body in bodies:
        envelope = decode(body)
        first.setdefault(envelope.id, (envelope.tenantid, envelope.topics[0].offset))
    by_tenant = {tenant: [at for owner, at in first.values() if owner == tenant] for tenant in TENANTS}
    return all(offsets == list(range(1, count // len(TENANTS) + 1)) for offsets in by_tenant.values())


def distinct(inbox: Inbox) -> int:
    return len({decode(body).id for body in inbox.bodies})


async def waiting(database: Database) -> int:
    [row] = await database.system_rows("select count(*) as number from outbox_backlog")
    number: int = row["number"]
    return number


async def unsent(database: Database) -> int:
    [row] = await database.system_rows("select count(*) as number from outbox where sent_at is null")
    number: int = row["number"]
    return number


async def until_nothing_waits(database: Database) -> None:
    async with asyncio.timeout(60):
        while await waiting(database):
            await asyncio.sleep(0.05)


@pytest.mark.slow
async def test_a_stopped_consumer_delays_no_other_and_gets_everything_in_order_when_it_is_back(
    database: Database, broker: RabbitMQNode, connect: Connect
) -> None:
    await limit(broker, SLOW)
    first, publisher, reader = connect(), await started(connect()), await started(connect())
    await started(first)
    await consuming(first, SLOW)
    await first.close()  # the queue stays
    live = await consuming(reader, LIVE)

    async with relaying(database, publisher) as relay, relaying(database, await started(connect())):
        await write(database, EVENTS // 2)
        await until(lambda: distinct(live) == EVENTS // 2, seconds=30)
        assert (await relay.backlog_ages())[SLOW] > 0
        assert (await relay.backlog_ages())[LIVE] == 0
    async with relaying(database, publisher), relaying(database, await started(connect())):  # the former two are gone
        await write(database, EVENTS // 2, EVENTS // 2)
        await until(lambda: distinct(live) == EVENTS, seconds=30)
        while await unsent(database):
            await asyncio.sleep(0.05)
        depths = await publisher.queue_depths()
        kept = await waiting(database)

        slow = await consuming(await started(connect()), SLOW)
        await until_nothing_waits(database)
        await until(lambda: distinct(slow) == EVENTS, seconds=30)

    assert kept + depths[SLOW] >= EVENTS
    assert LIMIT <= depths[SLOW] < LIMIT + 200, "a full queue takes what was under way when it became full"
    assert is_complete_and_in_order(live.bodies, EVENTS)
    assert is_complete_and_in_order(slow.bodies, EVENTS)
    assert len(live.bodies) - EVENTS < 200, "each partition asks who is full once, not with every event"


@pytest.mark.slow
async def test_the_queue_of_somebody_else_stops_nobody(
    database: Database, broker: RabbitMQNode, connect: Connect
) -> None:
    await limit(broker, "foreign", 1)
    stranger, reader, publisher = await started(connect()), await started(connect()), await started(connect())
    await stranger.consume(spec("foreign")._replace(prefetch=1), Inbox())
    await stranger.close()
    live = await consuming(reader, LIVE)

    async with relaying(database, publisher):
        await write(database, 80)
        await until(lambda: distinct(live) == 80, seconds=30)

    assert await waiting(database) == 0
    assert is_complete_and_in_order(live.bodies, 80)


@pytest.mark.slow
async def test_a_node_that_only_listens_hears_what_a_full_queue_refuses(broker: RabbitMQNode, connect: Connect) -> None:
    await limit(broker, SLOW, 1)
    publisher, listener = await started(connect()), await started(connect())
    await consuming(listener, SLOW)
    await listener.stop_consuming()
    heard: list[bytes] = []
    await listener.tap("live", [Binding("sample", "#")], heard.append, lambda: None)
    sent = [message("sample", str(number).encode()) for number in range(10)]

    offered = await publisher.offer(sent)
    rest = [one._replace(withheld_from=frozenset({SLOW})) for one in sent[offered.number :]]
    await publisher.offer(rest)

    await until(lambda: len(heard) >= len(sent))
    assert heard == [one.body for one in sent], "nothing twice: asking who is full is for queues only"


@pytest.mark.slow
async def test_a_publisher_without_an_outbox_is_told_and_keeps_its_connection(
    broker: RabbitMQNode, connect: Connect
) -> None:
    await limit(broker, SLOW, 1)
    publisher, reader = await started(connect()), await started(connect())
    await consuming(reader, SLOW)
    await reader.stop_consuming()

    with pytest.raises(PublishFailed, match="full"):
        await publisher.publish([message("sample") for _ in range(100)])

    assert publisher.is_connected


@pytest.mark.slow
async def test_a_full_queue_of_dead_letters_lets_the_next_events_pass(broker: RabbitMQNode, connect: Connect) -> None:
    await limit(broker, f"{SLOW}.dead", 1)
    node, seen = await started(connect()), []

    async def handle(deliveries: Sequence[Delivery]) -> None:
        for delivery in deliveries:
            seen.append(delivery.body)
            if delivery.body == b"fine":
                await delivery.ack()
            else:
                await delivery.dead_letter("ValueError: never right.")

    await node.consume(spec(SLOW), handle)
    await node.publish([message("sample", b"bad") for _ in range(60)])
    await until(lambda: len(seen) >= 60)
    await node.publish([message("sample", b"fine")])

    await until(lambda: b"fine" in seen)
    assert node.is_connected
    assert (await node.queue_depths())[f"{SLOW}.dead"] < 60


# Turns, counted on a bus that takes everything.


class CatchingUp:
    """Counts partitions that are held meanwhile. While it is offered a portion, somebody commits a new event."""

    queues = (SLOW, LIVE)

    def __init__(self, database: Database) -> None:
        self._database = database
        self.turns: list[tuple[str, UUID | None]] = []
        self.offers: list[int] = []
        self.held: set[int] = set()

    async def offer(self, messages: Sequence[OutgoingMessage]) -> Offered:
        self.offers += [len(self.turns)] * len(messages)
        return Offered(len(messages), {})

    async def offer_to(self, queue: str, messages: Sequence[OutgoingMessage]) -> int:
        self.turns.append((queue, decode(messages[0].body).tenantid))
        locks = "select count(*)::int as number from pg_locks where locktype = 'advisory' and classid = $1"
        [row] = await self._database.system_rows(locks, PARTITION_LOCK)
        self.held.add(row["number"])
        async with self._database.unit_of_work(UUID(int=9)) as work:  # of a partition where nothing waits
            work.publish(NoteAdded(note_id=new_id()), topics=["all"], subject="note")
        return len(messages)


async def keep_all(database: Database, *queues: str, sent: str = "now()") -> None:
    async with database.system_work() as work:
        await work.execute(
            "insert into outbox_backlog select queue, partition, seq, id from outbox, unnest($1::text[]) as queue",
            list(queues),
        )
        await work.execute(f"update outbox set sent_at = {sent}")


async def test_new_events_are_sent_between_the_portions_of_queues_that_catch_up(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.messaging.backlog.PORTION_ROWS", 10)
    tenants = [UUID(int=number) for number in range(1, 5)]  # each in a partition of its own
    for tenant in tenants:
        async with database.unit_of_work(tenant) as work:
            for number in range(30):
                work.publish(NoteAdded(note_id=new_id(), number=number), topics=["all"], subject="note")
    await keep_all(database, SLOW, LIVE)
    bus = CatchingUp(database)

    async with relaying(database, bus):  # type: ignore[arg-type]  # what a relay does not call is not there
        await until(lambda: len(bus.offers) >= 24, seconds=30)

    assert bus.offers == list(range(1, 25)), "the event of each portion leaves before the next portion"
    assert bus.held == {1}, "other relays may send all other partitions meanwhile"
    assert [queue for queue, _ in bus.turns] == [bus.turns[0][0], bus.turns[1][0]] * 12, "queues take turns"
    each = sorted((queue, tenant) for queue in (SLOW, LIVE) for tenant in tenants)
    assert [sorted(bus.turns[start : start + 8]) for start in (0, 8, 16)] == [each] * 3, "and so do partitions"


async def test_a_queue_that_fills_up_again_goes_on_with_the_next_partition(database: Database) -> None:
    waiting = backlog._Waiting()
    waiting.note(3, progress=True, is_full=True)

    assert [turn.partition for turn in waiting.turns(SLOW, [1, 3, 4, 9])] == [4, 9, 1, 3]
    assert not waiting.is_over


async def test_what_is_kept_for_a_removed_consumer_is_deleted_at_the_start(
    database: Database, memory: MemoryBroker
) -> None:
    await write(database, 40)
    await keep_all(database, "removed.events", "former.events", CONSUMER_QUEUES[0])
    bus = MemoryBus(memory)

    async def kept() -> list[str]:
        rows = await database.system_rows("select distinct queue from outbox_backlog")
        return [row["queue"] for row in rows]

    async with relaying(database, bus):
        await eventually(lambda: _is(kept, [CONSUMER_QUEUES[0]]))

    assert await waiting(database) == 40, "a consumer that is only not there yet keeps its events"


async def test_what_a_queue_got_late_is_sent_again_by_a_bus_that_forgets(
    database: Database, memory: MemoryBroker
) -> None:
    await write(database, 40)
    await keep_all(database, SLOW, sent="now() - interval '1 hour'")
    bus, slow = MemoryBus(memory), Inbox()
    await bus.start()
    await bus.consume(spec(SLOW), slow)
    async with relaying(database, bus):
        await until_nothing_waits(database)
        await until(lambda: len(slow.bodies) == 40)

    again = asyncio.create_task(Relay(database, bus, "sample", redeliver_since=timedelta(minutes=10)).run())
    await until(lambda: len(slow.bodies) == 80)
    again.cancel()
    await asyncio.gather(again, return_exceptions=True)
    await bus.close()


async def _is(read: Callable[[], Awaitable[list[str]]], expected: list[str]) -> bool:
    return await read() == expected


# The same in one process.


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> MemoryBroker:
    monkeypatch.setattr(memory_broker, "QUEUE_BYTES", 40_000)
    broker = MemoryBroker()
    broker.declare(spec(SLOW))
    return broker


async def test_in_one_process_too_a_stopped_consumer_delays_no_other(database: Database, memory: MemoryBroker) -> None:
    live, slow = Inbox(), Inbox()
    async with AsyncExitStack() as stack:
        bus = MemoryBus(memory)
        await bus.start()
        stack.push_async_callback(bus.close)
        await bus.consume(spec(LIVE), live)
        await stack.enter_async_context(relaying(database, bus))
        await write(database, 400)
        await until(lambda: distinct(live) == 400)
        assert await waiting(database) > 0

        await bus.consume(spec(SLOW), slow)
        await until_nothing_waits(database)
        await until(lambda: distinct(slow) == 400)

    assert is_complete_and_in_order(live.bodies, 400)
    assert is_complete_and_in_order(slow.bodies, 400)


async def test_a_full_queue_in_memory_takes_messages_again_when_a_fifth_is_free(memory: MemoryBroker) -> None:
    bus = MemoryBus(memory)
    await bus.start()
    large = [message("sample", b"x" * 10_000) for _ in range(6)]

    offered = await bus.offer(large)
    await memory.declare(spec(SLOW)).take(1)
    again = await bus.offer_to(SLOW, large)
    with pytest.raises(PublishFailed, match="full"):
        await bus.publish(large)
    await bus.close()

    assert (offered.number, offered.refused) == (5, {large[4].id: frozenset({SLOW})})
    assert again == 1


async def test_what_waits_for_its_retry_takes_up_room(memory: MemoryBroker) -> None:
    bus, held = MemoryBus(memory), asyncio.Event()

    async def put_off(deliveries: Sequence[Delivery]) -> None:
        for delivery in deliveries:
            await delivery.retry(60)
        held.set()

    await bus.start()
    await bus.consume(spec(SLOW), put_off)
    await bus.offer([message("sample", b"x" * 40_000)])
    await held.wait()

    assert await bus.offer_to(SLOW, [message("sample")]) == 0
    await bus.close()


def test_dead_letters_in_files_have_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dead_letter_files, "MAX_LETTERS", 2)
    broker = MemoryBroker(tmp_path)
    queue = broker.declare(spec(SLOW))

    async def bury(count: int) -> list[bool]:
        return [
            await broker.bury(queue, memory_broker.StoredMessage("sample.x", new_id(), b"{}"), "why")
            for _ in range(count)
        ]

    assert asyncio.run(bury(3)) == [True, True, False]
    assert len(DeadLetterFiles(tmp_path).read(SLOW)) == 2


async def test_the_erasure_of_a_tenant_leaves_what_a_full_queue_has_not_got(database: Database) -> None:
    async with database.unit_of_work(TENANTS[0]) as work:
        work.publish(NoteAdded(note_id=new_id()), topics=["all"], subject="note")
    await keep_all(database, SLOW)
    erase = next(table.ends.step for table in MESSAGING if table.name == "outbox_topics")
    assert erase is not None

    async with database.system_work() as work:
        before = await erase(work, TENANTS[0], 10)
        await work.execute("delete from outbox_backlog")
        after = await erase(work, TENANTS[0], 10)

    assert (before, after) == (0, 1)


async def test_an_event_that_was_erased_is_waited_for_no_longer(database: Database, memory: MemoryBroker) -> None:
    bus = MemoryBus(memory)
    await bus.start()
    async with database.system_work() as work:
        await work.execute("insert into outbox_backlog values ($1, 3, 7, $2)", SLOW, new_id())

    async with relaying(database, bus):
        await until_nothing_waits(database)
    await bus.close()


async def test_the_backlog_is_out_of_reach_of_a_tenants_work(database: Database) -> None:
    async with database.system_work() as work:
        await work.execute("insert into outbox_backlog values ($1, 3, 7, $2)", SLOW, new_id())

    async with database.unit_of_work(TENANTS[0]) as work:
        assert await work.rows("select * from outbox_backlog") == []
