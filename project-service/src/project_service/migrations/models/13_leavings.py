"""Members who have left are remembered until all that they had is dealt with."""

from tortoise import BaseDBAsyncClient

from shared.db.schema import NO_TENANT, tenant_policy

RUN_IN_TRANSACTION = True

LEAVINGS = f"""
create table leavings (
    id uuid primary key,
    tenant_id uuid not null,
    user_id uuid not null,
    project_id uuid,
    left_at timestamptz not null,
    due_at timestamptz not null,
    constraint leaving_of_project foreign key (tenant_id, project_id)
        references projects (tenant_id, id) on delete cascade
);
create unique index leavings_once on leavings (tenant_id, user_id, coalesce(project_id, '{NO_TENANT}'::uuid));
create index leavings_in_order on leavings (due_at, id);
create index leavings_of_project on leavings (tenant_id, project_id) where project_id is not null;
alter table gift_persons add column former_user_id uuid;
create index gift_persons_former on gift_persons (tenant_id, former_user_id) where former_user_id is not null;
{tenant_policy("leavings")}
"""


async def upgrade(db: BaseDBAsyncClient) -> str:
    return LEAVINGS


async def downgrade(db: BaseDBAsyncClient) -> str:
    return """
drop table leavings;
alter table gift_persons drop column former_user_id;
"""
