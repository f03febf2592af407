"""Indexes for what retention deletes."""

from tortoise import BaseDBAsyncClient

from shared.db.schema import drop_event_log_milestones, event_log_milestones

RUN_IN_TRANSACTION = True

INDEXES = """
create index session_tokens_expiry on session_tokens (expires_at);
create index api_keys_expiry on api_keys (expires_at) where expires_at is not null;
create index invitations_expiry on invitations (expires_at) where accepted_at is null;
"""


async def upgrade(db: BaseDBAsyncClient) -> str:
    return event_log_milestones() + INDEXES


async def downgrade(db: BaseDBAsyncClient) -> str:
    return drop_event_log_milestones() + "drop index invitations_expiry, api_keys_expiry, session_tokens_expiry;\n"
