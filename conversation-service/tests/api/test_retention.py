"""What is over is deleted after its time, and nothing before it."""

from datetime import datetime, timedelta

import pytest

from conversation_service.chats import abandoned
from conversation_service.chats.abandoned import delete_abandoned
from conversation_service.retention import OWN
from shared.clock import SystemClock
from shared.db.databases import Database
from shared.ids import new_id
from shared.retention import retention_tasks
from shared.telemetry.metrics import Metrics

TENANT, USER = new_id(), new_id()
ROWS = {
    "shares": (
        """
        insert into shares (id, tenant_id, conversation_id, user_id, message_id, digest, expires_at, created_at)
        select $1, $2, c.id, $3, $1, uuid_send($1), $4, $4 from conversations c limit 1
        """,
        timedelta(),
    ),
    "runs": (
        """
        insert into runs (id, tenant_id, conversation_id, user_id, prompt_id, message_id, provider, model, status,
                          created_at, finished_at)
        select $1, $2, c.id, $3, $1, $1, '', '', 'completed', $4, $4 from conversations c limit 1
        """,
        timedelta(days=1),
    ),
    "support_tickets": (
        """
        insert into support_tickets (id, tenant_id, user_id, question, source, created_at)
        values ($1, $2, $3, '', 'none', $4)
        """,
        timedelta(days=365),
    ),
    "notifications": (
        """
        insert into notifications (id, tenant_id, user_id, kind, event_id, title, read_at, created_at, updated_at)
        values ($1, $2, $3, '', $1, '', $4, $4, $4)
        """,
        timedelta(days=180),
    ),
    "project_viewers": (
        """
        insert into project_viewers (tenant_id, project_id, user_id, can_see, is_on_team, as_of)
        values ($2, $1, $3, false, true, $4)
        """,
        timedelta(days=60),
    ),
    "usage_days": (
        """
        insert into usage_days (tenant_id, user_id, day, provider, model, answers, prompt_tokens, completion_tokens)
        select $2, $3, $4::timestamptz::date, '', $1::uuid::text, 1, 1, 1
        """,
        timedelta(days=762),
    ),
}
OTHERS = {
    "notifications": ROWS["notifications"][0].replace("'', $4, $4, $4", "'', null, $4, $4"),
    "project_viewers": ROWS["project_viewers"][0].replace("false, true", "true, true"),
}
"""Rows that stay however old they are: unread, and of whoever still sees the project."""


@pytest.mark.parametrize("table", ROWS)
async def test_what_is_over_is_deleted_after_its_time(database: Database, table: str) -> None:
    sql, kept = ROWS[table]
    over = SystemClock().now() - kept - timedelta(minutes=1)
    await _begin_conversation(database)
    await _add(database, sql, over)
    for row, at in ((sql, over + timedelta(days=2)), (OTHERS.get(table, sql), SystemClock().now() + timedelta(days=1))):
        await _add(database, row, at)
    if table in OTHERS:
        await _add(database, OTHERS[table], over)

    for task in retention_tasks(database, OWN, SystemClock(), Metrics("conversation")):
        await task.run_once()

    [row] = await database.system_rows(f"select count(*) from {table}")
    assert row["count"] == (3 if table in OTHERS else 2)


async def test_a_long_chat_of_a_purged_project_is_deleted_in_portions(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(abandoned, "MESSAGES_AT_ONCE", 2)
    long_ago = SystemClock().now() - timedelta(days=40)
    for project_id, deleted_at in ((new_id(), long_ago), (new_id(), None), (None, None)):
        async with database.system_work() as work:
            kind = "project" if project_id else "group"
            await work.execute(_CHAT, new_id(), TENANT, kind, project_id, USER, long_ago, deleted_at)
    async with database.system_work() as work:
        await work.execute(_MESSAGES, USER, long_ago)
    portions = [1]

    while portions[-1]:
        async with database.system_work() as work:
            portions.append(await delete_abandoned(work, SystemClock().now()))

    assert portions[1:] == [2, 2, 1 + 1, 0]
    left = await database.system_rows(
        "select c.kind, m.number from chats c left join chat_messages m on m.chat_id = c.id"
    )
    assert {row["kind"] for row in left} == {"group", "project"}
    assert len(left) == 2 * 5


_CHAT = """
insert into chats (id, tenant_id, kind, title, project_id, created_by, created_at, updated_at, project_deleted_at)
values ($1, $2, $3, 'A', $4, $5, $6, $6, $7)
"""
_MESSAGES = """
insert into chat_messages (id, tenant_id, chat_id, number, author_id, type, content, created_at, updated_at)
select gen_random_uuid(), tenant_id, id, number, $1, 'text', 'x', $2, $2 from chats, generate_series(1, 5) number
"""


async def _begin_conversation(database: Database) -> None:
    async with database.system_work() as work:
        await work.execute(
            "insert into conversations (id, tenant_id, user_id, title, created_at, updated_at)"
            " values ($1, $2, $3, 'A', now(), now())",
            new_id(), TENANT, USER,
        )  # fmt: skip


async def _add(database: Database, sql: str, at: datetime) -> None:
    async with database.system_work() as work:
        await work.execute(sql, new_id(), TENANT, USER, at)
