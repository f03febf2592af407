"""Transient failures over both buses: one event's own trouble ends as a dead letter, an outage loses nothing."""

from uuid import UUID

from bus_networks import RETRY_DELAYS, Network, until
from consumer_fakes import FakeDatabase, FakeInbox, FakeWork
from test_consumer import event

from shared.db.failures import DatabaseUnavailable
from shared.events.envelope import Envelope
from shared.events.projects import TaskDeleted
from shared.events.registry import default_registry
from shared.ids import new_id
from shared.messaging.bus import Bus, OutgoingMessage
from shared.messaging.consumer import MAX_TRANSIENT_ATTEMPTS, Consumers
from shared.telemetry.metrics import Metrics


class Reader:
    """Applies events, but for the poisonous one, for which the database is never available."""

    def __init__(self, network: Network, poison: UUID | None = None) -> None:
        self.database = FakeDatabase()
        self.metrics = Metrics("reader")
        service = network.queue.removesuffix(".events")
        inbox = FakeInbox(self.database)
        self.consumers = Consumers(
            self.database, inbox, default_registry(), service, self.metrics, retry_delays=RETRY_DELAYS
        )
        self._poison = poison
        self.consumers.on(TaskDeleted, self._apply)

    async def _apply(self, work: FakeWork, _event: TaskDeleted, envelope: Envelope) -> None:
        if envelope.id == self._poison:
            raise DatabaseUnavailable
        work.effects.append(str(envelope.id))

    def outcome(self, name: str) -> float:
        samples = [sample for metric in self.metrics.consumed.collect() for sample in metric.samples]
        return sum(
            each.value for each in samples if each.name.endswith("_total") and each.labels.get("outcome") == name
        )


async def publish(node: Bus, *ids: UUID) -> None:
    await node.publish([OutgoingMessage("project", TaskDeleted.type, each, event(each)) for each in ids])


async def test_an_event_that_always_fails_ends_as_a_dead_letter_and_blocks_no_other(network: Network) -> None:
    node, poison, others = await network.node(), new_id(), [new_id() for _ in range(3)]
    reader = Reader(network, poison)
    await reader.consumers.start(node)

    await publish(node, poison, *others)
    await until(lambda: sorted(reader.database.effects) == sorted(map(str, others)))
    assert reader.outcome("dead") == 0
    await until(lambda: reader.outcome("dead") == 1)

    [letter] = await network.dead_letters().read()
    assert (letter.id, letter.attempt) == (poison, MAX_TRANSIENT_ATTEMPTS)
    assert letter.reason == f"DatabaseUnavailable: the handler failed {MAX_TRANSIENT_ATTEMPTS} times."


async def test_an_outage_of_the_database_uses_up_no_event(network: Network) -> None:
    node, ids = await network.node(), [new_id() for _ in range(3)]
    reader = Reader(network)
    reader.database.failure = DatabaseUnavailable()
    await reader.consumers.start(node)

    await publish(node, *ids)
    await until(lambda: reader.outcome("postponed") > len(ids) * (MAX_TRANSIENT_ATTEMPTS + 1))
    reader.database.failure = None

    await until(lambda: sorted(reader.database.effects) == sorted(map(str, ids)))
    assert await network.dead_letters().read() == []
