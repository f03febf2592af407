"""Who has left, and each tenant that was deleted and is not erased yet, has a job."""

from tortoise import BaseDBAsyncClient

from shared.members.schema import jobs_to_leavings, leavings_to_jobs
from shared.tenant_closures.schema import deleted_to_jobs, jobs_to_deleted

RUN_IN_TRANSACTION = True

OF_PROJECT = """,
    constraint leaving_of_project foreign key (tenant_id, project_id)
        references projects (tenant_id, id) on delete cascade"""

OF_PROJECT_INDEX = """
create index leavings_of_project on leavings (tenant_id, project_id) where project_id is not null;
"""


async def upgrade(db: BaseDBAsyncClient) -> str:
    return leavings_to_jobs() + deleted_to_jobs()


async def downgrade(db: BaseDBAsyncClient) -> str:
    return jobs_to_deleted() + jobs_to_leavings(OF_PROJECT) + OF_PROJECT_INDEX
