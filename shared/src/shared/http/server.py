"""Runs Sanic apps on one uvloop: bind, start, serve, drain, stop - the same for one service and for all of them.

Sanic's own runner stops in an order that drops live connections and cannot host several apps; this one
announces (readiness off), lets the app say goodbye, ends connections with their next answer, closes what is idle and
waits for what is busy.
"""

import asyncio
import errno
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, NamedTuple, cast

from sanic.application.state import ApplicationServerInfo
from sanic.http.constants import HTTP
from sanic.router import Router
from sanic.server import AsyncioServer
from sanic.server.protocols.http_protocol import HttpProtocol

from shared.http.app import App
from shared.stopping import STOP_SECONDS, StopBudget, run_step
from shared.telemetry.logs import get_logger

BACKLOG = 4096  # Sanic's 100 lets a reconnecting crowd in over many seconds
SWEEP_SECONDS = 0.05
LAST_ANSWERS_SECONDS = 0.3
"""A peer that keeps connections open may be sending on one just when it is closed, and could not know whether that was
heard. For so long each answer is the last one of its connection; what is still open then is out of use."""


class PortInUse(OSError):
    def __init__(self, port: int) -> None:
        super().__init__(errno.EADDRINUSE, f"port {port} is already in use by another program")
        self.port = port


class Served(NamedTuple):
    app: App
    host: str
    port: int


@asynccontextmanager
async def serving(served: Sequence[Served], *, stop_seconds: float = STOP_SECONDS) -> AsyncIterator[None]:
    """All apps answer inside the block, and stop in `stop_seconds` together.

    Raises PortInUse before any of them has started.
    """
    servers = [await _bind(one) for one in served]
    prepared: list[AsyncioServer] = []
    try:
        for server in servers:
            await _prepare(server)
            prepared.append(server)
        # Only when all are prepared: the first may already publish what the last one has to hear.
        for server in servers:
            await server.start_serving()
        for server in servers:
            await server.after_start()
        yield
    finally:
        # In a task of its own: a second signal that cancels us must not skip a step.
        await run_step("stop the applications", partial(_stop_all, prepared, stop_seconds), 2 * STOP_SECONDS)
        for server in servers[len(prepared) :]:
            server.close()
        Router.get.cache_clear()  # one cache of found routes for all routers, which keeps every application alive


async def until_stopped() -> None:
    """Returns at the first SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        await stop.wait()
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


async def _bind(served: Served) -> AsyncioServer:
    protocol: dict[str, Any] = {}
    if hasattr(served.app.ctx, "protocol"):
        protocol["protocol"] = served.app.ctx.protocol
    try:
        server = await served.app.create_server(
            served.host,
            served.port,
            backlog=BACKLOG,
            asyncio_server_kwargs={"start_serving": False},
            **protocol,
        )
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortInUse(served.port) from error
        raise
    # Without this Sanic takes the number of HTTP versions for unknown and sends an empty Alt-Svc header.
    served.app.state.server_info.append(ApplicationServerInfo({"port": served.port, "version": HTTP.VERSION_1}))
    assert server is not None
    return server


async def _prepare(server: AsyncioServer) -> None:
    # Sanic rewrites its own classes at the first start and cannot do it twice; the rewritten ones serve all apps.
    server.app.config.TOUCHUP = not getattr(HttpProtocol, "__touched__", False)
    await server.startup()
    await server.before_start()


async def _stop_all(servers: Sequence[AsyncioServer], seconds: float) -> None:
    """In reverse order, within one budget; each whatever became of the others."""
    budget = StopBudget(seconds)
    for server in reversed(servers):
        server.app.ctx.stop_budget = budget
        await _call_listeners(server.app.name, server.before_stop)
        await budget.run(f"{server.app.name}: end connections", partial(_end_connections, server, budget.share()))
        await _call_listeners(server.app.name, server.after_stop)
        # What no listener had to stop at a moment of its own.
        await budget.run(f"{server.app.name}: stop background tasks", server.app.ctx.supervisor.stop)


async def _call_listeners(name: str, call: Callable[[], Awaitable[None]]) -> None:
    """Each is a step of its own (see `shared.http.app`): what fails here is the framework."""
    try:
        await call()
    except Exception:
        get_logger().exception("the listeners of a stop could not be called", app=name)


async def _end_connections(server: AsyncioServer, seconds: float) -> None:
    if server.connections:
        await asyncio.sleep(min(LAST_ANSWERS_SECONDS, seconds / 2))
    listener = cast(asyncio.Server, server.server)
    listener.close()
    await _drain(server, min(server.app.config.GRACEFUL_SHUTDOWN_TIMEOUT, seconds / 2))
    await listener.wait_closed()


async def _drain(server: AsyncioServer, seconds: float) -> None:
    """Idle connections are closed at once and again as busy ones become idle; the rest is cut after `seconds`."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while server.connections and loop.time() < deadline:
        for connection in list(server.connections):
            connection.close_if_idle()
        await asyncio.sleep(SWEEP_SECONDS)
    for connection in list(server.connections):
        connection.abort()
