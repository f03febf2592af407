"""The proof of recovery, bounded: nodes and a broker in this process, everything else as in `deploy.chaos.episodes`."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest

from deploy.chaos.episodes import SECRET, Outcome, Troubles, node_doors, play, somebody
from deploy.supervision.ports import free_port
from realtime_service.app import create_app
from realtime_service.settings import RealtimeSettings
from shared.http.server import Served, serving
from shared.messaging.memory import MemoryBus
from shared.messaging.memory_broker import MemoryBroker

EPISODES = 15

Play = Callable[[int], Awaitable[Outcome]]


class Nodes:
    """Two nodes of which one at a time may be started anew."""

    def __init__(self, broker: MemoryBroker, stack: AsyncExitStack) -> None:
        self._broker = broker
        self._stack = stack
        self._running: list[AsyncExitStack] = []
        self.ports = [free_port(), free_port()]

    async def start(self) -> None:
        for port in self.ports:
            self._running.append(await self._node(port))

    async def replace(self) -> None:
        """The one that has run for longer."""
        port, node = self.ports.pop(0), self._running.pop(0)
        await node.aclose()
        self._running.append(await self._node(port))
        self.ports.append(port)

    async def _node(self, port: int) -> AsyncExitStack:
        node = await self._stack.enter_async_context(AsyncExitStack())
        bus = MemoryBus(self._broker)
        await bus.start()
        node.push_async_callback(bus.close)
        settings = RealtimeSettings(
            port=port,
            internal_secret=SECRET,
            rate_limit_scale=1000,
            drain_seconds=0.05,
            close_grace_seconds=0.2,
            expiry_grace_seconds=0.2,
        )
        await node.enter_async_context(serving([Served(create_app(settings, bus=bus), "127.0.0.1", port)]))
        return node


@pytest.fixture
async def play_episodes() -> AsyncIterator[Play]:
    async with AsyncExitStack() as stack:
        broker = MemoryBroker()
        nodes = Nodes(broker, stack)
        await nodes.start()
        keepers = MemoryBus(broker)
        await keepers.start()
        stack.push_async_callback(keepers.close)

        async def restart_broker() -> None:
            broker.interrupt()
            await asyncio.sleep(0.3)  # longer than nodes take to notice
            broker.restore()

        async def run(seed: int) -> Outcome:
            who = somebody()
            doors, troubles = node_doors(who, lambda: nodes.ports), Troubles(nodes.replace, restart_broker)
            return await play(keepers, who, doors, troubles, EPISODES, seed, each=1)

        yield run


@pytest.mark.parametrize("seed", [1, 2])
async def test_no_trouble_breaks_a_promise(play_episodes: Play, seed: int) -> None:
    outcome = await play_episodes(seed)

    assert outcome.is_clean, outcome
    assert outcome.recovered
    assert outcome.trouble["lost"]
    assert outcome.trouble["doubled"]
