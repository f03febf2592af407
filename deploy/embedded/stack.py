"""The whole product in one process: five apps, one real PostgreSQL, an in-process bus - the same code path as anywhere."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

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
from shared.db.databases import open_databases
from shared.db.migrate import migrate
from shared.http.app import App
from shared.http.server import Served, serving
from shared.messaging.memory import MemoryBus
from shared.messaging.memory_broker import MemoryBroker
from shared.settings import read_settings

LOOPBACK = "127.0.0.1"
_WITH_DATABASE = {
    "auth": (auth_service.settings.AuthSettings, auth_service.settings.database_config, auth_service.app),
    "project": (project_service.settings.ProjectSettings, project_service.settings.database_config, project_service.app),
    "conversation": (
        conversation_service.settings.ConversationSettings,
        conversation_service.settings.database_config,
        conversation_service.app,
    ),
}
_WITHOUT_DATABASE = {
    "realtime": (RealtimeSettings, realtime_service.app),
    "gateway": (GatewaySettings, gateway.app),
}


@asynccontextmanager
async def embedded_stack(environ: Mapping[str, str]) -> AsyncIterator[Ports]:
    """Everything answers inside the block. Raises ServerError, PortInUse or SettingsError with a sentence for people."""
    home, ports = Home(environ), Ports.from_environment(environ)
    async with AsyncExitStack() as stack:
        port = int(environ.get("TESSERA_POSTGRES_PORT") or 0)
        postgres = await stack.enter_async_context(EmbeddedPostgres(home.folder / "postgres", port=port))
        urls = await home.prepare_databases(postgres.admin_url)
        for service, url in urls.items():
            await migrate(service, url.owner)
        apps = await _create_apps(stack, service_environment(environ, home, urls), home)
        await stack.enter_async_context(serving([Served(app, LOOPBACK, ports.of(name)) for name, app in apps.items()]))
        yield ports


async def _create_apps(
    stack: AsyncExitStack, environ: Mapping[str, str], home: Home
) -> dict[str, App]:
    broker = MemoryBroker(home.folder / "dead-letters")
    told = {name: read_settings(kind, environ) for name, (kind, _, _) in _WITH_DATABASE.items()}
    configs = [config_of(told[name]) for name, (_, config_of, _) in _WITH_DATABASE.items()]
    databases = await stack.enter_async_context(open_databases(*configs))
    apps = {
        name: module.create_app(told[name], database=databases[name], bus=await _node(stack, broker))
        for name, (_, _, module) in _WITH_DATABASE.items()
    }
    for name, (kind, module) in _WITHOUT_DATABASE.items():
        apps[name] = module.create_app(read_settings(kind, environ), bus=await _node(stack, broker))
    return apps


async def _node(stack: AsyncExitStack, broker: MemoryBroker) -> MemoryBus:
    bus = MemoryBus(broker)
    await bus.start()
    stack.push_async_callback(bus.close)
    return bus
