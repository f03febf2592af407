"""What a node knows of the connections on others."""

from realtime_service.tenant_connections import OtherNodes, Pace, TenantConnections
from shared.ids import new_id
from shared.messaging.memory import MemoryBus
from shared.messaging.memory_broker import MemoryBroker
from shared.messaging.signals import Signals
from shared.testing.eventually import eventually

TENANT = new_id()


async def node(broker: MemoryBroker, **pace: float) -> OtherNodes:
    bus = MemoryBus(broker)
    await bus.start()
    other_nodes = OtherNodes(Signals(bus), Pace(**pace))
    await other_nodes.connect()
    return other_nodes


async def test_a_node_counts_what_the_others_tell_and_not_its_own() -> None:
    broker = MemoryBroker()
    one, other = await node(broker), await node(broker)
    one.set_own(TENANT, 3)

    await one.turn()
    await eventually(lambda: other.connections_of(TENANT) == 3)
    one.set_own(TENANT, 0)
    await one.turn()
    await eventually(lambda: other.connections_of(TENANT) == 0)

    assert one.connections_of(TENANT) == 0


async def test_numbers_are_repeated_for_who_has_missed_them() -> None:
    broker = MemoryBroker()
    one = await node(broker, repeat=0.01)
    one.set_own(TENANT, 3)
    await one.turn()
    late = await node(broker)

    async def has_arrived() -> bool:
        await one.turn()
        return late.connections_of(TENANT) == 3

    await eventually(has_arrived)


async def test_a_node_that_repeats_nothing_counts_no_more() -> None:
    survivor = await node(MemoryBroker(), kept=0.05)

    survivor.receive(TenantConnections(node=new_id(), counts={TENANT: 90}))
    before = survivor.connections_of(TENANT)

    assert before == 90
    await eventually(lambda: survivor.connections_of(TENANT) == 0)


async def test_many_tenants_are_told_in_several_signals() -> None:
    broker = MemoryBroker()
    one, other = await node(broker), await node(broker)
    tenants = [new_id() for _ in range(1_234)]
    for tenant in tenants:
        one.set_own(tenant, 1)

    await one.turn()

    await eventually(lambda: all(other.connections_of(tenant) == 1 for tenant in tenants))
