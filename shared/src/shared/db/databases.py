"""The databases of a process: one pool per role, opened together, refused when a role could pass the tenants' wall."""

import asyncio
import warnings
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import Any, NamedTuple, cast
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit
from uuid import UUID

from tortoise.context import TortoiseContext, set_global_context

from shared.db import asyncpg_engine
from shared.db.asyncpg_engine import PooledClient
from shared.db.failures import DatabaseUnavailable
from shared.db.system_session import SystemSession, open_session
from shared.db.unit_of_work import UnitOfWork, Work
from shared.stopping import run_step

PING_SECONDS = 1.0
NO_MODELS = (__name__,)
"""The ORM wants a module of models for every database, also where only SQL is used."""

WARM_CONNECTIONS = 2
CLOSE_SECONDS = 2.0
"""For all pools: a connection that is still in use then ends with the process, and its transaction with it."""
LOOPBACK_HOSTS = ("127.0.0.1", "::1", "localhost")
CLIENT_GRACE_SECONDS = 1.0
"""The server ends a slow statement first; this much later we stop believing that it will."""

WaitCallback = Callable[[str, float], None]
"""Called with a pool's name and the seconds somebody waited for a connection of it."""


class DatabaseConfig(NamedTuple):
    """All times are in seconds. `url` is of the role `<prefix>_app`, `system_url` of `<prefix>_system`."""

    name: str
    url: str
    system_url: str
    models: tuple[str, ...] = ()
    pool_size: int = 10
    system_pool_size: int = 5  # one of them is the relay's
    acquire_timeout: float = 2.0
    statement_timeout: float = 5.0
    lock_timeout: float = 2.0
    idle_in_transaction_timeout: float = 10.0
    statement_cache_size: int = 100


class PoolState(NamedTuple):
    limit: int
    size: int
    idle: int
    waiting: int

    @property
    def in_use(self) -> int:
        return self.size - self.idle


class UnsafeRole(RuntimeError):
    """A runtime role that row-level security does not bind: the service must not start with it."""


class Database:
    """One service's database. `on_commit_with_events` holds callbacks for "there is something to relay"."""

    def __init__(self, name: str, app: PooledClient, system: PooledClient) -> None:
        self.name = name
        self.on_commit_with_events: list[Callable[[], None]] = []
        self._app = app
        self._system = system

    def unit_of_work(self, tenant_id: UUID, *, actor_id: UUID | None = None) -> AbstractAsyncContextManager[Work]:
        """Raises NestedWork inside another unit of work, DatabaseUnavailable when the database does not answer."""
        return UnitOfWork(self._app, self.name, tenant_id=tenant_id, actor_id=actor_id, on_events=self._wake)

    def system_work(
        self, *, actor_id: UUID | None = None, lock: int | None = None
    ) -> AbstractAsyncContextManager[Work]:
        """For work that belongs to no tenant and may see all of them: every caller is a reviewed exception.

        `lock`: the key of an advisory lock that it waits for and holds; costs no round trip.
        """
        return UnitOfWork(self._system, self.name, tenant_id=None, actor_id=actor_id, lock=lock, on_events=self._wake)

    async def system_rows(self, sql: str, *args: object) -> list[dict[str, Any]]:
        """One reading statement as the system role, without the cost of a transaction around it."""
        return [dict(record) for record in await self._system.fetch(sql, *args)]

    def system_session(self, *, idle_timeout: float) -> AbstractAsyncContextManager[SystemSession]:
        """A connection of its own, for locks that outlive a statement; the server ends one idle for that long."""
        return open_session(self._system, idle_timeout)

    async def ping(self) -> None:
        """Raises DatabaseUnavailable unless the database answers within a second."""
        try:
            async with asyncio.timeout(PING_SECONDS):
                await self._system.fetch("select 1")
        except TimeoutError as error:
            raise DatabaseUnavailable from error

    def pool_state(self) -> PoolState:
        return _state_of(self._app)

    def pool_states(self) -> dict[str, Callable[[], PoolState]]:
        """Readers of both pools by name, for metrics."""
        return {client.connection_name: partial(_state_of, client) for client in (self._app, self._system)}

    def observe_waits(self, callback: WaitCallback) -> None:
        for client in (self._app, self._system):
            client.on_wait = partial(callback, client.connection_name)

    def _wake(self) -> None:
        for callback in self.on_commit_with_events:
            callback()


