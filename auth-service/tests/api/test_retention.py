"""What is over is deleted after its time, and nothing before it."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from auth_builders import KEY_ENCRYPTION_SECRET
from auth_client import AuthClient, Member
from auth_fakes import SettableClock

from auth_service.mail.recipient_keys import RecipientKeys
from auth_service.mail_tokens import repository as mail_tokens
from auth_service.mail_tokens.domain import MOST_ALIVE, Purpose
from auth_service.retention import own_rows
from shared.db.databases import Database
from shared.ids import new_id
from shared.jobs.queue import JobQueue
from shared.retention import retention_tasks
from shared.telemetry.metrics import Metrics

SESSION = """
insert into sessions (id, tenant_id, user_id, current_digest, expires_at, revoked_at, user_agent, address, created_at,
                      last_seen_at)
values ($1, $2, $3, '', $4, $5, '', '', $6, $6)
"""
ROWS = {
    "session_tokens": """
        insert into session_tokens (id, tenant_id, user_id, session_id, digest, expires_at)
        select $1, $2, $3, (select id from sessions where user_id = $3 limit 1), '', $4
    """,
    "mail_tokens": """
        insert into mail_tokens (digest, user_id, purpose, expires_at, created_at)
        select $1::uuid::text, $3, 'verify_email', $4, $4 where $2::uuid is not null
    """,
    "mfa_challenges": """
        insert into mfa_challenges (id, digest, user_id, tenant_id, password_changed_at, expires_at)
        values ($1, '', $3, $2, $4, $4)
    """,
    "live_tickets": """
        insert into live_tickets (id, tenant_id, user_id, credential_id, digest, expires_at)
        values ($1, $2, $3, $1, '', $4)
    """,
    "data_exports": """
        insert into data_exports (id, user_id, sealed_document, created_at, expires_at)
        select $1, $3, '', $4, $4 where $2::uuid is not null
    """,
    "api_keys": """
        insert into api_keys (id, tenant_id, user_id, name, prefix, digest, scopes, expires_at, created_at)
        values ($1, $2, $3, '', '', '', '{}', $4, $4)
    """,
    "invitations": """
        insert into invitations (id, tenant_id, email, email_identity, role, invited_by, token_digest, expires_at,
                                 created_at, updated_at)
        values ($1, $2, $1::uuid::text, $1::uuid::text, 'viewer', $3, $1::uuid::text, $4, $4, $4)
    """,
    "attempt_windows": """
        insert into attempt_windows (key, used, ends_at)
        select $1::uuid::text, 1, $4::timestamptz where ($2::uuid, $3::uuid) is not null
    """,
}
AT_ONCE, A_MONTH = timedelta(seconds=1), timedelta(days=30, seconds=1)


@pytest.mark.parametrize(
    ("table", "kept"),
    [(table, A_MONTH if table in ("api_keys", "invitations") else AT_ONCE) for table in ROWS],
)
async def test_what_has_expired_is_deleted(
    auth: AuthClient, database: Database, clock: SettableClock, table: str, kept: timedelta
) -> None:
    owner, now = await auth.register(), clock.now()
    before = await count(database, table)
    for expires_at in (now - kept, now - kept + timedelta(minutes=1), now + timedelta(minutes=1)):
        await add(database, ROWS[table], owner, expires_at)

    await run_retention(database, clock)

    assert await count(database, table) == before + 2


async def test_expired_mailed_tokens_count_no_more_although_they_are_still_there(
    auth: AuthClient, database: Database, clock: SettableClock
) -> None:
    user_id, life = (await auth.register()).principal.user_id, timedelta(hours=1)

    async def issue_all() -> list[str | None]:
        async with database.system_work() as work:
            purpose, now = Purpose.SET_PASSWORD, clock.now()
            return [await mail_tokens.issue(work, user_id, purpose, now, life) for _ in range(MOST_ALIVE + 1)]

    first = await issue_all()
    clock.advance(hours=2)
    second = await issue_all()

    assert [token is not None for token in first] == [True] * MOST_ALIVE + [False]
    assert [token is not None for token in second] == [True] * MOST_ALIVE + [False]


async def test_sessions_are_deleted_a_month_after_their_end(
    auth: AuthClient, database: Database, clock: SettableClock
) -> None:
    owner, now = await auth.register(), clock.now()
    long_over, just_over, later = now - A_MONTH, now - A_MONTH + timedelta(days=1), now + timedelta(days=1)
    expired = await add(database, SESSION, owner, long_over, None, long_over)
    revoked = await add(database, SESSION, owner, later, long_over, long_over)
    kept = {
        await add(database, SESSION, owner, just_over, None, long_over),
        await add(database, SESSION, owner, later, just_over, long_over),
        await add(database, SESSION, owner, later, None, long_over),
    }

    await run_retention(database, clock)

    left = {row["id"] for row in await database.system_rows("select id from sessions")}
    assert left & {expired, revoked} == set()
    assert left == kept | {owner.principal.session_id}


async def test_what_is_left_of_a_retired_signing_key_is_deleted_after_a_month(
    auth: AuthClient, database: Database, clock: SettableClock
) -> None:
    sql = """
        insert into signing_keys (id, sealed_private_key, public_key, created_at, signs_from, retired_at)
        values ($1, '', '', $2::timestamptz, $2, $2)
    """
    async with database.system_work() as work:
        await work.execute(sql, "old", clock.now() - A_MONTH)
        await work.execute(sql, "new", clock.now() - timedelta(days=29))

    await run_retention(database, clock)

    keys = {row["id"] for row in await database.system_rows("select id from signing_keys")}
    assert ("old" in keys, "new" in keys) == (False, True)


async def add(database: Database, sql: str, owner: Member, *times: datetime | None) -> UUID:
    row_id = new_id()
    async with database.system_work() as work:
        await work.execute(sql, row_id, owner.tenant_id, owner.principal.user_id, *times)
    return row_id


async def count(database: Database, table: str) -> int:
    [row] = await database.system_rows(f"select count(*) from {table}")
    number: int = row["count"]
    return number


async def run_retention(database: Database, clock: SettableClock) -> None:
    for task in retention_tasks(
        database, own_rows(JobQueue(clock), RecipientKeys(KEY_ENCRYPTION_SECRET)), clock, Metrics("auth")
    ):
        await task.run_once()
