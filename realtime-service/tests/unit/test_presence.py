"""Presence over several nodes: everybody sees the same people, whatever signals or nodes are lost on the way."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from uuid import UUID

import msgspec
import pytest
from realtime_fakes import some_principal

from realtime_service.presence.changes import PresenceChange
from realtime_service.presence.service import Pace, Presence
from realtime_service.timers import TimerWheel
from shared.messaging.memory import MemoryBus
from shared.messaging.memory_broker import MemoryBroker
from shared.messaging.signals import Signals
from shared.principal import Principal
from shared.testing.eventually import eventually

TOPIC = "project:0189aaaa-0000-7000-8000-000000000001"
QUICK = Pace(turn=0.005, beat=0.05, silence=0.6, return_=0.4)
ANNA, BEN = some_principal(), some_principal()
BEN = msgspec.structs.replace(BEN, tenant_id=ANNA.tenant_id)


class Window:
    """A client that believes what it is told."""

    def __init__(self, node: "RunningNode", principal: Principal) -> None:
        self.node = node
        self.principal = principal
        self.sees: dict[UUID, bytes] = {}
        self.changes: list[PresenceChange] = []
        self.is_behind = False

    def enter(self) -> "Window":
        members = self.node.presence.enter(self, TOPIC, "Somebody")
        self.sees = {member.user_id: bytes(member.state) for member in members}
        return self

    def leave(self, *, may_return: bool = False) -> None:
        self.node.presence.leave(self, TOPIC, may_return=may_return)

    def set_state(self, state: bytes) -> None:
        self.node.presence.set_state(self, TOPIC, msgspec.Raw(state))

    def presence_changed(self, change: PresenceChange) -> bool:
        if self.is_behind:
            return False
        self.changes.append(change)
        for member in (*change.joined, *change.updated):
            self.sees[member.user_id] = bytes(member.state)
        for user_id in change.left:
            self.sees.pop(user_id, None)
        return True


class RunningNode:
    def __init__(self, broker: MemoryBroker) -> None:
        self._stack = AsyncExitStack()
        self._broker = broker

    async def start(self) -> "RunningNode":
        bus = MemoryBus(self._broker)
        await bus.start()
        self._stack.push_async_callback(bus.close)
        wheel = TimerWheel()
        self.presence = Presence(Signals(bus), wheel, QUICK)
        await self.presence.start()
        for work in (wheel.run(), self.presence.run()):
            self._stack.callback(asyncio.create_task(work).cancel)
        return self

    async def kill(self) -> None:
        await self._stack.aclose()


@pytest.fixture
async def start_node(broker: MemoryBroker) -> AsyncIterator[Callable[[], object]]:
    async with AsyncExitStack() as stack:

        async def start() -> RunningNode:
            node = await RunningNode(broker).start()
            stack.push_async_callback(node.kill)
            return node

        yield start


async def test_people_on_different_nodes_see_each_other_come_change_and_go(start_node) -> None:
    one, two = await start_node(), await start_node()
    anna = Window(one, ANNA).enter()

    ben = Window(two, BEN).enter()
    await eventually(lambda: anna.sees.keys() == ben.sees.keys() == {ANNA.user_id, BEN.user_id})
    ben.set_state(b'{"at":"line 3"}')
    await eventually(lambda: anna.sees[BEN.user_id] == b'{"at":"line 3"}')
    ben.leave()
    await eventually(lambda: anna.sees.keys() == {ANNA.user_id})


async def test_a_short_absence_is_not_told_wherever_the_client_comes_back(start_node) -> None:
    one, two = await start_node(), await start_node()
    watching, first = Window(one, ANNA).enter(), Window(one, BEN).enter()
    await eventually(lambda: BEN.user_id in watching.sees)
    watching.changes.clear()

    first.leave(may_return=True)
    again = Window(two, BEN).enter()
    await asyncio.sleep(2 * QUICK.return_)  # nothing shall happen in all this time

    assert not any(change.joined or change.left for change in watching.changes)
    again.leave(may_return=True)
    await eventually(lambda: BEN.user_id not in watching.sees)


async def test_other_tenants_and_topics_hear_nothing(start_node) -> None:
    node = await start_node()
    stranger = Window(node, some_principal()).enter()
    stranger.changes.clear()

    anna = Window(node, ANNA).enter()

    await eventually(lambda: anna.changes != [])
    assert anna.sees.keys() == {ANNA.user_id}
    assert all(ANNA.user_id not in {member.user_id for member in change.joined} for change in stranger.changes)


async def test_the_ghosts_of_a_killed_node_go_away(start_node) -> None:
    one, two = await start_node(), await start_node()
    anna = Window(one, ANNA).enter()
    Window(two, BEN).enter()
    await eventually(lambda: BEN.user_id in anna.sees)

    await two.kill()

    await eventually(lambda: BEN.user_id not in anna.sees)


async def test_what_was_lost_while_the_broker_was_away_is_told_when_it_is_back(start_node, broker) -> None:
    one, two = await start_node(), await start_node()
    anna, ben = Window(one, ANNA).enter(), Window(two, BEN).enter()
    await eventually(lambda: anna.sees.keys() == ben.sees.keys())

    broker.interrupt()
    ben.set_state(b"1")
    carl = Window(two, msgspec.structs.replace(some_principal(), tenant_id=ANNA.tenant_id)).enter()
    await asyncio.sleep(2 * QUICK.beat)  # long enough to be lost
    broker.restore()

    await eventually(lambda: anna.sees == {**ben.sees, **carl.sees})
    assert anna.sees[BEN.user_id] == b"1"


async def test_a_node_that_starts_late_knows_who_was_there_before(start_node) -> None:
    anna = Window(await start_node(), ANNA).enter()

    ben = Window(await start_node(), BEN).enter()

    await eventually(lambda: ben.sees.keys() == anna.sees.keys() == {ANNA.user_id, BEN.user_id})


async def test_who_was_behind_sees_the_truth_when_it_has_caught_up(start_node) -> None:
    node = await start_node()
    anna, ben = Window(node, ANNA).enter(), Window(node, BEN).enter()
    await eventually(lambda: BEN.user_id in anna.sees)

    anna.is_behind = True
    ben.leave()
    Window(node, msgspec.structs.replace(some_principal(), tenant_id=ANNA.tenant_id)).enter()
    await asyncio.sleep(2 * QUICK.turn)  # both are told meanwhile
    anna.is_behind = False

    await eventually(lambda: BEN.user_id not in anna.sees and len(anna.sees) == 2)
