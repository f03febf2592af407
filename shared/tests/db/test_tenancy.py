"""Row-level security is the second wall: it holds when a query forgets its tenant."""

from collections.abc import Callable

import asyncpg
import pytest
from sample_service.models import Note
from sample_service.notes import add_note, titles

from shared.db.bootstrap import DatabaseUrls
from shared.db.databases import Database, DatabaseConfig, UnsafeRole, open_databases
from shared.db.schema import UNPROTECTED_TABLES
from shared.ids import new_id

A, B = new_id(), new_id()


@pytest.fixture
async def two_tenants(database: Database) -> Database:
    for tenant, title in ((A, "of a"), (B, "of b")):
        async with database.unit_of_work(tenant) as work:
            await add_note(work, title)
    return database


async def test_a_query_without_a_filter_sees_one_tenant(two_tenants: Database) -> None:
    async with two_tenants.unit_of_work(A) as work:
        rows = await work.rows("select * from notes")
        models = await Note.all().using_db(work.connection)

    assert [row["title"] for row in rows] == ["of a"]
    assert [model.title for model in models] == ["of a"]


async def test_a_tenant_cannot_touch_the_rows_of_another(two_tenants: Database) -> None:
    async with two_tenants.unit_of_work(A) as work:
        updated = await work.execute("update notes set title = 'mine' where title = 'of b'")
        deleted = await work.execute("delete from notes where title = 'of b'")

    assert (updated, deleted) == (0, 0)


async def test_a_tenant_cannot_write_a_row_of_another(two_tenants: Database) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with two_tenants.unit_of_work(A) as work:
            await add_note(work, "smuggled", tenant_id=B)


async def test_without_a_tenant_nothing_is_seen(two_tenants: Database) -> None:
    async with two_tenants.unit_of_work(A) as work:
        assert await titles(work) == ["of a"]

    assert await two_tenants._app.fetch("select * from notes") == []
    assert await Note.all() == []


async def test_system_work_sees_all_tenants(two_tenants: Database) -> None:
    async with two_tenants.system_work() as work:
        assert await titles(work) == ["of a", "of b"]


async def test_an_event_cannot_be_published_for_another_tenant(database: Database) -> None:
    from sample_service.notes import NoteAdded

    async with database.unit_of_work(A) as work:
        with pytest.raises(ValueError, match="another tenant"):
            work.publish(NoteAdded(note_id=new_id()), topics=[], subject="x", tenant_id=B)


async def test_every_table_with_a_tenant_has_its_wall(database: Database) -> None:
    assert await database.system_rows(UNPROTECTED_TABLES) == []


@pytest.mark.parametrize("power", ["superuser", "bypassrls"])
async def test_a_role_above_the_policies_is_refused(
    sample_config: DatabaseConfig, postgres_admin_url: str, power: str
) -> None:
    role = await _make_role(postgres_admin_url, sample_config, power)
    try:
        for config in (sample_config._replace(url=role), sample_config._replace(system_url=role)):
            with pytest.raises(UnsafeRole, match="superuser or BYPASSRLS"):
                await _open(config)
    finally:
        await _drop_role(postgres_admin_url, sample_config)


async def test_the_owner_is_refused(fresh_urls: Callable[[str], DatabaseUrls]) -> None:
    urls = fresh_urls("sample")

    with pytest.raises(UnsafeRole, match="owns tables"):
        await _open(DatabaseConfig("sample", urls.owner, urls.system))


async def test_a_member_of_the_owner_is_refused(
    fresh_urls: Callable[[str], DatabaseUrls], postgres_admin_url: str
) -> None:
    urls = fresh_urls("sample")
    owner, app = (url.split("//")[1].split(":")[0] for url in (urls.owner, urls.app))
    await _as_admin(postgres_admin_url, f"grant {owner} to {app}")
    try:
        with pytest.raises(UnsafeRole, match="owns tables"):
            await _open(DatabaseConfig("sample", urls.app, urls.system))
    finally:
        await _as_admin(postgres_admin_url, f"revoke {owner} from {app}")


async def _open(config: DatabaseConfig) -> None:
    async with open_databases(config):
        pass


async def _make_role(admin_url: str, config: DatabaseConfig, power: str) -> str:
    role = _role_name(config)
    await _as_admin(admin_url, f"create role {role} login {power} password 'test'")
    database = config.url.rpartition("/")[2]
    await _as_admin(admin_url, f"grant connect on database {database} to {role}")
    server = config.url.rpartition("@")[2]
    return f"postgres://{role}:test@{server}"


async def _drop_role(admin_url: str, config: DatabaseConfig) -> None:
    database = config.url.rpartition("/")[2]
    await _as_admin(admin_url, f"revoke connect on database {database} from {_role_name(config)}")
    await _as_admin(admin_url, f"drop role {_role_name(config)}")


def _role_name(config: DatabaseConfig) -> str:
    return config.url.rpartition("/")[2] + "_strong"


async def _as_admin(admin_url: str, statement: str) -> None:
    admin = await asyncpg.connect(admin_url)
    await admin.execute(statement)
    await admin.close()
