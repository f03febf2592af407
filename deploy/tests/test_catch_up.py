"""What migrations make of what an older version has left: deletions, edits, and people who had left or were erased."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg

from shared.db.bootstrap import DatabaseUrls
from shared.db.databases import Database, DatabaseConfig, open_databases
from shared.ids import new_id
from shared.testing.migrations import migrate_again

FreshUrls = Callable[[str], DatabaseUrls]
TENANT, ADA, BEN = new_id(), new_id(), new_id()

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
    urls = fresh_urls("project")
    webhook_id = new_id()
    async with opened("project", urls) as database:
        async with database.system_work() as work:
            for user_id, is_member in ((ADA, True), (BEN, False)):
                await work.execute(_MEMBER, TENANT, user_id, is_member)
            await work.execute(_WEBHOOK, webhook_id, TENANT, BEN)
        deletion = await published(database, "project.task.deleted", webhook_id)

        for _ in range(2):
            await migrate_again("project", urls, "18_catch_up.py")

        leavings = await database.system_rows("select tenant_id, user_id, project_id from leavings")
        [webhook] = await database.system_rows("select created_by, creator_role from webhooks")
        assert await redactions(database) == {str(webhook_id): deletion}
    assert leavings == [{"tenant_id": TENANT, "user_id": BEN, "project_id": None}]
    assert webhook == {"created_by": ADA, "creator_role": "owner"}
    assert "catch_up" not in await policies(urls)


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
