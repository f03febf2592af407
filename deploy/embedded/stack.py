"""The whole product in one process: five apps, one real PostgreSQL, an in-process bus; the same code as anywhere."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import NamedTuple

import auth_service.app
import auth_service.settings
import conversation_service.app
import conversation_service.settings
import gateway.app
import project_service.app
import project_service.settings
import realtime_service.app
from deploy.embedded.postgres import EmbeddedPostgres
from deploy.environment import Home, Ports, service_environment
from gateway.settings import GatewaySettings
from realtime_service.settings import RealtimeSettings
from shared.db.databases import DatabaseConfig, open_databases
from shared.db.migrate import migrate
from shared.http.app import App
from shared.http.server import Served, serving
from shared.messaging.deadletters import dead_letter_folder
from shared.messaging.memory import MemoryBus
from shared.messaging.memory_broker import MemoryBroker
from shared.settings import read_settings
from shared.stopping import STEP_SECONDS, run_step
from shared.supervision import Supervisor
from shared.telemetry.logs import get_logger

LOOPBACK = "127.0.0.1"
READY_SECONDS = 20.0
READY_POLL_SECONDS = 0.02
CLOSE_SECONDS = 2.0


class StoredService(NamedTuple):
    """A service with a database, told everything but its database and bus."""

    config: DatabaseConfig
    create_app: Callable[..., App]


@asynccontextmanager
async def embedded_stack(environ: Mapping[str, str]) -> AsyncIterator[Ports]:
    """Everything answers inside the block. Raises ServerError, PortInUse or SettingsError."""
    home, ports = Home(environ), Ports.from_environment(environ)
    async with AsyncExitStack() as stack:
        port = int(environ.get("TESSERA_POSTGRES_PORT") or 0)
        postgres = await stack.enter_async_context(EmbeddedPostgres(home.folder / "postgres", port=port))
        tasks = Supervisor()
        stack.push_async_callback(run_step, "stop watching PostgreSQL", tasks.stop, STEP_SECONDS)
        tasks.start("keep PostgreSQL running", partial(_keep_running, postgres))
        urls = await home.prepare_databases(postgres.admin_url)
        for service, url in urls.items():
            await migrate(service, url.owner)
        apps = await _create_apps(stack, service_environment(environ, home, urls), home)
        await stack.enter_async_context(serving([Served(app, LOOPBACK, ports.of(name)) for name, app in apps.items()]))
        await _until_ready(apps)
        yield ports


async def _keep_running(postgres: EmbeddedPostgres) -> None:
    """Starts it again whenever it ends by itself, on the same port; until it is cancelled."""
    while True:
        status = await postgres.wait()
        get_logger().error("PostgreSQL has ended and is started again", status=status)
        await postgres.start()


async def _until_ready(apps: Mapping[str, App]) -> None:
    async with asyncio.timeout(READY_SECONDS):
        for app in apps.values():
            while not (await app.ctx.health.read())[0]:
                await asyncio.sleep(READY_POLL_SECONDS)


async def _create_apps(stack: AsyncExitStack, environ: Mapping[str, str], home: Home) -> dict[str, App]:
    broker = MemoryBroker(dead_letter_folder(home.folder))
    stored = _stored_services(environ)
    databases = await stack.enter_async_context(open_databases(*(service.config for service in stored.values())))
    apps = {
        name: service.create_app(database=databases[name], bus=await _node(stack, broker))
        for name, service in stored.items()
    }
    realtime = read_settings(RealtimeSettings, environ)
    door = read_settings(GatewaySettings, {**environ, "REDIS_URL": ""})  # one process counts for itself
    apps["realtime"] = realtime_service.app.create_app(realtime, bus=await _node(stack, broker))
    apps["gateway"] = gateway.app.create_app(door, bus=await _node(stack, broker))
    return apps


def _stored_services(environ: Mapping[str, str]) -> dict[str, StoredService]:
    auth = read_settings(auth_service.settings.AuthSettings, environ)
    project = read_settings(project_service.settings.ProjectSettings, environ)
    conversation = read_settings(conversation_service.settings.ConversationSettings, environ)
    return {
        "auth": StoredService(auth_service.settings.database_config(auth), partial(auth_service.app.create_app, auth)),
        "project": StoredService(
            project_service.settings.database_config(project), partial(project_service.app.create_app, project)
        ),
        "conversation": StoredService(
            conversation_service.settings.database_config(conversation),
            partial(conversation_service.app.create_app, conversation),
        ),
    }


async def _node(stack: AsyncExitStack, broker: MemoryBroker) -> MemoryBus:
    bus = MemoryBus(broker)
    await bus.start()
    stack.push_async_callback(run_step, "close a bus", bus.close, CLOSE_SECONDS)
    return bus
