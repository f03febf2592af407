"""Indexes of tables that may be large, made while others write. Not in one transaction; may be repeated."""

from tortoise import BaseDBAsyncClient

from shared.db.indexes import NOTHING_MORE, create_indexes, drop_indexes
from shared.db.schema import MESSAGING_INDEXES

RUN_IN_TRANSACTION = False

INDEXES = {
    **MESSAGING_INDEXES,
    "invitations_sender": "invitations (invited_by) where accepted_at is null",
    "session_tokens_expiry": "session_tokens (expires_at)",
    "api_keys_expiry": "api_keys (expires_at) where expires_at is not null",
    "invitations_expiry": "invitations (expires_at) where accepted_at is null",
}


async def upgrade(db: BaseDBAsyncClient) -> str:
    await create_indexes(db, INDEXES)
    return NOTHING_MORE


async def downgrade(db: BaseDBAsyncClient) -> str:
    return drop_indexes(INDEXES)
