"""Fixtures over a real PostgreSQL: each test gets a fresh copy of a database that was migrated once per session.

pytest loads it for the whole repository (see `addopts`). Role names are cluster-wide, so every session takes a
prefix of its own: several sessions may share one server. The copies of a template share the template's roles.
"""

import asyncio
import os
import secrets
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import asyncpg
import pytest

from shared.db.bootstrap import DatabaseUrls, RolePasswords, database_urls, grant_connect, prepare_database
from shared.db.databases import DatabaseConfig
from shared.db.migrate import migrate, model_modules
from shared.db.row_limits import clear_remembered_counts

ADMIN_URL_VARIABLE = "TEST_POSTGRES_ADMIN_URL"
_CONNECT_SECONDS = 10.0

FreshDatabase = Callable[[str], DatabaseConfig]


class PostgresServer:
    """Makes databases on one server and remembers what has to go again."""

    def __init__(self, admin_url: str) -> None:
        self.admin_url = admin_url
        self._session = secrets.token_hex(3)
        self._passwords = RolePasswords(*(secrets.token_urlsafe(12) for _ in RolePasswords._fields))
        self._templates: dict[str, str] = {}

    async def fresh(self, service: str) -> tuple[str, DatabaseUrls]:
        """A new database with the newest schema of `service`: its name and its addresses."""
        if service not in self._templates:
            self._templates[service] = await self._make_template(service)
        template = self._templates[service]
        name = f"{template}_{secrets.token_hex(3)}"
        admin = await asyncpg.connect(self.admin_url, timeout=_CONNECT_SECONDS)
        try:
            await admin.execute(f"create database {name} template {template} owner {template}_owner")
            await grant_connect(admin, name, template)
        finally:
            await admin.close()
        return name, self._urls(name, template)

    async def empty(self, service: str) -> tuple[str, DatabaseUrls]:
        """A new database without any table, with roles of its own."""
        name = f"{service}_t{self._session}_{secrets.token_hex(3)}"
        return name, await prepare_database(self.admin_url, name, self._passwords)

    async def drop(self, name: str) -> None:
        """Drops the database and, where it has some of its own, its roles."""
        admin = await asyncpg.connect(self.admin_url, timeout=_CONNECT_SECONDS)
        try:
            await admin.execute(f"drop database if exists {name} with (force)")
            for role in DatabaseUrls._fields:
                await admin.execute(f"drop role if exists {name}_{role}")
        finally:
            await admin.close()

    async def close(self) -> None:
        for template in self._templates.values():
            await self.drop(template)

    async def _make_template(self, service: str) -> str:
        name = f"{service}_t{self._session}"
        urls = await prepare_database(self.admin_url, name, self._passwords)
        await migrate(service, urls.owner)
        return name

    def _urls(self, name: str, template: str) -> DatabaseUrls:
        of_template = database_urls(self.admin_url, template, self._passwords)
        return DatabaseUrls(*(url.removesuffix(f"/{template}") + f"/{name}" for url in of_template))


@pytest.fixture(scope="session")
def postgres_admin_url() -> str:
    url = os.environ.get(ADMIN_URL_VARIABLE)
    if not url:
        pytest.fail(f"{ADMIN_URL_VARIABLE} is not set: `make test` starts a PostgreSQL and sets it", pytrace=False)
    return url


@pytest.fixture(scope="session")
def postgres_server(postgres_admin_url: str) -> Iterator[PostgresServer]:
    server = PostgresServer(postgres_admin_url)
    yield server
    _run(server.close())


@pytest.fixture
def fresh_urls(postgres_server: PostgresServer) -> Iterator[Callable[[str], DatabaseUrls]]:
    """`fresh_urls("project")`: the addresses of a database of this test's own, with the newest schema."""
    names: list[str] = []
    clear_remembered_counts()

    def make(service: str) -> DatabaseUrls:
        name: str
        urls: DatabaseUrls
        name, urls = _run(postgres_server.fresh(service))
        names.append(name)
        return urls

    yield make
    for name in names:
        _run(postgres_server.drop(name))


@pytest.fixture
def fresh_database(fresh_urls: Callable[[str], DatabaseUrls]) -> FreshDatabase:
    """`fresh_database("project")`: the same, ready for `open_databases`."""

    def make(service: str) -> DatabaseConfig:
        urls = fresh_urls(service)
        return DatabaseConfig(service, urls.app, urls.system, model_modules(service))

    return make


def _run(work: Coroutine[Any, Any, Any]) -> Any:
    """In a loop of its own, in a thread of its own: the test's loop may be running already."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(asyncio.run, work).result()
