"""Deliveries are found by what they are about, those that wait no more too.

The log is read meanwhile, and written again once it is indexed. Not `concurrently`: that waits for every statement in
the database, and the other processes that want to migrate it wait in one until this is over.
"""

from tortoise import BaseDBAsyncClient

RUN_IN_TRANSACTION = True


async def upgrade(db: BaseDBAsyncClient) -> str:
    return """
        create index webhook_deliveries_of_subject on webhook_deliveries (webhook_id, subject, occurred_at);
    """


async def downgrade(db: BaseDBAsyncClient) -> str:
    return "drop index webhook_deliveries_of_subject;"
