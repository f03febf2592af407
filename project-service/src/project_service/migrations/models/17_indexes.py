"""Indexes of tables that may be large, made while others write. Not in one transaction; may be repeated."""

from tortoise import BaseDBAsyncClient

from shared.db.indexes import NOTHING_MORE, create_indexes, drop_indexes
from shared.db.schema import MESSAGING_INDEXES

RUN_IN_TRANSACTION = False

INDEXES = {
    **MESSAGING_INDEXES,
    "comments_of_planning": "comments (tenant_id) where project_id is null",
    "comments_by_author": "comments (author_id, id)",
    "attachment_leftovers_of_tenant": "attachment_leftovers (tenant_id)",
    "list_items_claimed": "list_items (tenant_id, id) where assigned_to is not null",
}


async def upgrade(db: BaseDBAsyncClient) -> str:
    await create_indexes(db, INDEXES)
    return NOTHING_MORE


async def downgrade(db: BaseDBAsyncClient) -> str:
    return drop_indexes(INDEXES)
