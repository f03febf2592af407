"""One service as a process: settings, logs, database, bus and app, opened in order and closed in reverse."""

import os
import socket
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import TypeVar

from shared.db.databases import DatabaseConfig, open_databases
from shared.file_limit import raise_file_limit
from shared.http.app import App
from shared.http.server import PortInUse, Served, serving, until_stopped
from shared.ids import new_id
from shared.messaging.bus import Bus
from shared.messaging.rabbitmq.bus import RabbitBus
from shared.process import run_process
from shared.settings import Settings, SettingsError, environment_with_dotenv, read_settings
from shared.stopping import run_step
from shared.telemetry.logs import configure_logging, get_logger

CLOSE_SECONDS = 2.0
"""For the bus, after its service has stopped."""

T = TypeVar("T", bound=Settings)


def run_service(
    name: str,
    settings_class: type[T],
    create: Callable[..., App],
    *,
    database: Callable[[T], DatabaseConfig] | None = None,
) -> None:
    """Runs until SIGTERM. Exits with 1 and one plain sentence when the settings or the port do not allow a start."""
    try:
        settings = read_settings(settings_class, environment_with_dotenv(os.environ))
        configure_logging(settings.log_level)
        raise_file_limit()
        config = database(settings) if database else None
        run_process(lambda: _serve(name, settings, create, config))
    except (SettingsError, PortInUse) as error:
        sys.exit(f"{name}-service cannot start: {error}")


async def _serve(name: str, settings: Settings, create: Callable[..., App], config: DatabaseConfig | None) -> None:
    async with AsyncExitStack() as stack:
        parts: dict[str, object] = {}
        if config is not None:
            databases = await stack.enter_async_context(open_databases(config))
            parts["database"] = databases[config.name]
        bus = await _open_bus(stack, name, settings)
        app = create(settings, bus=bus, **parts)
        await stack.enter_async_context(serving([Served(app, settings.host, settings.port)]))
        get_logger(service=name).info("service is ready", port=settings.port)
        await until_stopped()


async def _open_bus(stack: AsyncExitStack, name: str, settings: Settings) -> Bus:
    if settings.amqp_url is None:
        raise SettingsError("missing settings: AMQP_URL")
    bus = RabbitBus(settings.amqp_url, f"{name}-{socket.gethostname()}-{new_id().hex[-8:]}")
    await bus.start()
    stack.push_async_callback(run_step, "close the bus", bus.close, CLOSE_SECONDS)
    return bus
