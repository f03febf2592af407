"""The distributed stack on this machine: real PostgreSQL, RabbitMQ and Redis, and one process a service."""

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from deploy.embedded.postgres import EmbeddedPostgres
from deploy.environment import DATABASES, SERVICES, Home, Ports, service_environment
from deploy.local import provision
from deploy.local.processes import ServiceProcess
from deploy.supervision.errors import StartFailed

MODULES = {**{name: f"{name}_service" for name in SERVICES}, "gateway": "gateway"}


class LocalStack(NamedTuple):
    ports: Ports
    services: dict[str, ServiceProcess]
    postgres: EmbeddedPostgres
    broker: provision.Server
    environ: dict[str, str]


@asynccontextmanager
async def local_stack(environ: Mapping[str, str]) -> AsyncIterator[LocalStack]:
    """Everything answers inside the block. Raises ServerError with a sentence for people."""
    home, ports = Home(environ), Ports.from_environment(environ)
    async with AsyncExitStack() as stack:
        port = int(environ.get("TESSERA_POSTGRES_PORT") or 0)
        postgres = await stack.enter_async_context(EmbeddedPostgres(home.folder / "postgres", port=port))
        broker = await stack.enter_async_context(provision.broker(home.folder / "rabbitmq"))
        cache = await stack.enter_async_context(provision.cache(home.folder / "redis"))
        urls = await home.prepare_databases(postgres.admin_url)
        owners = {f"DATABASE_URL_{name.upper()}_OWNER": url.owner for name, url in urls.items()}
        told = {**service_environment(environ, home, urls), "AMQP_URL": broker.url, "REDIS_URL": cache.url}
        await asyncio.gather(*(_migrate(name, {**told, **owners}, home.folder) for name in DATABASES))
        services = await _start_services(stack, ports, told, home.folder)
        yield LocalStack(ports, services, postgres, broker, told)


async def _migrate(service: str, environ: Mapping[str, str], folder: Path) -> None:
    log = folder / "migrate.log"
    with log.open("ab") as stream:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "shared.db.migrate", service, env=environ, stdout=stream, stderr=stream
        )
    if await process.wait() != 0:
        raise StartFailed(f"the migration of {service}", f"status {process.returncode}", log)


async def _start_services(
    stack: AsyncExitStack, ports: Ports, environ: Mapping[str, str], folder: Path
) -> dict[str, ServiceProcess]:
    services: dict[str, ServiceProcess] = {}
    for name, module in MODULES.items():
        log = folder / f"{name}.log"
        services[name] = ServiceProcess(module, ports.of(name), environ, log)
        stack.push_async_callback(services[name].stop)
    inner = [service.start() for name, service in services.items() if name != "gateway"]
    await asyncio.gather(*inner)
    await services["gateway"].start()
    return services
