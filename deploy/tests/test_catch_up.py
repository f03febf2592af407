"""What migrations make of what an older version has left: deletions, edits, and people who had left or were erased."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID

import asyncpg
import msgspec
import pytest

from shared.clock import SystemClock
from shared.db.bootstrap import DatabaseUrls
from shared.db.databases import Database, DatabaseConfig, open_databases
from shared.ids import new_id
from shared.jobs.kinds import JobKind
from shared.jobs.queue import JobQueue
from shared.members.leavings import LEAVING, Leaving
from shared.tenant_closures.erasure import ERASURE, Erasure
from shared.testing.migrations import migrate_again, migrate_back

P = TypeVar("P")
FreshUrls = Callable[[str], DatabaseUrls]
TENANT, ADA, BEN = new_id(), new_id(), new_id()
LEFT_AT = datetime(2026, 3, 14, 9, 26, 53, 589793, tzinfo=UTC)
LEAVING_JOBS = "23_leaving_jobs.py"
LAST_MIGRATIONS = (("project", LEAVING_JOBS), ("conversation", "15_leaving_jobs.py"), ("auth", "21_tenant_erasure.py"))

_EVENT = """
insert into outbox (id, partition, type, subject, tenant_id, time, schema_version, data, topics, has_topics, sent_at)
values ($1, 0, $2, $3, $4, now(), 1, $5, '[]', false, now()) returning seq
"""


@asynccontextmanager
async def opened(service: str, urls: DatabaseUrls) -> AsyncIterator[Database]:
    async with open_databases(DatabaseConfig(service, urls.app, urls.system, ())) as databases:
        yield databases[service]


async def published(database: Database, type_name: str, subject: UUID, data: str = "{}") -> int:
    """Returns its place in the log."""
    async with database.system_work() as work:
        [row] = await work.rows(_EVENT, new_id(), type_name, str(subject), TENANT, data)
    seq: int = row["seq"]
    return seq


async def redactions(database: Database) -> dict[str, int]:
    rows = await database.system_rows("select key, before_seq from redactions where kind = 'subject'")
    return {row["key"]: row["before_seq"] for row in rows}


async def without_conversations(urls: DatabaseUrls) -> None:
    """Links need none here."""
    connection = await asyncpg.connect(urls.owner)
    try:
        await connection.execute("alter table shares drop constraint share_of_conversation")
    finally:
        await connection.close()


async def waiting(database: Database, kind: JobKind[P]) -> list[P]:
    """Payloads of the jobs of a kind, in their order."""
    sql = "select payload, tenant_id, status from jobs where kind = $1 and due_at <= now() order by seq"
    rows = await database.system_rows(sql, kind.name)
    assert {row["status"] for row in rows} <= {"queued"}
    return [msgspec.json.decode(row["payload"], type=kind.payload) for row in rows]


async def is_bound_by_policies(urls: DatabaseUrls, table: str) -> bool:
    """Its owner, too."""
    connection = await asyncpg.connect(urls.owner)
    try:
        return bool(await connection.fetchval("select relforcerowsecurity from pg_class where relname = $1", table))
    finally:
        await connection.close()


async def policies(urls: DatabaseUrls) -> list[str]:
    connection = await asyncpg.connect(urls.owner)
    try:
        return [row[0] for row in await connection.fetch("select distinct policyname from pg_policies order by 1")]
    finally:
        await connection.close()


async def test_deletions_and_edits_of_before_redact_what_was_before_them(fresh_urls: FreshUrls) -> None:
    urls = fresh_urls("conversation")
    gone, edited, reacted = new_id(), new_id(), new_id()
    places: dict[UUID, int] = {}
    async with opened("conversation", urls) as database:
        for message in (gone, edited, reacted):
            await published(database, "conversation.chat_message.added", message)
        for field, message in (("content", edited), ("reactions", reacted)):
            data = f'{{"changed_fields": ["{field}"]}}'
            places[message] = await published(database, "conversation.chat_message.updated", message, data)
        deletion = await published(database, "conversation.chat_message.deleted", gone)

        for _ in range(2):
            await migrate_again("conversation", urls, "12_catch_up.py")

        assert await redactions(database) == {str(gone): deletion, str(edited): places[edited]}
    assert "catch_up" not in await policies(urls)


async def test_links_of_who_had_left_end(fresh_urls: FreshUrls) -> None:
    urls = fresh_urls("conversation")
    await without_conversations(urls)
    async with opened("conversation", urls) as database:
        async with database.system_work() as work:
            for user_id, is_member in ((ADA, True), (BEN, False)):
                await work.execute(_MEMBER, TENANT, user_id, is_member)
                await work.execute(_SHARE, new_id(), TENANT, user_id, new_id())

        await migrate_again("conversation", urls, "12_catch_up.py")

        left = await database.system_rows("select user_id from shares")
    assert [row["user_id"] for row in left] == [ADA]


async def test_what_former_members_had_is_dealt_with(fresh_urls: FreshUrls) -> None:
    """A table remembers them, whose rows become jobs later."""
    urls = fresh_urls("project")
    webhook_id = new_id()
    await migrate_back("project", urls, LEAVING_JOBS)
    async with opened("project", urls) as database:
        async with database.system_work() as work:
            for user_id, is_member in ((ADA, True), (BEN, False)):
                await work.execute(_MEMBER, TENANT, user_id, is_member)
            await work.execute(_WEBHOOK, webhook_id, TENANT, BEN)
        deletion = await published(database, "project.task.deleted", webhook_id)

        for _ in range(2):
            await migrate_again("project", urls, "18_catch_up.py")
        await migrate_again("project", urls, LEAVING_JOBS)

        leavings = await waiting(database, LEAVING)
        [webhook] = await database.system_rows("select created_by, creator_role from webhooks")
        assert await redactions(database) == {str(webhook_id): deletion}
    assert [(leaving.tenant_id, leaving.user_id, leaving.project_id) for leaving in leavings] == [(TENANT, BEN, None)]
    assert webhook == {"created_by": ADA, "creator_role": "owner"}
    assert "catch_up" not in await policies(urls)


@pytest.mark.parametrize(("service", "migration"), [each for each in LAST_MIGRATIONS if each[0] != "auth"])
async def test_who_has_left_when_the_table_of_them_goes_has_a_job(
    fresh_urls: FreshUrls, service: str, migration: str
) -> None:
    urls, other = fresh_urls(service), new_id()
    project_id = new_id() if service == "project" else None
    of_tenant, of_project = Leaving(TENANT, BEN, None, LEFT_AT), Leaving(other, ADA, project_id, LEFT_AT)
    await migrate_back(service, urls, migration)
    async with opened(service, urls) as database:
        async with database.system_work() as work:
            if project_id is not None:
                await work.execute(_PROJECT, project_id, other, ADA)
            for number, leaving in enumerate((of_project, of_tenant)):
                await work.execute(_LEAVING, new_id(), *msgspec.structs.astuple(leaving), number)

        await migrate_again(service, urls, migration)
        moved = await waiting(database, LEAVING)
        await migrate_back(service, urls, migration)
        back = await database.system_rows("select tenant_id, user_id, project_id, left_at from leavings")
        await migrate_again(service, urls, migration)

        assert moved == [of_tenant, of_project]
        assert {tuple(row.values()) for row in back} == set(map(msgspec.structs.astuple, moved))
        assert set(await waiting(database, LEAVING)) == set(moved)
        owners = await database.system_rows("select tenant_id, concurrency_key from jobs")
        assert {tuple(row.values()) for row in owners} == {(TENANT, str(BEN)), (other, str(ADA))}
    assert await is_bound_by_policies(urls, "jobs")


async def test_on_the_way_back_who_left_a_project_that_is_deleted_by_now_is_left_out(fresh_urls: FreshUrls) -> None:
    urls, project_id = fresh_urls("project"), new_id()
    there, deleted = Leaving(TENANT, BEN, project_id, LEFT_AT), Leaving(TENANT, BEN, new_id(), LEFT_AT)
    async with opened("project", urls) as database:
        async with database.system_work() as work:
            await work.execute(_PROJECT, project_id, TENANT, ADA)
            for leaving in (there, deleted):
                await JobQueue(SystemClock()).add(work, LEAVING, leaving, tenant_id=TENANT)

        await migrate_back("project", urls, LEAVING_JOBS)

        [back] = await database.system_rows("select user_id, project_id from leavings")
        assert (back["user_id"], back["project_id"]) == (BEN, project_id)
    assert await is_bound_by_policies(urls, "projects")


@pytest.mark.parametrize(("service", "migration"), LAST_MIGRATIONS)
async def test_a_tenant_that_is_being_erased_has_a_job(fresh_urls: FreshUrls, service: str, migration: str) -> None:
    urls, closed, erased = fresh_urls(service), new_id(), new_id()
    await migrate_back(service, urls, migration)
    async with opened(service, urls) as database:
        async with database.system_work() as work:
            for tenant_id, state in ((TENANT, "deleted"), (closed, "closed"), (erased, "erased")):
                await work.execute("insert into tenant_closures values ($1, $2, now())", tenant_id, state)

        await migrate_again(service, urls, migration)

        assert await waiting(database, ERASURE) == [Erasure(TENANT)]
        [job] = await database.system_rows("select tenant_id, unique_key from jobs")
        assert job == {"tenant_id": TENANT, "unique_key": str(TENANT)}
    assert await is_bound_by_policies(urls, "jobs")
    assert await is_bound_by_policies(urls, "tenant_closures")


async def test_who_had_left_is_found_by_what_they_left_in_the_log_and_in_sessions(fresh_urls: FreshUrls) -> None:
    urls = fresh_urls("auth")
    member, gone, erased, acted = new_id(), new_id(), new_id(), new_id()
    async with opened("auth", urls) as database:
        async with database.system_work() as work:
            await work.execute(_TENANT, TENANT)
            for user_id in (member, gone, erased, acted):
                await work.execute(_USER, user_id, f"{user_id}@example.com")
            await work.execute("update users set anonymised_at = now() where id = $1", erased)
            await work.execute(_MEMBERSHIP, TENANT, member)
            for number, user_id in enumerate((member, acted, acted), start=1):
                await work.execute(_RECORD, new_id(), TENANT, user_id, number)
        for user_id in (gone, erased, member):
            await published(database, "auth.membership.removed", user_id)

        for _ in range(2):
            await migrate_again("auth", urls, "18_catch_up.py")

        found = await database.system_rows("select user_id, left_at is null, is_account_erased from former_memberships")
    assert {tuple(row.values()) for row in found} == {
        (gone, False, False), (erased, False, True), (acted, True, False)
    }  # fmt: skip
    assert "catch_up" not in await policies(urls)


_LEAVING = """
insert into leavings (id, tenant_id, user_id, project_id, left_at, due_at)
values ($1, $2, $3, $4, $5, now() - $6::int * interval '1 minute')
"""

_PROJECT = """
insert into projects (id, tenant_id, name, visibility, owner_id, created_at, updated_at)
values ($1, $2, 'Apollo', 'private', $3, now(), now())
"""

_MEMBER = """
insert into tenant_members (tenant_id, user_id, is_member, is_active, role, as_of)
values ($1, $2, $3, $3, 'owner', now())
"""

_SHARE = """
insert into shares (id, tenant_id, user_id, conversation_id, message_id, digest, created_at)
values ($1, $2, $3, $4, $4, uuid_send($4), now())
"""

_WEBHOOK = """
insert into webhooks (id, tenant_id, url, events, active, secret, created_by, creator_role, created_at, updated_at)
values ($1, $2, 'https://example.com', '{*}', true, '', $3, 'admin', now(), now())
"""

_TENANT = "insert into tenants (id, name, slug, created_at, updated_at) values ($1, 'Engines', 'engines', now(), now())"

_USER = """
insert into users (id, email, email_identity, password_hash, password_changed_at, first_name, last_name, created_at,
                   updated_at)
values ($1, $2, $2, '', now(), 'A', 'B', now(), now())
"""

_MEMBERSHIP = """
insert into memberships (tenant_id, user_id, role, created_at, updated_at) values ($1, $2, 'owner', now(), now())
"""

_RECORD = """
insert into audit_logs (id, tenant_id, user_id, seq, action, endpoint, method, status_code, outcome, request_bytes,
                        response_ms, trace_id, created_at, previous_hash, hash)
values ($1, $2, $3, $4, 'a.b', '/', 'GET', 200, 'ok', 0, 0, '', now(), '', '')
"""
