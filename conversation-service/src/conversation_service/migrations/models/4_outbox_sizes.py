"""The outbox knows how large its events are."""

from tortoise import BaseDBAsyncClient

from shared.db.schema import drop_outbox_sizes, outbox_sizes

RUN_IN_TRANSACTION = True


async def upgrade(db: BaseDBAsyncClient) -> str:
    return outbox_sizes()


async def downgrade(db: BaseDBAsyncClient) -> str:
    return drop_outbox_sizes()
