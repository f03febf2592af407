"""Indexes for what retention deletes."""

from tortoise import BaseDBAsyncClient

from shared.db.schema import drop_event_log_milestones, event_log_milestones

RUN_IN_TRANSACTION = True

INDEXES = """
create index notifications_read on notifications (created_at) where read_at is not null;
create index support_tickets_by_age on support_tickets (created_at);
create index usage_days_by_day on usage_days (day);
create index project_viewers_gone on project_viewers (as_of) where not can_see;
"""


async def upgrade(db: BaseDBAsyncClient) -> str:
    return event_log_milestones() + INDEXES


async def downgrade(db: BaseDBAsyncClient) -> str:
    return f"""
        {drop_event_log_milestones()}
        drop index project_viewers_gone, usage_days_by_day, support_tickets_by_age,
                   notifications_read;
    """
