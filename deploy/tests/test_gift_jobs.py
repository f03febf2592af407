"""Gifts and reveals that wait in an older schema are jobs after the migration, and the other way round."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from project_service.gifting.gifts.metadata import METADATA, GiftPage
from project_service.gifting.lists.revealing import REVEAL, ListReveal
from shared.db.bootstrap import DatabaseUrls
from shared.ids import new_id
from shared.testing.migrations import migrate_again, migration_client

FreshUrls = Callable[[str], DatabaseUrls]
MIGRATION = "22_gift_jobs"
TENANTS = new_id(), new_id()
ADA = new_id()
NOW = datetime.now(UTC)

_GIFT = """
insert into gifts (id, tenant_id, url, tags, metadata_status, metadata_due_at, metadata_attempts, created_by,
                   created_at, updated_at)
values ($1, $2, $3, '{}', $4, $5, $6, $7, now(), now())
"""
_LIST = """
insert into gift_lists (id, tenant_id, name, type, visibility, reveal_at, reveal_due_at, created_by, created_at,
                        updated_at)
values ($1, $2, 'Plans', 'ideas', 'tenant', $3, $4, $5, now(), now())
"""
_JOBS = "select kind, tenant_id, payload, unique_key, status, attempts, due_at from jobs order by seq"
_UNFORCED = """
select relname from pg_class
where relname in ('gifts', 'gift_lists', 'jobs') and relkind = 'r' and not relforcerowsecurity
"""


async def test_what_waits_becomes_jobs_and_nothing_else_does(fresh_urls: FreshUrls) -> None:
    urls = fresh_urls("project")
    await as_before(urls)
    (waiting, poisonous), (filled, failed, plain) = new_ids(2), new_ids(3)
    (due, coming), (revealed, never) = new_ids(2), new_ids(2)
    past, future = NOW - timedelta(hours=1), NOW + timedelta(days=400)
    owner = await connected_past_the_policies(urls)
    for gift_id, tenant_id, url, status, due_at, attempts in (
        (waiting, TENANTS[0], "http://a.example/", "pending", past, 0),
        (poisonous, TENANTS[1], "http://b.example/", "pending", future, 3),
        (filled, TENANTS[0], "http://c.example/", "ready", None, 1),
        (failed, TENANTS[0], "http://d.example/", "failed", None, 4),
        (plain, TENANTS[1], None, None, None, 0),
    ):
        await owner.execute(_GIFT, gift_id, tenant_id, url, status, due_at, attempts, ADA)
    for list_id, tenant_id, reveal_at, due_at in (
        (due, TENANTS[1], past, past),
        (coming, TENANTS[0], future, future),
        (revealed, TENANTS[0], past, None),
        (never, TENANTS[0], None, None),
    ):
        await owner.execute(_LIST, list_id, tenant_id, reveal_at, due_at, ADA)

    await migrate_again("project", urls, f"{MIGRATION}.py")

    found = [dict(row) for row in await owner.fetch(_JOBS)]
    assert [msgspec.json.decode(job.pop("payload"), type=GiftPage) for job in found[:2]] == [
        GiftPage(waiting),
        GiftPage(poisonous),
    ]
    assert [msgspec.json.decode(job.pop("payload"), type=ListReveal) for job in found[2:]] == [
        ListReveal(due),
        ListReveal(coming),
    ]
    assert found == [
        job(METADATA.name, TENANTS[0], waiting, past),
        job(METADATA.name, TENANTS[1], poisonous, future, attempts=3),
        job(REVEAL.name, TENANTS[1], due, past),
        job(REVEAL.name, TENANTS[0], coming, future),
    ]
    assert await columns(owner) == set()
    assert await owner.fetch(_UNFORCED) == []
    await run(urls, "downgrade")
    assert await owner.fetch("select from jobs") == []
    gifts = await owner.fetch("select id from gifts where metadata_due_at is not null")
    lists = await owner.fetch("select id, reveal_due_at from gift_lists where reveal_due_at is not null")
    assert {row["id"] for row in gifts} == {waiting, poisonous}
    assert {row["id"]: row["reveal_due_at"] for row in lists} == {due: past, coming: future}
    await owner.close()


def job(kind: str, tenant_id: UUID, about: UUID, due_at: datetime, attempts: int = 0) -> dict[str, Any]:
    """But for its payload."""
    named = {"kind": kind, "tenant_id": tenant_id, "unique_key": str(about)}
    return {**named, "status": "scheduled", "attempts": attempts, "due_at": due_at}


def new_ids(number: int) -> list[UUID]:
    return [new_id() for _ in range(number)]


async def columns(owner: asyncpg.Connection) -> set[str]:
    """Those of before that are there."""
    rows = await owner.fetch(
        "select column_name as name from information_schema.columns where table_schema = 'public'"
        " and column_name in ('metadata_due_at', 'metadata_attempts', 'reveal_due_at')"
    )
    return {row["name"] for row in rows}


async def as_before(urls: DatabaseUrls) -> None:
    await run(urls, "downgrade")


async def run(urls: DatabaseUrls, direction: str) -> None:
    migration = import_module(f"project_service.migrations.models.{MIGRATION}")
    connection = await asyncpg.connect(urls.owner)
    try:
        await connection.execute(await getattr(migration, direction)(migration_client(connection)))
    finally:
        await connection.close()


async def connected_past_the_policies(urls: DatabaseUrls) -> asyncpg.Connection:
    """As the owner of the tables, and seeing their rows."""
    connection = await asyncpg.connect(urls.owner)
    for table in ("gifts", "gift_lists", "jobs"):
        await connection.execute(f"create policy seen on {table} to current_user using (true) with check (true)")
    return connection
