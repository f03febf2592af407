"""Members who have left are remembered until all is dealt with; their running answers end."""

from tortoise import BaseDBAsyncClient

from shared.db.schema import NO_TENANT, tenant_policy

RUN_IN_TRANSACTION = True

LEAVING = f"""
alter table answer_leases add column is_stop_wanted boolean not null default false;
create table leavings (
    id uuid primary key,
    tenant_id uuid not null,
    user_id uuid not null,
    project_id uuid,
    left_at timestamptz not null,
    due_at timestamptz not null
);
create unique index leavings_once on leavings (tenant_id, user_id, coalesce(project_id, '{NO_TENANT}'::uuid));
create index leavings_in_order on leavings (due_at, id);
{tenant_policy("leavings")}
"""


async def upgrade(db: BaseDBAsyncClient) -> str:
    return LEAVING


async def downgrade(db: BaseDBAsyncClient) -> str:
    return """
drop table leavings;
alter table answer_leases drop column is_stop_wanted;
"""
