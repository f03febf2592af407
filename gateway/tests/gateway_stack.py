"""A whole gateway on a real socket, with recording services behind it."""

import asyncio
import inspect
import socket
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from uuid import uuid4

import msgspec
from recording_services import AuthDouble, Recorded, RecordingService

from gateway.app import create_app
from gateway.route_table import RouteTable
from gateway.settings import GatewaySettings
from gateway.wire_limits import WireLimits
from shared.events.auth import SessionRevoked
from shared.events.envelope import Envelope, Event, encode
from shared.http.app import App
from shared.http.server import Served, serving
from shared.messaging.bus import OutgoingMessage
from shared.messaging.memory import MemoryBus
from shared.messaging.memory_broker import MemoryBroker
from shared.principal import Principal

QUICK = WireLimits(
    head_seconds=0.4, body_idle_seconds=0.4, keep_alive_seconds=5.0, linger_seconds=0.5, sweep_seconds=0.05
)


@dataclass
class Stack:
    """The gateway under test and everything around it."""

    auth: AuthDouble
    port: int = 0
    project: RecordingService = field(default_factory=RecordingService)
    conversation: RecordingService = field(default_factory=RecordingService)
    realtime: RecordingService = field(default_factory=RecordingService)
    broker: MemoryBroker = field(default_factory=MemoryBroker)
    secret: str = "a secret of the tests, long enough for HS256"
    stop: Callable[[], Awaitable[None]] = field(init=False)

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

    async def publish(self, event: Event) -> None:
        """As auth-service would."""
        envelope = Envelope(
            id=uuid4(),
            source="auth",
            type=event.type,
            subject="",
            time=datetime.now(UTC),
            data=msgspec.Raw(msgspec.json.encode(event)),
        )
        bus = MemoryBus(self.broker)
        await bus.start()
        await bus.publish([OutgoingMessage("auth", event.type, envelope.id, encode(envelope))])
        await bus.close()

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


async def open_stack(
    opened: AsyncExitStack,
    *,
    limits: WireLimits = QUICK,
    routes: RouteTable | None = None,
    revocations: list[dict[str, object]] | None = None,
    snapshot_status: int = 200,
    beside: Stack | None = None,
    **settings: object,
) -> Stack:
    """Ready for requests, unless auth-service is told to withhold its snapshot. `beside` another: its replica."""
    if beside is not None:
        stack = replace(beside)
    else:
        stack = Stack(AuthDouble(revocations=revocations or [], snapshot_status=snapshot_status))
        for service in stack.services:
            await opened.enter_async_context(service.serving())
    bus = MemoryBus(stack.broker)
    await bus.start()
    opened.push_async_callback(bus.close)
    app = create_app(stack.settings(**settings), bus=bus, limits=limits, routes=routes)
    stack.port = free_port()
    served = await opened.enter_async_context(AsyncExitStack())
    await served.enter_async_context(serving([Served(app, "127.0.0.1", stack.port)]))
    stack.stop = served.aclose
    if snapshot_status == 200:
        await eventually(lambda: _is_ready(app))
    return stack


def session_revoked(principal: Principal) -> SessionRevoked:
    return SessionRevoked(
        session_id=principal.session_id, user_id=principal.user_id, revoked_at=int(time.time()), reason="logout"
    )


async def eventually(condition: Callable[[], object], seconds: float = 3.0) -> None:
    """Returns as soon as the condition, which may be awaitable, holds; fails after a deadline."""
    async with asyncio.timeout(seconds):
        while True:
            held = condition()
            if await held if inspect.isawaitable(held) else held:
                return
            await asyncio.sleep(0.005)


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


async def _is_ready(app: App) -> bool:
    is_ready, _ = await app.ctx.health.read()
    return bool(is_ready)
