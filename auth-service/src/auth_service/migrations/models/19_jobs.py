"""Work behind transactions."""

from tortoise import BaseDBAsyncClient

from shared.jobs.schema import drop_job_tables, job_tables

RUN_IN_TRANSACTION = True


async def upgrade(db: BaseDBAsyncClient) -> str:
    return job_tables()


async def downgrade(db: BaseDBAsyncClient) -> str:
    return drop_job_tables()