@asynccontextmanager
async def open_databases(*configs: DatabaseConfig) -> AsyncIterator[dict[str, Database]]:
    """Opens the pools of all `configs` in one ORM context and closes them at the end.

    Raises UnsafeRole, or DatabaseUnavailable when a server cannot be reached.
    """
    context = TortoiseContext()
    set_global_context(context)  # before `init`, which looks itself up; global, because requests run in other tasks
    try:
        with warnings.catch_warnings(action="ignore", category=RuntimeWarning):  # "has no models", for NO_MODELS
            await context.init(_orm_config(configs))
        databases = {config.name: _database(context, config) for config in configs}
        for database in databases.values():
            for client in (database._app, database._system):
                await _open_pool(client)
        yield databases
    finally:
        await run_step("close the databases", context.close_connections, CLOSE_SECONDS)


def _database(context: TortoiseContext, config: DatabaseConfig) -> Database:
    app = cast(PooledClient, context.connections.get(config.name))
    system = cast(PooledClient, context.connections.get(f"{config.name}_system"))
    return Database(config.name, app, system)


async def _open_pool(client: PooledClient) -> None:
    await client.open()
    await _refuse_unsafe_role(client)


_ROLE_POWERS = """
select current_user as role,
    exists (select from pg_roles r where (r.rolsuper or r.rolbypassrls)
            and pg_has_role(r.oid, 'member')) as is_above_policies,
    exists (select from pg_class c where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace
            and pg_has_role(c.relowner, 'member')) as is_owner
"""


async def _refuse_unsafe_role(client: PooledClient) -> None:
    [powers] = await client.fetch(_ROLE_POWERS)
    if powers["is_above_policies"]:
        raise UnsafeRole(f"role {powers['role']} is, or can become, a superuser or BYPASSRLS role")
    if powers["is_owner"]:
        raise UnsafeRole(f"role {powers['role']} owns tables, or can become their owner")


def _orm_config(configs: tuple[DatabaseConfig, ...]) -> dict[str, Any]:
    connections: dict[str, Any] = {}
    apps: dict[str, Any] = {}
    for config in configs:
        connections[config.name] = _connection(config, config.url, config.pool_size)
        connections[f"{config.name}_system"] = _connection(config, config.system_url, config.system_pool_size)
        apps[config.name] = {"models": [*(config.models or NO_MODELS)], "default_connection": config.name}
    return {"connections": connections, "apps": apps}


def _connection(config: DatabaseConfig, url: str, size: int) -> dict[str, Any]:
    parts = urlsplit(url)
    credentials = {
        "host": parts.hostname,
        "port": parts.port or 5432,
        "user": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "database": parts.path.lstrip("/"),
        "ssl": _ssl_mode(parts),
        "minsize": 0,  # a floor would reconnect in the background for ever while the server is away
        "init_size": min(WARM_CONNECTIONS, size),
        "maxsize": size,
        "init": asyncpg_engine.prepare_connection,
        "acquire_timeout": config.acquire_timeout,
        "command_timeout": config.statement_timeout + CLIENT_GRACE_SECONDS,
        "statement_cache_size": config.statement_cache_size,
        "server_settings": _server_settings(config),
    }
    return {"engine": asyncpg_engine.__name__, "credentials": credentials}


def _ssl_mode(address: SplitResult) -> str:
    """`?sslmode=` of the address; a server's own certificate authority is named by PGSSLROOTCERT."""
    default = "disable" if address.hostname in LOOPBACK_HOSTS else "prefer"
    return parse_qs(address.query).get("sslmode", [default])[-1]


def _server_settings(config: DatabaseConfig) -> dict[str, str]:
    return {
        "application_name": f"tessera-{config.name}",
        "statement_timeout": _milliseconds(config.statement_timeout),
        "lock_timeout": _milliseconds(config.lock_timeout),
        "idle_in_transaction_session_timeout": _milliseconds(config.idle_in_transaction_timeout),
        "jit": "off",  # short statements: compiling them costs more than running them
    }


def _milliseconds(seconds: float) -> str:
    return str(int(seconds * 1000))


def _state_of(client: PooledClient) -> PoolState:
    pool = client.pool
    return PoolState(pool.get_max_size(), pool.get_size(), pool.get_idle_size(), client.waiting)
