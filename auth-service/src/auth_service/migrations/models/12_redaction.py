"""The event log knows what must not be read of it any more."""

from tortoise import BaseDBAsyncClient

from shared.db.schema import drop_redaction_tables, redaction_tables

RUN_IN_TRANSACTION = True


async def upgrade(db: BaseDBAsyncClient) -> str:
    return redaction_tables()


async def downgrade(db: BaseDBAsyncClient) -> str:
    return drop_redaction_tables()
