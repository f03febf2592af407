"""A whole gateway on a real socket, with recording services behind it."""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import uvloop
from sanic import Sanic

from gateway.app import create_app
from gateway.route_table import RouteTable
from gateway.settings import GatewaySettings
from gateway.wire_limits import WireLimits
from shared.http.server import Served, serving
from shared.messaging.memory import MemoryBus
from shared.messaging.memory_broker import MemoryBroker

sys.path.insert(0, str(Path(__file__).parent))

from doubles import AuthDouble, Recorded, RecordingService  # noqa: E402 - found through the line above

Sanic.test_mode = True  # several apps of one name in one process
SECRET = "a secret of the tests, long enough for HS256"
QUICK = WireLimits(
    head_seconds=0.4, body_idle_seconds=0.4, keep_alive_seconds=5.0, linger_seconds=0.5, sweep_seconds=0.05
)


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Production runs on uvloop, whose transports differ in detail."""
    return {"uvloop": uvloop.new_event_loop}


@dataclass
class Stack:
    """The gateway under test and everything around it."""

    port: int = 0
    auth: AuthDouble = field(default_factory=AuthDouble)
    project: RecordingService = field(default_factory=RecordingService)
    conversation: RecordingService = field(default_factory=RecordingService)
    realtime: RecordingService = field(default_factory=RecordingService)
    broker: MemoryBroker = field(default_factory=MemoryBroker)
    secret: str = SECRET

    @property
    def services(self) -> tuple[RecordingService, ...]:
        return self.auth, self.project, self.conversation, self.realtime

    def settings(self, **more: object) -> GatewaySettings:
        names = ("auth_url", "project_url", "conversation_url", "realtime_url")
        urls = {name: f"http://127.0.0.1:{service.port}" for name, service in zip(names, self.services, strict=True)}
        return GatewaySettings(internal_secret=self.secret, **{**urls, **more})

    def recorded(self) -> list[Recorded]:
        return [request for service in self.services for request in service.requests]

    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.auth.issuer.token()}"}

    async def raw(self, data: bytes, *, timeout: float = 5.0) -> bytes:
        """Sends bytes as they are; everything that comes back until the gateway closes."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(data)
            async with asyncio.timeout(timeout):
                return await reader.read()
        finally:
            writer.close()


StartStack = Callable[..., Awaitable[Stack]]


@pytest.fixture
async def start_stack() -> AsyncIterator[StartStack]:
    """`await start_stack(cors_origins="...")`: settings and limits of this test's own."""
    async with AsyncExitStack() as opened:

        async def start(
            *,
            limits: WireLimits = QUICK,
            routes: RouteTable | None = None,
            revocations: list[dict[str, object]] | None = None,
            snapshot_status: int = 200,
            **more: object,
        ) -> Stack:
            stack = Stack(auth=AuthDouble(revocations=revocations or [], snapshot_status=snapshot_status))
            for service in stack.services:
                await opened.enter_async_context(service.serving())
            app = create_app(stack.settings(**more), bus=await _started_bus(stack, opened), limits=limits, routes=routes)
            stack.port = free_port()
            await opened.enter_async_context(serving([Served(app, "127.0.0.1", stack.port)]))
            if snapshot_status == 200:
                await eventually(lambda: stack.auth.asked_directly)
            return stack

        yield start


@pytest.fixture
async def stack(start_stack: StartStack) -> Stack:
    return await start_stack()


async def eventually(condition: Callable[[], object], seconds: float = 3.0) -> None:
    """Returns as soon as the condition holds; fails after a deadline."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)


async def _started_bus(stack: Stack, opened: AsyncExitStack) -> MemoryBus:
    bus = MemoryBus(stack.broker)
    await bus.start()
    opened.push_async_callback(bus.close)
    return bus


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])
