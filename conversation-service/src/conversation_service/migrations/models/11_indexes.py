"""Indexes of tables that may be large, made while others write; and chats whose project was deleted before.

Not in one transaction. Every step may be repeated.
"""

from tortoise import BaseDBAsyncClient

from shared.db.indexes import NOTHING_MORE, create_indexes, drop_indexes
from shared.db.schema import MESSAGING_INDEXES

RUN_IN_TRANSACTION = False

INDEXES = {
    **MESSAGING_INDEXES,
    "shares_of_user": "shares (tenant_id, user_id)",
    "notifications_read": "notifications (created_at) where read_at is not null",
    "support_tickets_by_age": "support_tickets (created_at)",
    "usage_days_by_day": "usage_days (day)",
    "project_viewers_gone": "project_viewers (as_of) where not can_see",
    "chats_of_deleted_projects": "chats (project_deleted_at) where project_deleted_at is not null",
}

# Only the deletion of a project leaves rows of people who are on its team and do not see it. A deletion that left none
# is not known, and the chats of that project stay. The owner of a table under forced row-level security sees no row of
# it without a policy; making that locks the table for a moment, and the update only the rows that it changes.
BEFORE = (
    "drop policy if exists owner_work on chats; drop policy if exists owner_work on project_viewers;",
    """
    create policy owner_work on chats to current_user using (true) with check (true);
    create policy owner_work on project_viewers to current_user using (true) with check (true);
    """,
    """
    update chats c set project_deleted_at = hidden.since
    from (
        select tenant_id, project_id, max(as_of) filter (where is_on_team) as since
        from project_viewers group by tenant_id, project_id
        having bool_or(is_on_team) and not bool_or(can_see)
    ) hidden
    where c.tenant_id = hidden.tenant_id and c.project_id = hidden.project_id and c.project_deleted_at is null
    """,
    "drop policy owner_work on chats; drop policy owner_work on project_viewers;",
)


async def upgrade(db: BaseDBAsyncClient) -> str:
    await create_indexes(db, INDEXES)
    for step in BEFORE:
        await db.execute_script(step)
    return NOTHING_MORE


async def downgrade(db: BaseDBAsyncClient) -> str:
    return drop_indexes(INDEXES)
