"""Fixtures over a real PostgreSQL: each test gets a fresh copy of a database that was migrated once per session.

pytest loads it for the whole repository (see `addopts`). Role names are cluster-wide, so every session takes a
prefix of its own: several sessions may share one server. The copies of a template share the template's roles.
Copies are made and dropped in a thread beside the tests: the next one is ready when a test asks for it.
"""

import asyncio
import os
import secrets
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple, TypeVar

import asyncpg
import pytest

from shared.db.bootstrap import DatabaseUrls, RolePasswords, database_urls, grant_connect, prepare_database
from shared.db.databases import DatabaseConfig
from shared.db.migrate import migrate, model_modules
from shared.db.row_limits import clear_remembered_counts

ADMIN_URL_VARIABLE = "TEST_POSTGRES_ADMIN_URL"
_CONNECT_SECONDS = 10.0

FreshDatabase = Callable[[str], DatabaseConfig]
_T = TypeVar("_T")


class NewDatabase(NamedTuple):
    name: str
    urls: DatabaseUrls


class PostgresServer:
    """Makes databases on one server."""

    def __init__(self, admin_url: str) -> None:
        self.admin_url = admin_url
        self._session = secrets.token_hex(3)
        self._passwords = RolePasswords(*(secrets.token_urlsafe(12) for _ in RolePasswords._fields))

    async def migrated(self, service: str) -> NewDatabase:
        """With the newest schema of `service` and roles of its own; one of each service, to be copied."""
        name = f"{service}_t{self._session}"
        urls = await prepare_database(self.admin_url, name, self._passwords)
        await migrate(service, urls.owner)
        return NewDatabase(name, urls)

    async def copy(self, admin: asyncpg.Connection, template: str) -> NewDatabase:
        name = f"{template}_{secrets.token_hex(3)}"
        # Copying the files costs half of what copying through the log does, where nothing waits for a disk.
        await admin.execute(f"create database {name} template {template} owner {template}_owner strategy file_copy")
        await grant_connect(admin, name, template)
        return NewDatabase(name, self._urls(name, template))

    async def empty(self, service: str) -> NewDatabase:
        """Without any table, with roles of its own."""
        name = f"{service}_t{self._session}_{secrets.token_hex(3)}"
        return NewDatabase(name, await prepare_database(self.admin_url, name, self._passwords))

    async def drop(self, name: str) -> None:
        """Drops the database and, where it has some of its own, its roles."""
        admin = await asyncpg.connect(self.admin_url, timeout=_CONNECT_SECONDS)
        try:
            await drop_database(admin, name)
            for role in DatabaseUrls._fields:
                await admin.execute(f"drop role if exists {name}_{role}")
        finally:
            await admin.close()

    def _urls(self, name: str, template: str) -> DatabaseUrls:
        of_template = database_urls(self.admin_url, template, self._passwords)
        return DatabaseUrls(*(url.removesuffix(f"/{template}") + f"/{name}" for url in of_template))


async def drop_database(admin: asyncpg.Connection, name: str) -> None:
    await admin.execute(f"drop database if exists {name} with (force)")


class Copies:
    """Copies of templates, one of each in store; all the work is done in one thread, over one connection."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="database-copies")
        self._runner = asyncio.Runner()
        self._admin: asyncpg.Connection | None = None
        self._templates: dict[str, str] = {}
        self._store: dict[str, Future[NewDatabase]] = {}
        self._drops: list[Future[None]] = []

    def take(self, service: str) -> NewDatabase:
        copy = self._store.pop(service, None) or self._begin(self._make(service))
        self._store[service] = self._begin(self._make(service))
        return copy.result()

    def give_back(self, copy: NewDatabase) -> None:
        """It is dropped soon."""
        self._drops.append(self._begin(self._drop(copy.name)))

    def close(self) -> None:
        """Raises what has failed in the meantime."""
        try:
            for copy in self._store.values():
                self.give_back(copy.result())
            for drop in self._drops:
                drop.result()
        finally:
            self._begin(self._end()).result()
            self._thread.submit(self._runner.close).result()
            self._thread.shutdown()

    def _begin(self, work: Coroutine[Any, Any, _T]) -> Future[_T]:
        return self._thread.submit(self._runner.run, work)

    async def _make(self, service: str) -> NewDatabase:
        if service not in self._templates:
            self._templates[service] = (await self._server.migrated(service)).name
        return await self._server.copy(await self._connection(), self._templates[service])

    async def _drop(self, name: str) -> None:
        await drop_database(await self._connection(), name)

    async def _connection(self) -> asyncpg.Connection:
        if self._admin is None:
            self._admin = await asyncpg.connect(self._server.admin_url, timeout=_CONNECT_SECONDS)
        return self._admin

    async def _end(self) -> None:
        for template in self._templates.values():
            await self._server.drop(template)
        if self._admin is not None:
            await self._admin.close()


@pytest.fixture(scope="session")
def postgres_admin_url() -> str:
    url = os.environ.get(ADMIN_URL_VARIABLE)
    if not url:
        pytest.fail(f"{ADMIN_URL_VARIABLE} is not set: `make test` starts a PostgreSQL and sets it", pytrace=False)
    return url


@pytest.fixture(scope="session")
def postgres_server(postgres_admin_url: str) -> PostgresServer:
    return PostgresServer(postgres_admin_url)


@pytest.fixture(scope="session")
def database_copies(postgres_server: PostgresServer) -> Iterator[Copies]:
    copies = Copies(postgres_server)
    yield copies
    copies.close()


@pytest.fixture
def fresh_urls(database_copies: Copies) -> Iterator[Callable[[str], DatabaseUrls]]:
    """`fresh_urls("project")`: the addresses of a database of this test's own, with the newest schema."""
    taken: list[NewDatabase] = []
    clear_remembered_counts()

    def make(service: str) -> DatabaseUrls:
        taken.append(database_copies.take(service))
        return taken[-1].urls

    yield make
    for copy in taken:
        database_copies.give_back(copy)


@pytest.fixture
def fresh_database(fresh_urls: Callable[[str], DatabaseUrls]) -> FreshDatabase:
    """`fresh_database("project")`: the same, ready for `open_databases`."""

    def make(service: str) -> DatabaseConfig:
        urls = fresh_urls(service)
        return DatabaseConfig(service, urls.app, urls.system, model_modules(service))

    return make
