"""Each tenant that was deleted, and is not erased yet, has a job."""

from tortoise import BaseDBAsyncClient

from shared.tenant_closures.schema import deleted_to_jobs, jobs_to_deleted

RUN_IN_TRANSACTION = True


async def upgrade(db: BaseDBAsyncClient) -> str:
    return deleted_to_jobs()


async def downgrade(db: BaseDBAsyncClient) -> str:
    return jobs_to_deleted()
