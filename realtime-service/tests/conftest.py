"""Fixtures of realtime-service's tests: a node on a real port, a keeper in memory, clients on real sockets."""

import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from realtime_client import RawClient
from realtime_fakes import FakeAuth, FakeKeeper, LiveServer, free_port

from realtime_service.app import create_app
from realtime_service.settings import RealtimeSettings
from shared.http.server import Served, serving
from shared.messaging.memory import MemoryBus
from shared.messaging.memory_broker import MemoryBroker

SECRET = "a secret for tests that is long enough"


@pytest.fixture
def broker() -> MemoryBroker:
    return MemoryBroker()


@pytest.fixture
async def bus(broker: MemoryBroker) -> AsyncIterator[MemoryBus]:
    """The keepers' side."""
    bus = MemoryBus(broker)
    await bus.start()
    yield bus
    await bus.close()


@pytest.fixture
async def keeper(bus: MemoryBus) -> FakeKeeper:
    keeper = FakeKeeper(bus, "project")
    await keeper.start()
    return keeper


@pytest.fixture
async def auth(bus: MemoryBus) -> FakeAuth:
    auth = FakeAuth(bus)
    await auth.start()
    return auth


@pytest.fixture
async def start_server(broker: MemoryBroker) -> AsyncIterator[Callable[..., Awaitable[LiveServer]]]:
    """Starts a node with the given settings; stopped after the test."""
    async with AsyncExitStack() as stack:

        async def start(**settings: float) -> LiveServer:
            port = free_port()
            bus = MemoryBus(broker)
            await bus.start()
            stack.push_async_callback(bus.close)
            quick = {"drain_seconds": 0.2, "close_grace_seconds": 1.0, "port": port, "internal_secret": SECRET}
            app = create_app(RealtimeSettings(**{**quick, **settings}), bus=bus)
            running = await stack.enter_async_context(AsyncExitStack())
            await running.enter_async_context(serving([Served(app, "127.0.0.1", port)]))
            return LiveServer(app, port, running.aclose)

        yield start


@pytest.fixture
async def server(start_server: Callable[..., Awaitable[LiveServer]]) -> LiveServer:
    return await start_server()


@pytest.fixture
async def connect(server: LiveServer) -> AsyncIterator[Callable[..., Awaitable[RawClient]]]:
    """Opens sockets to the node; they are closed after the test."""
    async with AsyncExitStack() as stack:

        async def open_client(*args: object, **kwargs: object) -> RawClient:
            client = await RawClient.open(server.port, *args, **kwargs)
            stack.push_async_callback(client.close)
            return client

        yield open_client
