"""The relay keeps what a full queue has not got yet."""

from tortoise import BaseDBAsyncClient

from shared.db.schema import drop_outbox_backlog, outbox_backlog

RUN_IN_TRANSACTION = True


async def upgrade(db: BaseDBAsyncClient) -> str:
    return outbox_backlog()


async def downgrade(db: BaseDBAsyncClient) -> str:
    return drop_outbox_backlog()
